import CDeviceCalls

// The forms in which operations are carried out and trained on a device, best first.

extension Convolution: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("convolution.cublaslt", usesLibrary: true) { try CUBLASLtConvolution(self, $0) },
      DeviceForm("convolution.cudnn", usesLibrary: true) { try CUDNNConvolution(self, $0) },
      DeviceForm("convolution.cuda_implicit_gemm") { try DeviceConvolution(self, $0) },
      DeviceForm(training: "convolution.cuda_training") {
        try DeviceTrainingConvolution(self, $0)
      },
    ]
  }
}

extension TransposedConvolution: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("transposed_convolution.cuda") { try DeviceTransposedConvolution(self, $0) },
      DeviceForm(training: "transposed_convolution.cuda_training") {
        try DeviceTrainingTransposedConvolution(self, $0)
      },
    ]
  }
}

extension Resize: DeviceOperation {
  var deviceForms: [DeviceForm] {
    interpolation == .cubic
      ? []
      : [
        DeviceForm("resize.cuda", trains: true) {
          try $0.trains ? DeviceTrainingResize(self, $0) : DeviceResize(self, $0)
        }
      ]
  }
}

extension MaxPool: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise(
        "max_pool.cuda", "max_pool", of: .pooling, gradient: "max_pool_gradient"
      ) { [window] call in
        fcn_pool_call(
          input: call.inputs[0].view, output: call.output.view,
          kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
          padding: fcn_extent(window.padding))
      } backward: { [window] arguments in
        arguments.setWindow(window)
      }
    ]
  }
}

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

extension Concatenation: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("concatenation.cuda", trains: true) { try DeviceConcatenation($0) }]
  }
}

extension Crop: DeviceOperation {
  var deviceForms: [DeviceForm] { [DeviceForm(training: "crop.cuda") { try DeviceCrop(self, $0) }] }
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
  var deviceForms: [DeviceForm] {
    [
      .pointwise("softmax.cuda", "softmax", of: .pointwise) { call in
        fcn_softmax_call(input: call.inputs[0].view, output: call.output.view)
      }
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

extension RepeatLines: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise("repeat_lines.cuda", "repeat_lines", of: .pointwise) { [self] call in
        fcn_repeat_call(
          input: call.inputs[0].view, output: call.output.view,
          first: fcn_extent(h: Int32(rows.first), w: Int32(columns.first)),
          second: fcn_extent(h: Int32(rows.second), w: Int32(columns.second)),
          copies: fcn_extent(h: Int32(rows.copies), w: Int32(columns.copies)))
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

/// A sum of any number of tensors, a few at a time; of one, a multiple.
private final class DeviceSum: PreparedDeviceTrainingForm {
  private let function: DeviceFunction
  private let scale: Float
  /// For what is summed already, which has the output's element type.
  private static let mostAtOnce = 4

  init?(_ request: DeviceRequest, scale: Float = 1) throws {
    try request.checkOneType()
    // Later launches read the output, so it must be of the inputs' type.
    guard request.epilogue == Epilogue(),
      request.inputs.allSatisfy({ $0.element == request.output.element })
    else { return nil }
    function = try request.function("combine", of: .pointwise)
    self.scale = scale
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    var terms = call.inputs
    repeat {
      let some = Array(terms.prefix(Self.mostAtOnce))
      try stream.launch(
        function, over: call.output.groupCount,
        fcn_combine_call(some, to: call.output, scale: scale))
      terms = [call.output] + terms.dropFirst(Self.mostAtOnce)
    } while terms.count > 1
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    for case let gradient? in call.inputGradients {
      try stream.launch(
        function, over: gradient.groupCount,
        fcn_combine_call([call.outputGradient], to: gradient, scale: scale))
    }
  }
}

/// One input after the other.
private final class DeviceConcatenation: PreparedDeviceTrainingForm {
  private let function: DeviceFunction

  init?(_ request: DeviceRequest) throws {
    try request.checkOneType()
    guard request.epilogue == Epilogue() else { return nil }
    function = try request.function("copy_channels", of: .pointwise)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    var first = 0
    for input in call.inputs {
      try copy(stream, input, to: call.output, at: first, count: input.shape.c)
      first += input.shape.c
    }
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    var first = 0
    for (input, gradient) in zip(call.forward.inputs, call.inputGradients) {
      if let gradient {
        try copy(stream, call.outputGradient, from: first, to: gradient, count: input.shape.c)
      }
      first += input.shape.c
    }
  }

  /// `count` channels, from one on to another on.
  private func copy(
    _ stream: DeviceStream, _ source: DeviceTensor, from: Int = 0, to target: DeviceTensor,
    at first: Int = 0, count: Int
  ) throws {
    try stream.launch(
      function, over: target.groupCount,
      fcn_channels_call(
        input: source.view, output: target.view, from: Int32(from), to: Int32(first),
        count: Int32(count), reserved: 0))
  }
}

extension fcn_combine_call {
  /// What `activation` makes of `scale` times the sum of up to four tensors.
  init(
    _ terms: [DeviceTensor], to output: DeviceTensor, scale: Float = 1,
    activation: Activation = .identity
  ) {
    let views = terms.map(\.view)
    func view(_ index: Int) -> fcn_view { index < views.count ? views[index] : .none }
    self.init(
      inputs: (view(0), view(1), view(2), view(3)), output: output.view,
      count: Int32(terms.count), scale: scale, activation: fcn_activation(activation))
  }
}

extension fcn_activation {
  init(_ activation: Activation) {
    self.init()
    switch activation {
    case .identity: function = FCN_IDENTITY
    case .relu: function = FCN_RELU
    case .leakyReLU(let slope): (function, parameter) = (FCN_LEAKY_RELU, slope)
    case .clippedReLU(let limit): (function, parameter) = (FCN_CLIPPED_RELU, limit)
    case .sigmoid: function = FCN_SIGMOID
    case .hardSigmoid: function = FCN_HARD_SIGMOID
    case .hardSwish: function = FCN_HARD_SWISH
    case .silu: function = FCN_SILU
    case .tanh: function = FCN_TANH
    case .elu(let alpha): (function, parameter) = (FCN_ELU, alpha)
    case .softplus: function = FCN_SOFTPLUS
    case .mish: function = FCN_MISH
    case .clip(let low, let high): (function, parameter, second) = (FCN_CLIP, low, high)
    case .exponential: function = FCN_EXPONENTIAL
    case .gelu: function = FCN_GELU
    }
  }
}
