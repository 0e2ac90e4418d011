import CDeviceCalls

/// Normalisation by the statistics of groups of channels of each picture: sums of channels, means of
/// those over each group, the same of squared deviations, and then each pixel by itself.
class DeviceGroupNormalization: PreparedDeviceForm {
  let epsilon: Float
  private let shape: Shape
  /// Of a group.
  let groupChannels: Int
  private let sums, squares: DeviceChannelSums
  private let share, normalize: DeviceFunction
  /// Means and variances, where going back needs them.
  private let kept: DeviceMemory?

  init?(groups: Int, _ epsilon: Float, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    let input = request.inputs[0]
    shape = input.shape
    self.epsilon = epsilon
    groupChannels = shape.c / groups
    sums = try DeviceChannelSums(request, input, mode: 0, apart: true)
    squares = try DeviceChannelSums(request, input, mode: 1, apart: true)
    share = try request.context.function("share_sums", of: .reductions)
    normalize = try request.function("normalize_groups", of: .normalization)
    kept = request.trains ? try DeviceMemory(2 * sums.sumCount * 4, in: request.context) : nil
  }

  var packing: String { channelsPacked }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try parameters.map { try loader.uploadChannels($0) }
  }

  /// Bytes of a number for each channel of each picture.
  final var placeByteCount: Int { sums.sumCount * 4 }

  /// Means and variances, sums that are not shared yet, and partial ones.
  var workspaceByteCount: Int { 3 * placeByteCount + sums.workspaceByteCount }

  /// Where they are.
  final func statistics(
    _ call: DeviceCall
  ) -> (means: CUDADriver.Address, variances: CUDADriver.Address) {
    let first = kept?.address ?? call.workspace
    return (first, first + UInt64(placeByteCount))
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    let input = call.inputs[0].view
    let (means, variances) = statistics(call)
    let own = call.workspace + UInt64(2 * placeByteCount)
    let partials = own + UInt64(placeByteCount)
    try sums.enqueue(stream, input: input, workspace: partials, to: [own])
    try enqueueShare(own, to: means, stream)
    try squares.enqueue(stream, input: input, sums: means, workspace: partials, to: [own])
    try enqueueShare(own, to: variances, stream)
    try stream.launch(
      normalize, over: call.output.groupCount,
      fcn_group_norm_call(
        input: input, output: call.output.view, weight: call.parameters[0],
        bias: call.parameters[1], sums: means, squares: variances, epsilon: epsilon, reserved: 0))
  }

  private func enqueueShare(
    _ own: CUDADriver.Address, to shared: CUDADriver.Address, _ stream: DeviceStream
  ) throws {
    try stream.launch(
      share, over: sums.sumCount,
      fcn_share_call(
        sums: own, target: shared, pictures: Int32(shape.n), channels: Int32(shape.c),
        group_channels: Int32(groupChannels), reserved: 0))
  }
}

extension fcn_group_norm_call {
  /// Normalisation of each pixel.
  init(pixelsOf call: DeviceCall, epsilon: Float) {
    self.init(
      input: call.inputs[0].view, output: call.output.view, weight: call.parameters[0],
      bias: call.parameters[1], sums: 0, squares: 0, epsilon: epsilon, reserved: 0)
  }
}
