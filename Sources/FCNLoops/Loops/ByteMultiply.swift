import CIntrinsics
import FCNLoopTypes

/// Terms of products of bytes that are summed in registers before they are added to memory. 32 bits have
/// room for sixty times as many.
private let bytesAtATime = 1024

/// Where a job's weights of 8 bits lie: scales of the products, [channel]; what the zeros of the input make
/// of the weights, [channel]; then [panel][depth / 4][channel of the panel][4].
struct ByteWeights {
  private let start: UnsafePointer<Float>
  private let channels, depth: Int

  init(_ job: borrowing ConvolutionJob, _ weights: UnsafePointer<Float>) {
    start = weights
    channels = job.outputBlocks * channelBlock
    depth = job.depth
  }

  func scales(_ block: Int) -> UnsafePointer<Float> { start + block * channelBlock }

  func offsets(_ block: Int) -> UnsafePointer<Int32> {
    UnsafeRawPointer(start + channels + block * channelBlock)
      .assumingMemoryBound(to: Int32.self)
  }

  func panel(_ block: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(start + 2 * channels) + block * channelBlock * depth
  }
}

/// Where products of bytes go, scaled: rows of `columns` floats.
struct ByteTarget {
  let m: UnsafeMutablePointer<Float>
  let columns: Int
  let adding: Bool
  let scales: UnsafePointer<Float>
  /// What is taken from the sums; nil where that has been done.
  let offsets: UnsafePointer<Int32>?
}

/// Sums of products of bytes of a panel of one block.
struct ByteBlock: RowSums {
  static var columns: Int { channelBlock }

  private var sums = SIMD16<Int32>()

  @inline(__always)
  init() {}

  @inline(__always)
  mutating func add(_ four: Int32, _ b: UnsafeRawPointer) {
    sums = fcn_add_byte_products(sums, four, b.load(as: SIMD64<Int8>.self))
  }

  @inline(__always)
  func store(to target: ByteTarget, row: Int, column: Int) {
    let m = UnsafeMutableRawPointer(target.m + row * target.columns + column)
    var sums = sums
    if let offsets = target.offsets {
      sums &-= UnsafeRawPointer(offsets + column).load(as: SIMD16<Int32>.self)
    }
    var products = fcn_scaled(sums, 1, loadBlock(target.scales + column))
    if target.adding { products += m.load(as: SIMD16<Float>.self) }
    m.storeBytes(of: products, as: SIMD16<Float>.self)
  }
}

/// m = rows of `a` × a panel, as `LoopTable.multiply`; `a` is the first row of the range's lower bound 0.
func multiplyBytes(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, _ a: UnsafeRawPointer,
  capacity: Int, rows: Range<Int>, into m: UnsafeMutablePointer<Float>
) {
  // Where there is no instruction for it, no loop for it is compiled.
  guard multipliesBytes else { return }
  let job = job.pointee
  let weights = ByteWeights(job, job.weights)
  multiplyPanel(
    width, rows.count, job.depth, a + rows.lowerBound * channelBlock, capacity,
    weights.panel(block), weights.scales(block), weights.offsets(block), m)
}

/// See `LoopTable.multiplyPixels`, for jobs of bytes.
func multiplyBytePixels(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, _ a: UnsafeRawPointer,
  capacity: Int, pixels: Range<Int>, _ m: UnsafeMutablePointer<Float>
) {
  var first = pixels.lowerBound
  while first < pixels.upperBound {
    let some = first..<min(pixels.upperBound, first + ConvolutionJob.pixelsTogether)
    multiplyBytes(
      job, block: block, panelBlocks: width, a, capacity: capacity,
      rows: some.lowerBound - pixels.lowerBound..<some.upperBound - pixels.lowerBound, into: m)
    storeBytePixels(job, rows: some, block: block, panelBlocks: width, m)
    first = some.upperBound
  }
}

@inline(__always)
private func multiplyPanel(
  _ width: Int, _ rows: Int, _ depth: Int, _ a: UnsafeRawPointer, _ capacity: Int,
  _ b: UnsafeRawPointer, _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>,
  _ m: UnsafeMutablePointer<Float>
) {
  if panelBlocks == 1 || width == 1 {
    multiply(ByteBlock.self, rows, depth, a, capacity, b, scales, offsets, m)
  } else if width == 2 {
    multiply(TwoBlocks<ByteBlock>.self, rows, depth, a, capacity, b, scales, offsets, m)
  } else if width == 3 {
    multiply(ThreeBlocks<ByteBlock>.self, rows, depth, a, capacity, b, scales, offsets, m)
  } else {
    multiply(FourBlocks<ByteBlock>.self, rows, depth, a, capacity, b, scales, offsets, m)
  }
}

@inline(__always)
private func multiply<Sums: RowSums>(
  _: Sums.Type, _ rows: Int, _ depth: Int, _ a: UnsafeRawPointer, _ capacity: Int,
  _ b: UnsafeRawPointer, _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Int32>,
  _ m: UnsafeMutablePointer<Float>
) where Sums.Target == ByteTarget {
  let blockBytes = capacity * channelBlock
  let strides = LeftStrides(
    row: channelBlock, step: MemoryLayout<Int32>.stride, block: blockBytes,
    stepsPerBlock: channelBlock / 4)
  var first = 0
  repeat {
    let terms = min(depth - first, bytesAtATime)
    multiplyRows(
      Sums.self, rows: rows, steps: terms / 4, a + first / channelBlock * blockBytes, strides,
      b + first * Sums.columns,
      to: ByteTarget(
        m: m, columns: Sums.columns, adding: first > 0, scales: scales,
        offsets: first == 0 ? offsets : nil))
    first += terms
  } while first < depth
}

/// See `LoopTable.pack`, for jobs of bytes: an output channel's weights, times the scales of the bytes that
/// they multiply, become integers of 8 bits, all with one scale.
func packBytes(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  guard let input = job.inputBytes else { return }
  let place = ByteWeights(job, weights)
  let (columns, taps) = (width * channelBlock, job.kernelHeight * job.kernelWidth)
  let scales = UnsafeMutablePointer(mutating: place.scales(block))
  let offsets = UnsafeMutablePointer(mutating: place.offsets(block))
  scales.update(repeating: 0, count: columns)
  offsets.update(repeating: 0, count: columns)
  forEachInput(job, weight, block: block, columns) { channel, kernels, _ in
    for value in 0..<taps * columns {
      let magnitude = (kernels[value] * input.scales[channel]).magnitude
      scales[value % columns] = max(scales[value % columns], magnitude)
    }
  }
  for column in 0..<columns { scales[column] /= 127 }
  let panel = UnsafeMutableRawPointer(mutating: place.panel(block))
    .assumingMemoryBound(to: Int8.self)
  forEachInput(job, weight, block: block, columns) { channel, kernels, _ in
    let zero = Int32(input.zeros[channel])
    for tap in 0..<taps {
      let term = tap * job.inputChannels + channel
      for column in 0..<columns {
        let scale = scales[column]
        let scaled = kernels[tap * columns + column] * input.scales[channel]
        let integer = scale > 1e-30 ? Int8(max(-127, min(127, (scaled / scale).rounded()))) : 0
        panel[(term / 4 * columns + column) * 4 + term % 4] = integer
        offsets[column] &+= zero * Int32(integer)
      }
    }
  }
}
