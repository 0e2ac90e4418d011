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
final class PointwiseDeviceTrainingForm<Call>: PointwiseDeviceForm<Call>,
  PreparedDeviceTrainingForm
{
  private let backward: DeviceFunction
  private let complete: (inout fcn_gradient_call) -> Void

  init(
    _ forward: DeviceFunction, _ makeCall: @escaping (DeviceCall) -> Call,
    _ backward: DeviceFunction, _ complete: @escaping (inout fcn_gradient_call) -> Void
  ) {
    (self.backward, self.complete) = (backward, complete)
    super.init(forward, makeCall)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let gradient = call.inputGradients[0] else { return }
    var arguments = fcn_gradient_call(call, to: gradient)
    complete(&arguments)
    try stream.launch(backward, over: gradient.groupCount, arguments)
  }
}

extension DeviceForm {
  /// One launch of `kernel`, without parameters. Where `gradient` names a kernel of gradients.cu, one of
  /// that goes back, called with what `backward` makes of what all of them get.
  static func pointwise<Call>(
    _ name: String, _ kernel: String, of file: DeviceSource, isForUse: Bool = true,
    gradient: String? = nil, _ makeCall: @escaping @Sendable (DeviceCall) -> Call,
    backward: @escaping @Sendable (inout fcn_gradient_call) -> Void = { _ in }
  ) -> DeviceForm {
    DeviceForm(name, isForUse: isForUse, trains: gradient != nil) { request in
      guard request.epilogue == Epilogue() else { return nil }
      try request.checkOneType()
      let function = try request.function(kernel, of: file)
      guard request.trains, let gradient else { return PointwiseDeviceForm(function, makeCall) }
      return PointwiseDeviceTrainingForm(
        function, makeCall, try request.function(gradient, of: .gradients), backward)
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
