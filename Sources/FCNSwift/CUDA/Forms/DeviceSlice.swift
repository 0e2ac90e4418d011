import CDeviceCalls

/// Some of the channels, rows and columns, copied.
final class DeviceSlice: PreparedDeviceTrainingForm {
  private let part: (channels: Range<Int>, rows: Range<Int>, columns: Range<Int>)
  private let copy: DeviceFunction

  init?(_ operation: Slicing, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    part = operation.part(of: request.inputs[0].shape)
    copy = try request.function("copy_channels", of: .pointwise)
  }

  /// The rows and columns of `whole` that are taken, all its channels.
  private func window(of whole: DeviceTensor) -> DeviceTensor {
    whole.part(
      Extent(part.rows.lowerBound, part.columns.lowerBound), height: part.rows.count,
      width: part.columns.count)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try enqueue(
      stream, window(of: call.inputs[0]), from: part.channels.lowerBound, to: call.output, at: 0)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let gradient = call.inputGradients[0] else { return }
    try stream.clear(gradient)
    try enqueue(
      stream, call.outputGradient, from: 0, to: window(of: gradient), at: part.channels.lowerBound)
  }

  private func enqueue(
    _ stream: DeviceStream, _ source: DeviceTensor, from: Int, to target: DeviceTensor, at: Int
  ) throws {
    try stream.launch(
      copy, over: target.groupCount,
      fcn_channels_call(
        input: source.view, output: target.view, from: Int32(from), to: Int32(at),
        count: Int32(part.channels.count), reserved: 0))
  }
}
