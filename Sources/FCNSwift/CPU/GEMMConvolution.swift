import COpenBLAS

/// The three matrix products of a convolution over unfolded input (im2col), divided into tasks by
/// the shapes alone so that results do not depend on the number of threads.
///
/// Seen through it, a transposed convolution is the same convolution with input and output changed
/// over, so both operations share it.
struct GEMMConvolution: Sendable {
  let input: Shape
  let output: Shape
  let window: Window
  let groups: Int

  /// Input channels of a group.
  var groupInputs: Int { input.c / groups }
  /// Output channels of a group.
  var groupOutputs: Int { output.c / groups }
  /// Kernel positions.
  var taps: Int { window.kernel.h * window.kernel.w }
  /// Rows of the unfolded input of a group: columns of its weight matrix.
  var depth: Int { groupInputs * taps }
  /// Whether BLAS, which counts in 32 bits, can count its rows and columns.
  var isCountable: Bool {
    [input.planeCount, output.planeCount, depth, input.c, output.c].allSatisfy { $0 <= Int32.max }
  }
  /// A 1×1 convolution reads its input as it lies.
  var isPointwise: Bool {
    taps == 1 && window.stride == 1 && window.padding == 0
  }

  // MARK: Division

  /// Output pixels a tile, so that the unfolded tile stays in a core's cache but the product is
  /// still wide enough to be efficient.
  private var tiles: (count: Int, width: Int) {
    let pixels = output.planeCount
    let wanted = min(max(Self.tileFloats / depth, 192), 2048)
    let count = (pixels + wanted - 1) / wanted
    return (count, (pixels + count - 1) / count)
  }
  private static let tileFloats = 1 << 18

  /// Blocks of output channels for layers whose planes are too small to give every thread a tile.
  private var outputBlocks: (count: Int, width: Int) {
    let tasks = output.n * groups * tiles.count
    guard tasks < 8, groupOutputs >= 128 else { return (1, groupOutputs) }
    let count = min(groupOutputs / 64, (7 + tasks) / tasks)
    return (count, roundUp((groupOutputs + count - 1) / count, toMultipleOf: 16))
  }

  /// Blocks of input channels, each of whose gradients one task makes.
  private var inputBlocks: (count: Int, width: Int) {
    let count = max(1, min(8, groupInputs / 64))
    return (count, (groupInputs + count - 1) / count)
  }

  /// Sets of pictures whose weight gradients are summed apart, then together in order.
  private var pictureSets: Int { min(output.n, max(1, 8 / inputBlocks.count)) }

  /// Scratch floats a worker needs for `forward` and `weightGradient`.
  var workspacePerWorker: Int { isPointwise ? 0 : depth * tiles.width }
  /// Scratch floats a worker needs for `transposed`.
  var transposedWorkspace: Int { transposedBlocks.width * taps * tiles.width }
  /// Scratch floats that `weightGradient` shares between workers.
  var weightGradientWorkspace: Int { pictureSets > 1 ? pictureSets * output.c * depth : 0 }

  // MARK: Products

  /// result = weight ∗ source + bias; `source` has the input's shape, `result` the output's.
  func forward(
    _ source: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    to result: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    let (tileCount, tileWidth) = tiles
    let (blockCount, blockWidth) = outputBlocks
    let pixels = output.planeCount
    let tasks = output.n * groups * tileCount * blockCount
    workers.run(tasks) { task, columns in
      let (block, tile) = (task % blockCount, task / blockCount % tileCount)
      let (group, n) = (
        task / (blockCount * tileCount) % groups, task / (blockCount * tileCount * groups)
      )
      let range = part(tile, of: pixels, size: tileWidth)
      let rows = part(block, of: groupOutputs, size: blockWidth)
      guard !range.isEmpty, !rows.isEmpty else { return }
      let (matrix, stride) = unfolded(
        source + (n * input.c + group * groupInputs) * input.planeCount,
        channels: 0..<groupInputs, range, into: columns)
      let firstOutput = group * groupOutputs + rows.lowerBound
      let target = result + (n * output.c + firstOutput) * pixels + range.lowerBound
      if let bias {
        for row in 0..<rows.count {
          (target + row * pixels).update(repeating: bias[firstOutput + row], count: range.count)
        }
      }
      fcn_sgemm(
        0, 0, Int32(rows.count), Int32(range.count), Int32(depth),
        weight + firstOutput * depth, Int32(depth), matrix, Int32(stride),
        bias == nil ? 0 : 1, target, Int32(pixels))
    }
  }

  /// result = the transpose of the convolution applied to `source`, which has the output's shape;
  /// `result` has the input's. Every element of `result` starts from its channel's bias.
  func transposed(
    _ source: UnsafePointer<Float>, weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    to result: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    let (tileCount, tileWidth) = tiles
    let (blockCount, blockWidth) = transposedBlocks
    let pixels = output.planeCount
    workers.run(output.n * groups * blockCount) { task, columns in
      let (block, group) = (task % blockCount, task / blockCount % groups)
      let n = task / (blockCount * groups)
      let channels = part(block, of: groupInputs, size: blockWidth)
      guard !channels.isEmpty else { return }
      let firstInput = group * groupInputs + channels.lowerBound
      let target = result + (n * input.c + firstInput) * input.planeCount
      for channel in 0..<channels.count {
        (target + channel * input.planeCount).update(
          repeating: bias?[firstInput + channel] ?? 0, count: input.planeCount)
      }
      for tile in 0..<tileCount {
        let range = part(tile, of: pixels, size: tileWidth)
        guard !range.isEmpty else { continue }
        fcn_sgemm(
          1, 0, Int32(channels.count * taps), Int32(range.count), Int32(groupOutputs),
          weight + group * groupOutputs * depth + channels.lowerBound * taps, Int32(depth),
          source + (n * output.c + group * groupOutputs) * pixels + range.lowerBound,
          Int32(pixels), 0, columns, Int32(range.count))
        fold(columns, channels: channels.count, range, onto: target)
      }
    }
  }

  /// Blocks of input channels for `transposed`: smaller where there are few pictures to share out.
  private var transposedBlocks: (count: Int, width: Int) {
    let count = max(inputBlocks.count, min(groupInputs, (7 + output.n) / output.n))
    return (count, (groupInputs + count - 1) / count)
  }

  /// gradient[o, i, j, k] = Σ over pictures and pixels of upstream × the input value under it.
  func weightGradient(
    _ source: UnsafePointer<Float>, upstream: UnsafePointer<Float>,
    to gradient: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    let (tileCount, tileWidth) = tiles
    let (blockCount, blockWidth) = inputBlocks
    let sets = pictureSets
    let pixels = output.planeCount
    let count = output.c * depth
    let partial = sets > 1 ? workers.shared : gradient
    workers.run(sets * groups * blockCount) { task, columns in
      let (block, group) = (task % blockCount, task / blockCount % groups)
      let set = task / (blockCount * groups)
      let channels = part(block, of: groupInputs, size: blockWidth)
      guard !channels.isEmpty else { return }
      let target =
        partial + set * count + group * groupOutputs * depth + channels.lowerBound * taps
      var beta: Float = 0
      for n in stride(from: set, to: output.n, by: sets) {
        let picture = source + (n * input.c + group * groupInputs) * input.planeCount
        for tile in 0..<tileCount {
          let range = part(tile, of: pixels, size: tileWidth)
          guard !range.isEmpty else { continue }
          let (matrix, stride) = unfolded(picture, channels: channels, range, into: columns)
          fcn_sgemm(
            0, 1, Int32(groupOutputs), Int32(channels.count * taps), Int32(range.count),
            upstream + (n * output.c + group * groupOutputs) * pixels + range.lowerBound,
            Int32(pixels), matrix, Int32(stride), beta, target, Int32(depth))
          beta = 1
        }
      }
    }
    guard sets > 1 else { return }
    let chunk = 4096
    workers.run((count + chunk - 1) / chunk) { task, _ in
      for i in part(task, of: count, size: chunk) {
        var sum = partial[i]
        for set in 1..<sets { sum += partial[set * count + i] }
        gradient[i] = sum
      }
    }
  }
}
