import CDeviceCalls

/// Softmax in training, where the output may take the input's place, and the gradient by the input that of
/// the gradient by the output.
final class DeviceTrainingSoftmax: PreparedDeviceTrainingForm {
  private let function, gradient: DeviceFunction

  init?(_ request: DeviceRequest) throws {
    try request.checkOneType()
    function = try request.function("softmax_pixels", of: .pointwise)
    gradient = try request.function("softmax_gradient", of: .pointwise)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    let shape = call.output.shape
    try stream.launch(
      function, over: shape.n * shape.planeCount,
      fcn_softmax_call(input: call.inputs[0].view, output: call.output.view))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let target = call.inputGradients[0] else { return }
    try stream.launch(
      gradient, over: target.shape.n * target.shape.planeCount,
      fcn_gradient_call(call, to: target))
  }
}
