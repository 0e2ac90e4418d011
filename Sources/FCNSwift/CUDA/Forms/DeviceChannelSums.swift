import CDeviceCalls

/// The sum of a tensor over its pixels, channel by channel, of all pictures or of each: what a mean is
/// made of, the gradient of a bias. Always in the same order.
struct DeviceChannelSums {
  private let partial: DeviceFunction
  private let total: DeviceFunction
  private let shape: Shape
  private let chunkPixels: Int
  /// Partial sums that make a sum.
  let chunks: Int
  /// Sums that are made at once, two or one.
  private let count: Int
  /// Whether each picture has sums of its own.
  private let apart: Bool

  /// `mode` as in reductions.cu.
  init(
    _ request: DeviceRequest, _ tensor: DeviceTensor, mode: Int, apart: Bool = false
  ) throws {
    shape = tensor.shape
    self.apart = apart
    let pixels = (apart ? 1 : shape.n) * shape.planeCount
    chunkPixels = max(1024, (pixels + 63) / 64)
    chunks = (pixels + chunkPixels - 1) / chunkPixels
    count = mode == 3 || mode == 5 ? 2 : 1
    partial = try request.context.function(
      "sum_channels", of: .reductions, ["INPUT=\(tensor.element.typeName)", "MODE=\(mode)"])
    total = try request.context.function("sum_chunks", of: .reductions)
  }

  /// Numbers of a sum: whole channel groups, of each picture where they are apart.
  var sumCount: Int { (apart ? shape.n : 1) * DeviceTensor.wholeGroups(shape.c) }

  /// Bytes of the partial sums.
  var workspaceByteCount: Int { count * chunks * sumCount * 4 }

  /// The partial sums number `index` in `workspace`.
  func partials(_ index: Int, in workspace: CUDADriver.Address) -> CUDADriver.Address {
    workspace + UInt64(index * chunks * sumCount * 4)
  }

  /// Makes the partial sums. `sums` are those of the input where the mode wants its means, without which
  /// these are 0, or the statistics of pixels that it wants.
  func enqueuePartials(
    _ stream: DeviceStream, input: fcn_view = .none, gradient: fcn_view = .none,
    sums: CUDADriver.Address = 0, workspace: CUDADriver.Address
  ) throws {
    try stream.launch(
      partial,
      grid: (
        DeviceTensor.wholeGroups(shape.c) / Int(FCN_CHANNEL_GROUP), chunks, apart ? shape.n : 1
      ),
      fcn_channel_sums_call(
        input: input, gradient: gradient, sums: sums, partials: workspace, chunks: Int32(chunks),
        chunk_pixels: Int32(chunkPixels), apart: apart ? 1 : 0, reserved: 0))
  }

  /// The same, and writes `scale` times the sums to `targets`, `sumCount` numbers each.
  func enqueue(
    _ stream: DeviceStream, input: fcn_view = .none, gradient: fcn_view = .none,
    sums: CUDADriver.Address = 0, workspace: CUDADriver.Address, to targets: [CUDADriver.Address],
    scale: Float = 1
  ) throws {
    try enqueuePartials(
      stream, input: input, gradient: gradient, sums: sums, workspace: workspace)
    for (index, target) in targets.enumerated() {
      try stream.launch(
        total, over: sumCount,
        fcn_sum_chunks_call(
          partials: partials(index, in: workspace), target: target, chunks: Int32(chunks),
          count: Int32(sumCount), scale: scale, reserved: 0))
    }
  }
}

/// The sums of each picture as values, N×C×1×1.
struct DeviceStoredSums {
  private let store: DeviceFunction

  init(_ request: DeviceRequest, as element: DeviceElement) throws {
    store = try request.context.function(
      "store_sums", of: .reductions, ["OUTPUT=\(element.typeName)"])
  }

  /// Writes partial sums of `sums`, added up and divided by `divisor`, to `target`.
  func enqueue(
    _ stream: DeviceStream, _ sums: DeviceChannelSums, partials: CUDADriver.Address,
    dividedBy divisor: Float, to target: DeviceTensor
  ) throws {
    try stream.launch(
      store, over: target.groupCount,
      fcn_store_sums_call(
        partials: partials, output: target.view, chunks: Int32(sums.chunks), divisor: divisor))
  }
}
