import CDeviceCalls

// The forms, on a device, of operations that look at a pixel at a time, and of normalisations.

extension ActivationOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "\(Self.name).cuda", "combine", of: .pointwise, gradient: "activation_gradient"
      ) { [activation] call in
        fcn_combine_call([call.inputs[0]], to: call.output, activation: activation)
      } backward: { [activation] arguments in
        arguments.activation = fcn_activation(activation)
      }
    ]
  }
}

extension ReLU: DeviceOperation {}
extension LeakyReLU: DeviceOperation {}
extension ClippedReLU: DeviceOperation {}
extension Sigmoid: DeviceOperation {}
extension HardSigmoid: DeviceOperation {}
extension HardSwish: DeviceOperation {}
extension SiLU: DeviceOperation {}
extension Tanh: DeviceOperation {}
extension ELU: DeviceOperation {}
extension Softplus: DeviceOperation {}
extension Mish: DeviceOperation {}
extension Clip: DeviceOperation {}
extension Exponential: DeviceOperation {}
extension GELU: DeviceOperation {}

extension ErrorFunction: DeviceOperation {
  var deviceForms: [DeviceForm] { [.value("error_function.cuda", FCN_ERROR_FUNCTION)] }
}

extension Power: DeviceOperation {
  var deviceForms: [DeviceForm] { [.value("power.cuda", FCN_POWER, exponent: exponent)] }
}

extension DeviceForm {
  /// A function of single values; `function` is `FCN_POWER` and so on.
  fileprivate static func value(
    _ name: String, _ function: Int32, exponent: Float = 0
  ) -> DeviceForm {
    .pointwise(name, "value", of: .values, gradient: "value_gradient", of: .values) { call in
      fcn_value_call(
        input: call.inputs[0].view, output: call.output.view, gradient: .none, function: function,
        exponent: exponent)
    } backward: { call, gradient in
      fcn_value_call(
        input: call.forward.inputs[0].view, output: gradient.view,
        gradient: call.outputGradient.view, function: function, exponent: exponent)
    }
  }
}

extension Scale: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("scale.cuda", trains: true) { [factor] in try DeviceSum($0, scale: factor) }]
  }
}

extension Sum: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("sum.cuda", trains: true) { try DeviceSum($0) }]
  }
}

extension Product: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("product.cuda", trains: true) { try DevicePair(FCN_PRODUCT, $0) }]
  }
}

extension Difference: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("difference.cuda", trains: true) { try DevicePair(FCN_DIFFERENCE, $0) }]
  }
}

extension Quotient: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("quotient.cuda", trains: true) { try DevicePair(FCN_QUOTIENT, $0) }]
  }
}

// For use alone.
extension Maximum: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("maximum.cuda") { try DevicePair(FCN_MAXIMUM, $0) }]
  }
}

extension Minimum: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("minimum.cuda") { try DevicePair(FCN_MINIMUM, $0) }]
  }
}

extension Affine: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .channelwise("affine.cuda", "affine") { call in
        fcn_affine_call(
          input: call.inputs[0].view, output: call.output.view, factors: call.parameters[0],
          offsets: call.parameters[1])
      },
      DeviceForm(training: "affine.cuda_training") { try DeviceTrainingAffine($0) },
    ]
  }
}

extension PReLU: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .channelwise("prelu.cuda", "prelu") { [isShared] call in
        fcn_slope_call(
          input: call.inputs[0].view, output: call.output.view, gradient: .none,
          slopes: call.parameters[0], is_shared: isShared ? 1 : 0, reserved: 0)
      },
      DeviceForm(training: "prelu.cuda_training") { [isShared] in
        try DeviceTrainingPReLU(isShared: isShared, $0)
      },
    ]
  }
}

extension Dropout: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "dropout.cuda", "dropout", of: .gradients, isForUse: false, gradient: "dropout"
      ) { [rate] call in
        var arguments = fcn_gradient_call()
        arguments.gradient = call.inputs[0].view
        arguments.input_gradient = call.output.view
        (arguments.seed, arguments.rate) = (call.seed, rate)
        return arguments
      } backward: { [rate] arguments in
        arguments.rate = rate
      }
    ]
  }
}

extension Softmax: DeviceOperation {
  /// None in groups.
  var deviceForms: [DeviceForm] {
    guard groups == 1 else { return [] }
    return [
      .pointwise("softmax.cuda", "softmax", of: .pointwise) { call in
        fcn_softmax_call(input: call.inputs[0].view, output: call.output.view)
      },
      DeviceForm(training: "softmax.cuda_training") { try DeviceTrainingSoftmax($0) },
    ]
  }
}

extension LocalResponseNormalization: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "local_response_normalization.cuda", "normalize_channels", of: .pointwise,
        gradient: "normalization_gradient"
      ) { [self] call in
        fcn_normalization_call(
          input: call.inputs[0].view, output: call.output.view, size: Int32(size), alpha: alpha,
          beta: beta, bias: bias)
      } backward: { [self] arguments in
        arguments.size = Int32(size)
        (arguments.alpha, arguments.beta, arguments.bias) = (alpha, beta, bias)
      }
    ]
  }
}

extension BatchNorm: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("batch_norm.cuda") { [self] request in
        guard request.epilogue == Epilogue() else { return nil }
        return PointwiseDeviceForm(
          try request.function("affine", of: .pointwise), packing: "affine \(epsilon)",
          pack: { parameters, loader in
            let statistics = parameters.map(\.elements)
            let factors = zip(statistics[0], statistics[3]).map {
              $0 / ($1 + epsilon).squareRoot()
            }
            let offsets = factors.indices.map {
              statistics[1][$0] - statistics[2][$0] * factors[$0]
            }
            return [try loader.uploadChannels(factors), try loader.uploadChannels(offsets)]
          }
        ) { call in
          fcn_affine_call(
            input: call.inputs[0].view, output: call.output.view, factors: call.parameters[0],
            offsets: call.parameters[1])
        }
      },
      DeviceForm(training: "batch_norm.cuda_training") { [self] in
        try DeviceTrainingBatchNorm(self, $0)
      },
    ]
  }
}

extension GroupNormalization: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("group_normalization.cuda") { [groups, epsilon] in
        try DeviceGroupNormalization(groups: groups, epsilon, $0)
      },
      DeviceForm(training: "group_normalization.cuda_training") { [groups, epsilon] in
        try DeviceTrainingGroupNormalization(groups: groups, epsilon, $0)
      },
    ]
  }
}

extension InstanceNormalization: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("instance_normalization.cuda") { [epsilon] in
        try DeviceGroupNormalization(groups: $0.inputs[0].shape.c, epsilon, $0)
      },
      DeviceForm(training: "instance_normalization.cuda_training") { [epsilon] in
        try DeviceTrainingGroupNormalization(groups: $0.inputs[0].shape.c, epsilon, $0)
      },
    ]
  }
}

extension LayerNormalization: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .channelwise("layer_normalization.cuda", "normalize_pixels", of: .normalization) {
        [epsilon] call in fcn_group_norm_call(pixelsOf: call, epsilon: epsilon)
      },
      DeviceForm(training: "layer_normalization.cuda_training") { [epsilon] in
        try DeviceTrainingLayerNormalization(epsilon, $0)
      },
    ]
  }
}
