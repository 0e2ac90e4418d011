import CDeviceCalls

// How operations are trained on a device.

extension Convolution: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingConvolution(self, $0) }
  }
}

extension TransposedConvolution: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingTransposedConvolution(self, $0) }
  }
}

extension Resize: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingResize(self, $0) }
  }
}

extension BatchNorm: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingBatchNorm(self, $0) }
  }
}

extension Sum: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingSum($0) }
  }
}

extension Concatenation: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingConcatenation($0) }
  }
}

extension Crop: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { try DeviceTrainingCrop(self, $0) }
  }
}

extension ActivationOperation {
  var deviceTraining: DeviceTrainingForm {
    .pointwise("combine", of: .pointwise, "activation_gradient") { [activation] call in
      fcn_combine_call([call.inputs[0]], to: call.output, activation: activation)
    } backward: { [activation] _, arguments in
      var arguments = arguments
      arguments.activation = fcn_activation(activation)
      return arguments
    }
  }
}

extension ReLU: DeviceTrainingOperation {}
extension LeakyReLU: DeviceTrainingOperation {}
extension ClippedReLU: DeviceTrainingOperation {}
extension Sigmoid: DeviceTrainingOperation {}
extension HardSigmoid: DeviceTrainingOperation {}
extension HardSwish: DeviceTrainingOperation {}
extension SiLU: DeviceTrainingOperation {}

extension Dropout: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    .pointwise("dropout", of: .gradients, "dropout") { [rate] call in
      var arguments = fcn_gradient_call()
      arguments.gradient = call.inputs[0].view
      arguments.input_gradient = call.output.view
      (arguments.seed, arguments.rate) = (call.seed, rate)
      return arguments
    } backward: { [rate] _, arguments in
      var arguments = arguments
      arguments.rate = rate
      return arguments
    }
  }
}

extension MaxPool: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    .pointwise("max_pool", of: .pooling, "max_pool_gradient") { [window] call in
      fcn_pool_call(
        input: call.inputs[0].view, output: call.output.view, kernel: fcn_extent(window.kernel),
        stride: fcn_extent(window.stride), padding: fcn_extent(window.padding))
    } backward: { [window] _, arguments in
      var arguments = arguments
      arguments.kernel = fcn_extent(window.kernel)
      arguments.stride = fcn_extent(window.stride)
      arguments.padding = fcn_extent(window.padding)
      return arguments
    }
  }
}

extension LocalResponseNormalization: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    .pointwise(
      "normalize_channels", of: .pointwise, "normalization_gradient"
    ) { [self] call in
      fcn_normalization_call(
        input: call.inputs[0].view, output: call.output.view, size: Int32(size), alpha: alpha,
        beta: beta, bias: bias)
    } backward: { [self] _, arguments in
      var arguments = arguments
      arguments.size = Int32(size)
      (arguments.alpha, arguments.beta, arguments.bias) = (alpha, beta, bias)
      return arguments
    }
  }
}

extension Scale: DeviceTrainingOperation {
  var deviceTraining: DeviceTrainingForm {
    DeviceTrainingForm { [factor] in try DeviceTrainingScale(factor, $0) }
  }
}

/// An operation that a device can train.
protocol DeviceTrainingOperation: Operation {
  /// How.
  var deviceTraining: DeviceTrainingForm { get }
}

extension Layer {
  /// How it is trained on a device; nil where it cannot be.
  var deviceTraining: DeviceTrainingForm? {
    (operation as? any DeviceTrainingOperation)?.deviceTraining
  }
}

/// How an operation is trained on a device.
struct DeviceTrainingForm: Sendable {
  let make: @Sendable (DeviceTrainingRequest) throws -> any PreparedDeviceTrainingForm

  init(_ make: @escaping @Sendable (DeviceTrainingRequest) throws -> any PreparedDeviceTrainingForm)
  {
    self.make = make
  }

  fileprivate static func pointwise<Call>(
    _ forward: String, of file: DeviceSource, _ backward: String,
    forward makeForward: @escaping @Sendable (DeviceTrainingCall) -> Call,
    backward makeBackward:
      @escaping @Sendable (DeviceTrainingCall, fcn_gradient_call) -> fcn_gradient_call = { $1 }
  ) -> DeviceTrainingForm {
    DeviceTrainingForm { request in
      try request.checkOneType()
      let type = request.output.element.typeName
      return PointwiseDeviceTrainingForm(
        try request.function(forward, of: file, ["INPUT=\(type)", "OUTPUT=\(type)"]),
        try request.function(backward, of: .gradients, ["INPUT=\(type)", "OUTPUT=\(type)"]),
        forward: makeForward, backward: makeBackward)
    }
  }
}

/// Copies, and sums of up to four tensors.
private struct Combining {
  let function: DeviceFunction

  init(_ request: DeviceTrainingRequest) throws {
    try request.checkOneType()
    let type = request.output.element.typeName
    function = try request.function(
      "combine", of: .pointwise, ["INPUT=\(type)", "OUTPUT=\(type)"])
  }

  func enqueue(
    _ stream: DeviceStream, _ terms: [DeviceTensor], to output: DeviceTensor, scale: Float = 1
  ) throws {
    try stream.launch(
      function, over: output.groupCount, fcn_combine_call(terms, to: output, scale: scale))
  }
}

private final class DeviceTrainingSum: PreparedDeviceTrainingForm {
  private let combining: Combining

  init(_ request: DeviceTrainingRequest) throws { combining = try Combining(request) }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    try combining.sum(stream, call.inputs, to: call.output)
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let upstream = try call.upstream()
    for case let gradient? in call.inputGradients {
      try combining.enqueue(stream, [upstream], to: gradient)
    }
  }
}

extension Combining {
  /// The sum of any number of tensors.
  func sum(_ stream: DeviceStream, _ terms: [DeviceTensor], to output: DeviceTensor) throws {
    var rest = terms
    repeat {
      try enqueue(stream, Array(rest.prefix(4)), to: output)
      rest = [output] + rest.dropFirst(4)
    } while rest.count > 1
  }
}

private final class DeviceTrainingConcatenation: PreparedDeviceTrainingForm {
  private let copy: DeviceFunction

  init(_ request: DeviceTrainingRequest) throws {
    try request.checkOneType()
    let type = request.output.element.typeName
    copy = try request.function(
      "copy_channels", of: .pointwise, ["INPUT=\(type)", "OUTPUT=\(type)"])
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    try stream.concatenate(call.inputs, to: call.output, copy)
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let upstream = try call.upstream()
    var first = 0
    for (input, gradient) in zip(call.inputs, call.inputGradients) {
      if let gradient {
        try stream.launch(
          copy, over: gradient.groupCount,
          fcn_channels_call(
            input: upstream.view, output: gradient.view, from: Int32(first), to: 0,
            count: Int32(input.shape.c), reserved: 0))
      }
      first += input.shape.c
    }
  }
}

private final class DeviceTrainingScale: PreparedDeviceTrainingForm {
  private let factor: Float
  private let combining: Combining

  init(_ factor: Float, _ request: DeviceTrainingRequest) throws {
    self.factor = factor
    combining = try Combining(request)
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    try combining.enqueue(stream, call.inputs, to: call.output, scale: factor)
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    guard let gradient = call.inputGradients[0] else { return }
    let upstream = try call.upstream()
    try combining.enqueue(stream, [upstream], to: gradient, scale: factor)
  }
}

private final class DeviceTrainingCrop: PreparedDeviceTrainingForm {
  private let offset: Extent
  private let copy: DeviceFunction

  init(_ operation: Crop, _ request: DeviceTrainingRequest) throws {
    offset = operation.offset
    let type = request.output.element.typeName
    copy = try request.function("combine", of: .pointwise, ["INPUT=\(type)", "OUTPUT=\(type)"])
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let kept = call.inputs[0].part(
      offset, height: call.output.shape.h, width: call.output.shape.w)
    try stream.launch(copy, over: call.output.groupCount, fcn_combine_call([kept], to: call.output))
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    if call.inputGradients.count > 1, let like = call.inputGradients[1] { try stream.clear(like) }
    guard let gradient = call.inputGradients[0] else { return }
    let upstream = try call.upstream()
    try stream.clear(gradient)
    let kept = gradient.part(offset, height: upstream.shape.h, width: upstream.shape.w)
    try stream.launch(copy, over: upstream.groupCount, fcn_combine_call([upstream], to: kept))
  }
}

extension DeviceStream {
  /// Sets all of a whole tensor to zero.
  func clear(_ tensor: DeviceTensor) throws {
    try clear(tensor.base, DeviceTensor.byteCount(tensor.shape, tensor.element))
  }
}
