import CIntrinsics
import FCNLoopTypes

/// See `LoopTable.multiplyGrid`.
func multiplyGrid(
  _ job: UnsafePointer<ConvolutionJob>, picture: Int, lines: Range<Int>, block: Int,
  _ a: UnsafeRawPointer, _ scratch: UnsafeMutablePointer<Float>
) {
  let product = GridProduct(job.pointee, block)
  let outputWidth = job.pointee.outputWidth
  // At stride 1 rows go on from line to line.
  let goesOn = job.pointee.strideHeight == 1 && job.pointee.strideWidth == 1
  let width = goesOn ? job.pointee.gridWidth : outputWidth
  let count = goesOn ? (lines.count - 1) * width + outputWidth : outputWidth
  let lineBytes = job.pointee.strideHeight * job.pointee.gridWidth * job.pointee.gridPixelBytes
  let sums = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int32.self)
  let results = scratch + 2 * ConvolutionJob.tileRows * channelBlock
  fcn_tiles_begin()
  for group in 0..<(goesOn ? 1 : lines.count) {
    let a = a + group * lineBytes
    let firstLine = lines.lowerBound + group
    var first = 0
    while first < count {
      let rows = min(count - first, ConvolutionJob.tileRows)
      product.sum(a + first * product.rowBytes, both: rows > channelBlock, sums)
      // Neighbouring results of a line of the output; those between lines are not wanted.
      var row = 0
      while row < rows {
        let (line, x) = ((first + row) / width, (first + row) % width)
        let run = min(rows - row, width - x)
        let wanted = min(run, outputWidth - x)
        if wanted > 0 {
          product.store(
            job, sums + row * channelBlock, picture: picture, y: firstLine + line, x: x,
            count: wanted, results)
        }
        row += run
      }
      first += rows
    }
  }
  fcn_tiles_end()
}

/// Products of a grid and the weights of two blocks of output channels.
private struct GridProduct {
  /// From a pixel of the output to the next.
  let rowBytes: Int
  private let block, blocks: Int
  private let lineBytes, runBytes, lines, runs, steps: Int
  private let weights: (first: UnsafeRawPointer, second: UnsafeRawPointer)
  private let offsets: (first: UnsafePointer<Int32>, second: UnsafePointer<Int32>)
  private let scales: UnsafePointer<Float>

  init(_ job: borrowing ConvolutionJob, _ block: Int) {
    self.block = block
    blocks = min(ConvolutionJob.blocksTogether, job.outputBlocks - block)
    let pixelBytes = job.gridPixelBytes
    rowBytes = job.strideWidth * pixelBytes
    lineBytes = job.dilationHeight * job.gridWidth * pixelBytes
    runBytes = job.dilationWidth * pixelBytes
    (lines, runs) = (job.kernelHeight, job.tapRuns.count)
    steps = (job.tapRuns.bytes + ConvolutionJob.tileDepth - 1) / ConvolutionJob.tileDepth
    let place = TileWeights(job, job.weights)
    // A last block by itself is made twice.
    let other = block + blocks - 1
    weights = (place.panel(block), place.panel(other))
    offsets = (place.offsets(block), place.offsets(other))
    scales = place.scales(block)
  }

  /// The sums of sixteen pixels, or of thirty-two, the first of which is at `a`.
  @inline(__always)
  func sum(_ a: UnsafeRawPointer, both: Bool, _ sums: UnsafeMutablePointer<Int32>) {
    fcn_tiles_start(sums, offsets.first, offsets.second)
    var weight = 0
    for line in 0..<lines {
      for run in 0..<runs {
        var a = a + line * lineBytes + run * runBytes
        for _ in 0..<steps {
          fcn_tiles_add(sums, a, rowBytes, both, weights.first + weight, weights.second + weight)
          a += ConvolutionJob.tileDepth
          weight += ConvolutionJob.tileBytes
        }
      }
    }
    fcn_tiles_store(sums)
  }

  /// Makes results of the sums of `count` pixels of a line of the output and stores them.
  @inline(__always)
  func store(
    _ job: UnsafePointer<ConvolutionJob>, _ sums: UnsafePointer<Int32>, picture: Int, y: Int,
    x: Int,
    count: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let others = 2 * 16 * channelBlock
    let pixel = (picture * job.pointee.outputHeight + y) * job.pointee.outputWidth + x
    for index in 0..<blocks {
      store(job, block + index, pixel, count, scratch) { row in
        fcn_scaled(
          integers(sums + index * others, row), 1, loadBlock(scales + index * channelBlock))
      }
    }
  }

  @inline(__always)
  private func store(
    _ job: UnsafePointer<ConvolutionJob>, _ block: Int, _ pixel: Int, _ count: Int,
    _ scratch: UnsafeMutablePointer<Float>, _ value: (_ row: Int) -> SIMD16<Float>
  ) {
    if job.pointee.activates {
      for row in 0..<count {
        UnsafeMutableRawPointer(scratch + row * channelBlock)
          .storeBytes(of: value(row), as: SIMD16<Float>.self)
      }
      storeBytePixels(job, rows: pixel..<pixel + count, block: block, panelBlocks: 1, scratch)
      return
    }
    let planeCount = job.pointee.outputHeight * job.pointee.outputWidth
    let results = BytePixelResults(
      job.pointee, start: (block * job.pointee.pictures * planeCount + pixel) * channelBlock,
      blockStride: 0, block: block, rows: count)
    for row in 0..<count { results.store(value(row), row: row, column: 0) }
  }

  @inline(__always)
  private func integers(_ sums: UnsafePointer<Int32>, _ row: Int) -> SIMD16<Int32> {
    UnsafeRawPointer(sums + row * channelBlock).load(as: SIMD16<Int32>.self)
  }
}
