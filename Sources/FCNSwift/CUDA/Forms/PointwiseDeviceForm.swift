import CDeviceCalls

/// A kernel that is one launch with a thread for every pixel and channel group of its output.
class PointwiseDeviceForm<Call>: PreparedDeviceForm {
  private let function: DeviceFunction
  private let makeCall: (DeviceCall) -> Call
  private let packParameters: ([Tensor], DeviceLoader) throws -> [DeviceMemory]
  let packing: String

  init(
    _ function: DeviceFunction, packing: String = nothingPacked,
    pack: @escaping ([Tensor], DeviceLoader) throws -> [DeviceMemory] = { _, _ in [] },
    _ makeCall: @escaping (DeviceCall) -> Call
  ) {
    self.function = function
    self.packing = packing
    packParameters = pack
    self.makeCall = makeCall
  }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try packParameters(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(function, over: call.output.groupCount, makeCall(call))
  }
}

/// The same with one launch going back, with a thread for every pixel and channel group of the gradient by
/// its input.
final class PointwiseDeviceTrainingForm<Call, Back>: PointwiseDeviceForm<Call>,
  PreparedDeviceTrainingForm
{
  private let backward: DeviceFunction
  private let makeBack: (DeviceBackwardCall, DeviceTensor) -> Back

  init(
    _ forward: DeviceFunction, _ makeCall: @escaping (DeviceCall) -> Call,
    _ backward: DeviceFunction,
    _ makeBack: @escaping (DeviceBackwardCall, _ gradient: DeviceTensor) -> Back
  ) {
    (self.backward, self.makeBack) = (backward, makeBack)
    super.init(forward, makeCall)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let gradient = call.inputGradients[0] else { return }
    try stream.launch(backward, over: gradient.groupCount, makeBack(call, gradient))
  }
}

/// The `packing` of forms that read parameters of a number a channel, as they are.
let channelsPacked = "channels"

extension DeviceForm {
  /// One launch of `kernel`, without parameters. Where `gradient` names a kernel of gradients.cu, one of
  /// that goes back, called with what `backward` makes of what all of them get.
  static func pointwise<Call>(
    _ name: String, _ kernel: String, of file: DeviceSource, isForUse: Bool = true,
    gradient: String? = nil, _ makeCall: @escaping @Sendable (DeviceCall) -> Call,
    backward: @escaping @Sendable (inout fcn_gradient_call) -> Void = { _ in }
  ) -> DeviceForm {
    pointwise(
      name, kernel, of: file, isForUse: isForUse, gradient: gradient, of: .gradients, makeCall
    ) { call, gradient in
      var arguments = fcn_gradient_call(call, to: gradient)
      backward(&arguments)
      return arguments
    }
  }

  /// The same with a kernel of another file going back, or one that is called with something else.
  static func pointwise<Call, Back>(
    _ name: String, _ kernel: String, of file: DeviceSource, isForUse: Bool = true,
    gradient: String?, of gradientFile: DeviceSource,
    _ makeCall: @escaping @Sendable (DeviceCall) -> Call,
    backward: @escaping @Sendable (DeviceBackwardCall, _ gradient: DeviceTensor) -> Back
  ) -> DeviceForm {
    DeviceForm(name, isForUse: isForUse, trains: gradient != nil) { request in
      guard request.epilogue == Epilogue() else { return nil }
      try request.checkOneType()
      let function = try request.function(kernel, of: file)
      guard request.trains, let gradient else { return PointwiseDeviceForm(function, makeCall) }
      return PointwiseDeviceTrainingForm(
        function, makeCall, try request.function(gradient, of: gradientFile), backward)
    }
  }

  /// One launch of `kernel` with parameters of a number a channel, for use alone.
  static func channelwise<Call>(
    _ name: String, _ kernel: String, of file: DeviceSource = .pointwise,
    _ makeCall: @escaping @Sendable (DeviceCall) -> Call
  ) -> DeviceForm {
    DeviceForm(name) { request in
      guard request.epilogue == Epilogue() else { return nil }
      return PointwiseDeviceForm(
        try request.function(kernel, of: file), packing: channelsPacked,
        pack: { parameters, loader in try parameters.map { try loader.uploadChannels($0) } },
        makeCall)
    }
  }
}

extension fcn_gradient_call {
  /// What makes the gradient by the first input.
  init(_ call: DeviceBackwardCall, to gradient: DeviceTensor) {
    self.init()
    input = call.forward.inputs[0].view
    output = call.forward.output.view
    self.gradient = call.outputGradient.view
    input_gradient = gradient.view
    seed = call.forward.seed
  }

  mutating func setWindow(_ window: Window) {
    kernel = fcn_extent(window.kernel)
    stride = fcn_extent(window.stride)
    padding = fcn_extent(window.padding)
  }
}
