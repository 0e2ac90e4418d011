import CIntrinsics
import FCNLoopTypes

/// See `LoopTable.multiplyGrid`.
func multiplyGrid(
  _ job: UnsafePointer<ConvolutionJob>, picture: Int, lines: Range<Int>, block: Int,
  _ a: UnsafeRawPointer, _ scratch: UnsafeMutablePointer<Float>
) {
  let product = GridProduct(job.pointee, block)
  let tiles = GridTiles(job.pointee, lines.count)
  let sums = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Int32.self)
  let results = scratch + 2 * ConvolutionJob.tileRows * channelBlock
  fcn_tiles_begin()
  var tile = 0
  while tile < tiles.count {
    let both = tile + 1 < tiles.count
    let places = (tiles.place(tile), tiles.place(both ? tile + 1 : tile))
    // Every other time backwards: the weights that came last are in the nearest cache yet.
    product.sum(
      a + places.0.offset, a + places.1.offset, both: both, backwards: tile & 2 != 0, sums)
    for index in 0..<(both ? 2 : 1) {
      let place = index == 0 ? places.0 : places.1
      let sums = sums + index * channelBlock * channelBlock
      // Neighbouring results of a line of the output; those between lines are not wanted.
      var (row, y, x) = (0, place.y, place.x)
      while row < place.rows {
        let wanted = min(place.rows - row, job.pointee.outputWidth - x)
        if wanted > 0 {
          product.store(
            job, sums + row * channelBlock, picture: picture, y: lines.lowerBound + y, x: x,
            count: wanted, results)
        }
        row += tiles.width - x
        (y, x) = (y + 1, 0)
      }
    }
    tile += 2
  }
  fcn_tiles_end()
}

/// Sixteen rows each, of which lines of the output are made: those of a line; or, at stride 1, of all lines
/// one behind the other, with what lies between them, where that takes fewer tiles.
private struct GridTiles {
  let count: Int
  /// Rows from a line of the output to the next.
  let width: Int
  private let goesOn: Bool
  private let rows, perLine, rowBytes, lineBytes: Int

  init(_ job: borrowing ConvolutionJob, _ lines: Int) {
    perLine = (job.outputWidth + channelBlock - 1) / channelBlock
    rowBytes = job.strideWidth * job.gridPixelBytes
    lineBytes = job.strideHeight * job.gridWidth * job.gridPixelBytes
    let all = (lines - 1) * job.gridWidth + job.outputWidth
    let together = (all + channelBlock - 1) / channelBlock
    let steps = job.strideHeight * job.strideWidth
    goesOn = steps == 1 && together <= lines * perLine
    (count, width, rows) =
      goesOn
      ? (together, job.gridWidth, all) : (lines * perLine, job.outputWidth, job.outputWidth)
  }

  /// Where a tile's first row lies in the grid, of which line and column of the output it is, and how many
  /// rows are wanted.
  @inline(__always)
  func place(_ tile: Int) -> (offset: Int, y: Int, x: Int, rows: Int) {
    let (line, first) =
      goesOn
      ? (0, tile * channelBlock) : (tile / perLine, tile % perLine * channelBlock)
    return (
      line * lineBytes + first * rowBytes, goesOn ? first / width : line,
      goesOn ? first % width : first, min(channelBlock, rows - first)
    )
  }
}

/// Products of a grid and the weights of two blocks of output channels.
private struct GridProduct {
  /// From a pixel of the output to the next.
  private let rowBytes: Int
  private let block, blocks: Int
  private let areFloats: Bool
  private let lineBytes, runBytes, lines, runs, steps: Int
  private let weights: (first: UnsafeRawPointer, second: UnsafeRawPointer)
  private let offsets: (first: UnsafePointer<Int32>, second: UnsafePointer<Int32>)
  private let scales: UnsafePointer<Float>
  private let results: (first: ByteSteps?, second: ByteSteps?)

  init(_ job: borrowing ConvolutionJob, _ block: Int) {
    self.block = block
    areFloats = job.precision == .bfloat16
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
    @inline(__always)
    func results(_ block: Int) -> ByteSteps? {
      ByteSteps(
        job, block, scales: loadBlock(place.scales(block)), largest: SIMD16(repeating: 0x1p31))
    }
    self.results = (results(block), results(other))
  }

  /// The sums of sixteen pixels, or of sixteen others too, from `a` on and from `other`.
  @inline(__always)
  func sum(
    _ a: UnsafeRawPointer, _ other: UnsafeRawPointer, both: Bool, backwards: Bool,
    _ sums: UnsafeMutablePointer<Int32>
  ) {
    fcn_tiles_start(sums, offsets.first, offsets.second)
    if areFloats {
      forEachStep(backwards: false) { place, weight in
        fcn_tiles_add(
          sums, a + place, other + place, rowBytes, both, true, weights.first + weight,
          weights.second + weight)
      }
    } else {
      forEachStep(backwards: backwards) { place, weight in
        fcn_tiles_add(
          sums, a + place, other + place, rowBytes, both, false, weights.first + weight,
          weights.second + weight)
      }
    }
    fcn_tiles_store(sums)
  }

  /// Calls `body` with where in the grid, seen from a pixel, and where in a block's weights the terms of each
  /// step lie.
  @inline(__always)
  private func forEachStep(backwards: Bool, _ body: (_ place: Int, _ weight: Int) -> Void) {
    let (count, depth) = (lines * runs, ConvolutionJob.tileDepth)
    let (step, last) = backwards ? (-1, steps - 1) : (1, 0)
    for index in 0..<count {
      let run = backwards ? count - 1 - index : index
      var place = run / runs * lineBytes + run % runs * runBytes + last * depth
      var weight = (run * steps + last) * ConvolutionJob.tileBytes
      for _ in 0..<steps {
        body(place, weight)
        place += step * depth
        weight += step * ConvolutionJob.tileBytes
      }
    }
  }

  /// Makes results of the sums of `count` pixels of a line of the output and stores them.
  @inline(__always)
  func store(
    _ job: UnsafePointer<ConvolutionJob>, _ sums: UnsafePointer<Int32>, picture: Int, y: Int,
    x: Int, count: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let (height, width) = (job.pointee.outputHeight, job.pointee.outputWidth)
    let pixel = (picture * height + y) * width + x
    store(job, results.first, sums, block, pixel, count, scratch)
    if blocks > 1 {
      let others = 2 * channelBlock * channelBlock
      store(job, results.second, sums + others, block + 1, pixel, count, scratch)
    }
  }

  @inline(__always)
  private func store(
    _ job: UnsafePointer<ConvolutionJob>, _ results: ByteSteps?, _ sums: UnsafePointer<Int32>,
    _ block: Int, _ pixel: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let planeCount = job.pointee.pictures * job.pointee.outputHeight * job.pointee.outputWidth
    let element = (block * planeCount + pixel) * channelBlock
    if let results {
      if areFloats {
        results.store(
          floats: UnsafeRawPointer(sums).assumingMemoryBound(to: Float.self), stride: channelBlock,
          count: count, element)
      } else {
        results.store(sums, count: count, element)
      }
    } else {
      storeByValue(job, sums, block, pixel, element, count, scratch)
    }
  }

  /// The same where a value has to be made before its byte.
  @inline(never)
  private func storeByValue(
    _ job: UnsafePointer<ConvolutionJob>, _ sums: UnsafePointer<Int32>, _ block: Int,
    _ pixel: Int, _ element: Int, _ count: Int, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let scales = loadBlock(scales + (block - self.block) * channelBlock)
    func value(_ row: Int) -> SIMD16<Float> {
      let sums = UnsafeRawPointer(sums + row * channelBlock)
      return areFloats
        ? sums.load(as: SIMD16<Float>.self)
        : fcn_scaled(sums.load(as: SIMD16<Int32>.self), 1, scales)
    }
    if job.pointee.activates {
      for row in 0..<count {
        UnsafeMutableRawPointer(scratch + row * channelBlock)
          .storeBytes(of: value(row), as: SIMD16<Float>.self)
      }
      storeBytePixels(job, rows: pixel..<pixel + count, block: block, panelBlocks: 1, scratch)
      return
    }
    let results = BytePixelResults(
      job.pointee, start: element, blockStride: 0, block: block, rows: count)
    for row in 0..<count { results.store(value(row), row: row, column: 0) }
  }
}
