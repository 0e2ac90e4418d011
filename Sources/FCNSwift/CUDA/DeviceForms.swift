import CDeviceCalls

// The forms in which operations are carried out on a device, best first.

extension Convolution: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      DeviceForm("convolution.cublaslt", usesLibrary: true) { try CUBLASLtConvolution(self, $0) },
      DeviceForm("convolution.cudnn", usesLibrary: true) { try CUDNNConvolution(self, $0) },
      DeviceForm("convolution.cuda_implicit_gemm") { try DeviceConvolution(self, $0) },
    ]
  }
}

extension TransposedConvolution: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("transposed_convolution.cuda") { try DeviceTransposedConvolution(self, $0) }]
  }
}

extension Resize: DeviceOperation {
  var deviceForms: [DeviceForm] {
    interpolation == .cubic ? [] : [DeviceForm("resize.cuda") { try DeviceResize(self, $0) }]
  }
}

extension MaxPool: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [
      .pointwise("max_pool.cuda", "max_pool", of: .pooling) { [window] call in
        fcn_pool_call(
          input: call.inputs[0].view, output: call.output.view,
          kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
          padding: fcn_extent(window.padding))
      }
    ]
  }
}

extension ActivationOperation {
  var deviceForms: [DeviceForm] { [.combining("\(Self.name).cuda", activation: activation)] }
}

extension ReLU: DeviceOperation {}
extension LeakyReLU: DeviceOperation {}
extension ClippedReLU: DeviceOperation {}
extension Sigmoid: DeviceOperation {}
extension HardSigmoid: DeviceOperation {}
extension HardSwish: DeviceOperation {}
extension SiLU: DeviceOperation {}

extension Scale: DeviceOperation {
  var deviceForms: [DeviceForm] { [.combining("scale.cuda", scale: factor)] }
}

extension Sum: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("sum.cuda") { try DeviceSum($0) }]
  }
}

extension Concatenation: DeviceOperation {
  var deviceForms: [DeviceForm] {
    [DeviceForm("concatenation.cuda") { try DeviceConcatenation($0) }]
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
        "local_response_normalization.cuda", "normalize_channels", of: .pointwise
      ) { [self] call in
        fcn_normalization_call(
          input: call.inputs[0].view, output: call.output.view, size: Int32(size), alpha: alpha,
          beta: beta, bias: bias)
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
      }
    ]
  }
}

extension DeviceForm {
  /// One launch of `kernel`, without parameters.
  fileprivate static func pointwise<Call>(
    _ name: String, _ kernel: String, of file: DeviceSource,
    _ makeCall: @escaping @Sendable (DeviceCall) -> Call
  ) -> DeviceForm {
    DeviceForm(name) { request in
      guard request.epilogue == Epilogue() else { return nil }
      return PointwiseDeviceForm(try request.function(kernel, of: file), makeCall)
    }
  }

  fileprivate static func combining(
    _ name: String, scale: Float = 1, activation: Activation = .identity
  ) -> DeviceForm {
    .pointwise(name, "combine", of: .pointwise) { call in
      fcn_combine_call([call.inputs[0]], to: call.output, scale: scale, activation: activation)
    }
  }
}

/// A sum of any number of tensors, a few at a time.
private final class DeviceSum: PreparedDeviceForm {
  private let function: DeviceFunction
  /// For what is summed already, which has the output's element type.
  private static let mostAtOnce = 4

  init?(_ request: DeviceRequest) throws {
    // Later launches read the output, so it must be of the inputs' type.
    guard request.epilogue == Epilogue(),
      request.inputs.allSatisfy({ $0.element == request.output.element })
    else { return nil }
    function = try request.function("combine", of: .pointwise)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    var terms = call.inputs
    repeat {
      let some = Array(terms.prefix(Self.mostAtOnce))
      try stream.launch(
        function, over: call.output.groupCount, fcn_combine_call(some, to: call.output))
      terms = [call.output] + terms.dropFirst(Self.mostAtOnce)
    } while terms.count > 1
  }
}

/// One input after the other.
private final class DeviceConcatenation: PreparedDeviceForm {
  private let function: DeviceFunction

  init?(_ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    function = try request.function("copy_channels", of: .pointwise)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.concatenate(call.inputs, to: call.output, function)
  }
}

extension DeviceStream {
  /// Hands over the copies of `inputs`' channels into `output`, by the kernel copy_channels.
  func concatenate(
    _ inputs: [DeviceTensor], to output: DeviceTensor, _ function: DeviceFunction
  ) throws {
    var first = 0
    for input in inputs {
      try launch(
        function, over: output.groupCount,
        fcn_channels_call(
          input: input.view, output: output.view, from: 0, to: Int32(first),
          count: Int32(input.shape.c), reserved: 0))
      first += input.shape.c
    }
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
    switch activation {
    case .identity: self.init(function: FCN_IDENTITY, parameter: 0)
    case .relu: self.init(function: FCN_RELU, parameter: 0)
    case .leakyReLU(let slope): self.init(function: FCN_LEAKY_RELU, parameter: slope)
    case .clippedReLU(let limit): self.init(function: FCN_CLIPPED_RELU, parameter: limit)
    case .sigmoid: self.init(function: FCN_SIGMOID, parameter: 0)
    case .hardSigmoid: self.init(function: FCN_HARD_SIGMOID, parameter: 0)
    case .hardSwish: self.init(function: FCN_HARD_SWISH, parameter: 0)
    case .silu: self.init(function: FCN_SILU, parameter: 0)
    }
  }
}
