import CDeviceCalls

/// The mean of each channel of each picture: sums of chunks of pixels, then of those.
final class DeviceGlobalAveragePool: PreparedDeviceTrainingForm {
  private let sums: DeviceChannelSums
  private let store: DeviceStoredSums
  private let input: Shape
  /// Going back.
  private let spread: DeviceFunction?

  init?(_ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    let source = request.inputs[0]
    input = source.shape
    sums = try DeviceChannelSums(request, source, mode: 0, apart: true)
    store = try DeviceStoredSums(request, as: request.output.element)
    spread =
      request.trains ? try request.function("average_pool_gradient", of: .gradients) : nil
  }

  var workspaceByteCount: Int { sums.workspaceByteCount }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try sums.enqueuePartials(stream, input: call.inputs[0].view, workspace: call.workspace)
    try store.enqueue(
      stream, sums, partials: call.workspace, dividedBy: Float(input.planeCount), to: call.output)
  }

  /// As an average under one window that is as large as the input.
  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let gradient = call.inputGradients[0] else { return }
    guard let spread else { throw untrained("global_average_pool.cuda") }
    var arguments = fcn_gradient_call(call, to: gradient)
    let whole = Extent(input.h, input.w)
    arguments.setWindow(Window(kernel: whole, stride: whole, padding: 0, dilation: 1))
    try stream.launch(spread, over: gradient.groupCount, arguments)
  }
}

/// The largest value of each channel of each picture.
final class DeviceGlobalMaxPool: PreparedDeviceTrainingForm {
  private let function: DeviceFunction
  private let gradient: DeviceFunction?

  init?(_ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    function = try request.function("global_max_pool", of: .pooling)
    gradient =
      request.trains ? try request.function("global_max_pool_gradient", of: .gradients) : nil
  }

  /// A block for each channel group of each picture.
  private func grid(_ shape: Shape) -> (Int, Int, Int) {
    (DeviceTensor.wholeGroups(shape.c) / Int(FCN_CHANNEL_GROUP), shape.n, 1)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    var arguments = fcn_pool_call()
    (arguments.input, arguments.output) = (call.inputs[0].view, call.output.view)
    try stream.launch(function, grid: grid(call.output.shape), arguments)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let target = call.inputGradients[0] else { return }
    guard let gradient else { throw untrained("global_max_pool.cuda") }
    try stream.launch(
      gradient, grid: grid(target.shape), fcn_gradient_call(call, to: target))
  }
}

extension PreparedDeviceTrainingForm {
  /// Of a form that goes back although it was made ready for use alone.
  func untrained(_ name: String) -> FCNError {
    FCNError(.internalDefect, "\(name) was made ready for use, and is to go back")
  }
}
