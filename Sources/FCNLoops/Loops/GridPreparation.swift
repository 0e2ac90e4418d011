import CIntrinsics
import FCNLoopTypes

/// See `LoopTable.prepareGrid`.
func prepareGrid(
  _ job: UnsafePointer<ConvolutionJob>, picture: Int, lines: Range<Int>, isLast: Bool,
  _ a: UnsafeMutableRawPointer
) {
  let job = job.pointee
  guard let input = job.inputBytes else { return }
  let (pixelBytes, blocks) = (job.gridPixelBytes, job.inputBlocks)
  let lineBytes = job.gridWidth * pixelBytes
  let before = job.paddingWidth
  for line in lines {
    let target = a + (line - lines.lowerBound) * lineBytes
    let y = line - job.paddingHeight
    guard y >= 0, y < job.inputHeight else {
      writeZeros(input, blocks, pixels: job.gridWidth, pixelBytes, target)
      continue
    }
    writeZeros(input, blocks, pixels: before, pixelBytes, target)
    let pixels = target + before * pixelBytes
    let line = (picture * job.inputHeight + y) * job.inputWidth * channelBlock
    let source = UnsafeRawPointer(job.input) + line
    let step = job.pictures * job.inputHeight * job.inputWidth * channelBlock
    var block = 0
    while block < blocks {
      // Four blocks fill a line of the cache.
      let count = blocks - block < 4 ? 1 : 4
      copyBlocks(
        source + block * step, step, count, job.inputWidth, to: pixels + block * channelBlock,
        pixelBytes)
      block += count
    }
    writeZeros(
      input, blocks, pixels: job.gridWidth - before - job.inputWidth, pixelBytes,
      pixels + job.inputWidth * pixelBytes)
  }
  if isLast {
    writeZeros(
      input, blocks, pixels: job.columnsBehind, pixelBytes, a + lines.count * lineBytes)
  }
}

/// Copies a block of channels, or four that are `step` apart, of `width` pixels of a line to pixels that are
/// `pixelBytes` apart.
@inline(__always)
private func copyBlocks(
  _ source: UnsafeRawPointer, _ step: Int, _ count: Int, _ width: Int,
  to target: UnsafeMutableRawPointer, _ pixelBytes: Int
) {
  if count == 1 {
    for x in 0..<width {
      (target + x * pixelBytes).copyMemory(
        from: source + x * channelBlock, byteCount: channelBlock)
    }
  } else {
    for x in 0..<width {
      fcn_join_bytes(source + x * channelBlock, step, target + x * pixelBytes)
    }
  }
}

/// Writes the bytes that stand for 0.
@inline(__always)
private func writeZeros(
  _ input: ByteChannels, _ blocks: Int, pixels: Int, _ pixelBytes: Int,
  _ target: UnsafeMutableRawPointer
) {
  for pixel in 0..<max(0, pixels) {
    for block in 0..<blocks {
      fcn_store_bytes_x16(
        loadBlock(input.zeros + block * channelBlock),
        target + pixel * pixelBytes + block * channelBlock)
    }
  }
}

/// Where a job's weights for tiles lie: scales of the products, [channel]; what the zeros of the input make
/// of the weights, less than nothing, [channel]; then [block][step][16][channel][4].
struct TileWeights {
  private let start: UnsafePointer<Float>
  private let channels, blockBytes: Int

  init(_ job: borrowing ConvolutionJob, _ weights: UnsafePointer<Float>) {
    start = weights
    channels = job.outputBlocks * channelBlock
    blockBytes = job.tileWeightBytes
  }

  func scales(_ block: Int) -> UnsafePointer<Float> { start + block * channelBlock }

  func offsets(_ block: Int) -> UnsafePointer<Int32> {
    UnsafeRawPointer(start + channels + block * channelBlock).assumingMemoryBound(to: Int32.self)
  }

  func panel(_ block: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(start + 2 * channels) + block * blockBytes
  }
}

/// See `LoopTable.pack`, for jobs of tiles: an output channel's weights, times the scales of the bytes that
/// they multiply, become integers of 8 bits, all with one scale.
func packTiles(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  let pointer = job
  let job = pointer.pointee
  guard let input = job.inputBytes else { return }
  let place = TileWeights(job, weights)
  let (columns, taps) = (width * channelBlock, job.kernelHeight * job.kernelWidth)
  let offsets = UnsafeMutablePointer(mutating: place.offsets(block))
  offsets.update(repeating: 0, count: columns)
  let panels = UnsafeMutableRawPointer(mutating: place.panel(block))
    .initializeMemory(as: Int8.self, repeating: 0, count: width * job.tileWeightBytes)
  forEachRounded(
    pointer, weight, block: block, columns, input,
    UnsafeMutablePointer(mutating: place.scales(block))
  ) { channel, numbers in
    let zero = Int32(input.zeros[channel])
    for tap in 0..<taps {
      let (step, term) = job.tilePlace(tap: tap, channel: channel)
      let start = step * ConvolutionJob.tileBytes + term / 4 * 4 * channelBlock + term % 4
      for column in 0..<columns {
        let integer = Int8(numbers[tap * columns + column])
        let panel = panels + column / channelBlock * job.tileWeightBytes
        panel[start + column % channelBlock * 4] = integer
        offsets[column] &-= zero * Int32(integer)
      }
    }
  }
}
