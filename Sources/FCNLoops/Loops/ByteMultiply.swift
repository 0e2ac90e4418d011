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
  /// Where they go instead, if anywhere.
  let results: BytePixelResults?
}

/// The same as `PixelResults`, where what is added or made may be bytes.
struct BytePixelResults {
  /// Elements from the values' beginnings to the first row's pixel in the panel's first block; from a block
  /// to the next.
  let start, blockStride: Int
  /// The panel's first channel.
  let channel: Int
  /// Rows that are there; others are computed in vain.
  let rows: Int
  private let output: UnsafeMutableRawPointer
  private let residual: UnsafeRawPointer?
  private let bias: UnsafePointer<Float>
  private let outputBytes, residualBytes: ByteChannels?
  private let notFinite: UnsafeMutablePointer<Int32>?
  private let rectifies: Bool

  init(_ job: borrowing ConvolutionJob, start: Int, blockStride: Int, block: Int, rows: Int) {
    (self.start, self.blockStride, self.rows) = (start, blockStride, rows)
    channel = block * channelBlock
    output = UnsafeMutableRawPointer(job.output)
    residual = job.residual.map { UnsafeRawPointer($0) }
    bias = job.bias
    (outputBytes, residualBytes) = (job.outputBytes, job.residualBytes)
    notFinite = job.notFinite
    rectifies = job.rectifies
  }

  @inline(__always)
  func store(_ sums: SIMD16<Float>, row: Int, column: Int) {
    guard row < rows else { return }
    let element = start + column / channelBlock * blockStride + row * channelBlock
    let channel = channel + column
    var value = sums + loadBlock(bias + channel)
    if let residual {
      if let residualBytes {
        let steps =
          fcn_load_bytes_x16(residual + element) - loadBlock(residualBytes.zeros + channel)
        value = fma(steps, loadBlock(residualBytes.scales + channel), value)
      } else {
        value += (residual + element * MemoryLayout<Float>.stride).load(as: SIMD16<Float>.self)
      }
    }
    if rectifies { value = fcn_rectified_x16(value) }
    if let outputBytes {
      if let notFinite, fcn_are_finite_x16(value) == 0 { fcn_raise(notFinite) }
      let steps = fma(
        value, loadBlock(outputBytes.factors + channel), loadBlock(outputBytes.zeros + channel))
      fcn_store_bytes_x16(steps, output + element)
    } else {
      (output + element * MemoryLayout<Float>.stride)
        .storeBytes(of: value, as: SIMD16<Float>.self)
    }
  }
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
    if let results = target.results {
      results.store(products, row: row, column: column)
      return
    }
    m.storeBytes(of: products, as: SIMD16<Float>.self)
  }
}

/// m = rows of `a` × a panel, as `LoopTable.multiply`; `a` is the first row of the range's lower bound 0.
/// Where there are `results`, the last sums go there.
func multiplyBytes(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, _ a: UnsafeRawPointer,
  capacity: Int, rows: Range<Int>, into m: UnsafeMutablePointer<Float>,
  _ results: BytePixelResults? = nil
) {
  // Where there is no instruction for it, no loop for it is compiled.
  guard multipliesBytes else { return }
  let weights = ByteWeights(job.pointee, job.pointee.weights)
  let product = ByteProduct(
    rows: rows.count, depth: job.pointee.depth, a: a + rows.lowerBound * channelBlock,
    blockBytes: capacity * channelBlock, b: weights.panel(block), scales: weights.scales(block),
    offsets: weights.offsets(block), m: m, results: results)
  product.multiply(panelBlocks: width)
}

/// See `LoopTable.multiplyTerms`, for jobs of bytes.
func multiplyByteTerms(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, terms: Range<Int>,
  _ a: UnsafeRawPointer, capacity: Int, rows: Int, into m: UnsafeMutablePointer<Float>,
  adding: Bool
) {
  guard multipliesBytes else { return }
  let weights = ByteWeights(job.pointee, job.pointee.weights)
  let product = ByteProduct(
    rows: rows, depth: terms.count, a: a, blockBytes: capacity * channelBlock,
    b: weights.panel(block) + terms.lowerBound * width * channelBlock,
    scales: weights.scales(block), offsets: nil, m: m, adding: adding, results: nil)
  product.multiply(panelBlocks: width)
}

/// See `LoopTable.multiplyPixels`, for jobs of bytes.
func multiplyBytePixels(
  _ job: UnsafePointer<ConvolutionJob>, block: Int, panelBlocks width: Int, _ a: UnsafeRawPointer,
  capacity: Int, pixels: Range<Int>, _ m: UnsafeMutablePointer<Float>
) {
  let planeCount = job.pointee.outputHeight * job.pointee.outputWidth
  let pictures = job.pointee.pictures
  var first = pixels.lowerBound
  while first < pixels.upperBound {
    let (picture, pixel) = (first / planeCount, first % planeCount)
    let count = min(pixels.upperBound - first, planeCount - pixel, ConvolutionJob.pixelsTogether)
    let results = BytePixelResults(
      job.pointee, start: ((block * pictures + picture) * planeCount + pixel) * channelBlock,
      blockStride: pictures * planeCount * channelBlock, block: block, rows: count)
    multiplyBytes(
      job, block: block, panelBlocks: width, a, capacity: capacity,
      rows: first - pixels.lowerBound..<first - pixels.lowerBound + count, into: m,
      job.pointee.activates ? nil : results)
    if job.pointee.activates {
      storeBytePixels(job, rows: first..<first + count, block: block, panelBlocks: width, m)
    }
    first += count
  }
}

/// Rows of bytes, [depth / 16][row][16] with `blockBytes` from a block to the next, by a panel.
private struct ByteProduct {
  let rows, depth: Int
  let a: UnsafeRawPointer
  let blockBytes: Int
  let b: UnsafeRawPointer
  let scales: UnsafePointer<Float>
  let offsets: UnsafePointer<Int32>?
  let m: UnsafeMutablePointer<Float>
  var adding = false
  let results: BytePixelResults?

  /// By the panel's blocks.
  @inline(__always)
  func multiply(panelBlocks width: Int) {
    if panelBlocks == 1 || width == 1 {
      multiply(ByteBlock.self)
    } else if width == 2 {
      multiply(TwoBlocks<ByteBlock>.self)
    } else if width == 3 {
      multiply(ThreeBlocks<ByteBlock>.self)
    } else {
      multiply(FourBlocks<ByteBlock>.self)
    }
  }

  @inline(__always)
  private func multiply<Sums: RowSums>(_: Sums.Type) where Sums.Target == ByteTarget {
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
          m: m, columns: Sums.columns, adding: adding || first > 0, scales: scales,
          offsets: first == 0 ? offsets : nil, results: first + terms < depth ? nil : results))
      first += terms
    } while first < depth
  }
}

/// See `LoopTable.pack`, for jobs of bytes: an output channel's weights, times the scales of the bytes that
/// they multiply, become integers of 8 bits, all with one scale.
func packBytes(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  let pointer = job
  let job = pointer.pointee
  guard let input = job.inputBytes else { return }
  let place = ByteWeights(job, weights)
  let (columns, taps) = (width * channelBlock, job.kernelHeight * job.kernelWidth)
  let offsets = UnsafeMutablePointer(mutating: place.offsets(block))
  offsets.update(repeating: 0, count: columns)
  let panel = UnsafeMutableRawPointer(mutating: place.panel(block))
    .assumingMemoryBound(to: Int8.self)
  forEachRounded(
    pointer, weight, block: block, columns, input,
    UnsafeMutablePointer(mutating: place.scales(block))
  ) { channel, numbers in
    let zero = Int32(input.zeros[channel])
    for tap in 0..<taps {
      let term = tap * job.inputChannels + channel
      for column in 0..<columns {
        let integer = Int8(numbers[tap * columns + column])
        panel[(term / 4 * columns + column) * 4 + term % 4] = integer
        offsets[column] &+= zero * Int32(integer)
      }
    }
  }
}
