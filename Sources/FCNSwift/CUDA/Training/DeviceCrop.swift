import CDeviceCalls

/// A crop as a step of training; in use it is a window, and no step.
final class DeviceCrop: PreparedDeviceTrainingForm {
  private let offset: Extent
  private let copy: DeviceFunction

  init(_ operation: Crop, _ request: DeviceRequest) throws {
    offset = operation.offset
    copy = try request.function("combine", of: .pointwise)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    let kept = call.inputs[0].part(
      offset, height: call.output.shape.h, width: call.output.shape.w)
    try stream.launch(copy, over: call.output.groupCount, fcn_combine_call([kept], to: call.output))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    // Of the second input only the size counts.
    if let like = call.inputGradients[1] { try stream.clear(like) }
    guard let gradient = call.inputGradients[0] else { return }
    let upstream = call.outputGradient
    try stream.clear(gradient)
    let kept = gradient.part(offset, height: upstream.shape.h, width: upstream.shape.w)
    try stream.launch(copy, over: upstream.groupCount, fcn_combine_call([upstream], to: kept))
  }
}
