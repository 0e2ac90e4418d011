import CDeviceCalls

/// One input after the other.
final class DeviceConcatenation: PreparedDeviceTrainingForm {
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
