import FCNLoopTypes

/// Dilated 3×3 convolution whose taps stand so far apart that a pixel meets at most two others on each axis,
/// as those of DeepLab's pyramids do. `ToeplitzRule` makes it of fewer products than the taps that see
/// something (`TapConvolution`): for three pixels an axis of 25 instead of 49, for two of 9 instead of 16.
///
/// The way of data, some channels at a time: tasks make all sums of pixels; then each makes some sums of
/// taps, for a panel of outputs, and multiplies. When all products are there, tasks sum them for the outputs.
final class ToeplitzConvolution: PreparedForm {
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  private let packer: BlockedConvolution
  private let panels: [ConvolutionPanel]
  private let tiles: [Tile]
  private let dilation: (height: Int, width: Int)
  /// A tile's index and one of its rows.
  private let sumTasks: [(tile: Int, row: Int)]
  /// A tile's index and one of its rows' products.
  private let productTasks: [(tile: Int, product: Int)]
  /// Channels at a time.
  private let depthAtATime: Int

  /// Phases of rows and of columns that are multiplied together.
  private struct Tile {
    let rows, columns: ToeplitzAxis.Group
    /// Sums of a phase's pixels for each product, and of products for each pixel.
    let pixels, sums: [Combination]
    /// Sums of the kernel's rows, and of its columns.
    let rowTaps, columnTaps: [Combination]
    /// Where its sums of pixels and its products begin in the shared scratch.
    let pixelStart, productStart: Int

    init(
      _ rows: ToeplitzAxis.Group, _ columns: ToeplitzAxis.Group, pixelStart: Int,
      productStart: Int
    ) {
      func each(_ part: KeyPath<ToeplitzRule, [[Float]]>) -> [Combination] {
        rows.rule[keyPath: part].flatMap { row in
          columns.rule[keyPath: part].map { Combination(row, $0) }
        }
      }
      (self.rows, self.columns) = (rows, columns)
      (self.pixelStart, self.productStart) = (pixelStart, productStart)
      (pixels, sums) = (each(\.lines), each(\.sums))
      rowTaps = rows.rule.taps.map { Combination($0) }
      columnTaps = columns.rule.taps.map { Combination($0) }
    }

    var positions: Int { rows.phases.count * columns.phases.count }
    /// Rows between the products of one panel and the next, or one product and the next.
    var padded: Int { ConvolutionJob.productRows(positions) }
  }

  /// Positions of a tile, at most, so that what a task works on stays in a second-level cache.
  private static let mostPositions = 320

  /// Floats of sums and products, at most, which lie in memory all at once: 64 MB.
  private static let mostFloats = 1 << 24

  /// nil where `operation` is another, pixels meet more others, or there are too many of them.
  init?(_ operation: Convolution, _ request: FormRequest) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    guard operation.groups == 1, window.stride == 1, window.kernel == 3,
      window.padding == window.dilation, request.epilogue.pooled == nil,
      request.epilogue.cropped == nil,
      let down = ToeplitzAxis(size: input.h, dilation: window.dilation.h),
      let across = ToeplitzAxis(size: input.w, dilation: window.dilation.w),
      let packer = BlockedConvolution(operation, request, .unfolded)
    else { return nil }
    depthAtATime = min(
      ConvolutionJob.depthAtATime, roundUp(input.c, toMultipleOf: channelBlock))
    let channels = roundUp(output.c, toMultipleOf: channelBlock)
    let columns = across.divided(by: Self.mostPositions)
    let widest = columns.map(\.phases.count).max() ?? 1
    let rows = down.divided(by: max(1, Self.mostPositions / widest))
    var tiles: [Tile] = []
    var (pixels, products) = (0, 0)
    for row in rows {
      for column in columns {
        let tile = Tile(row, column, pixelStart: pixels, productStart: products)
        pixels += tile.pixels.count * tile.positions * depthAtATime
        products += tile.pixels.count * tile.padded * channels
        tiles.append(tile)
      }
    }
    guard pixels + products <= Self.mostFloats else { return nil }
    self.tiles = tiles
    (pixelCount, productCount) = (pixels, products)
    sumTasks = tiles.indices.flatMap { tile in
      tiles[tile].rows.phases.indices.map { (tile: tile, row: $0) }
    }
    productTasks = tiles.indices.flatMap { tile in
      tiles[tile].rowTaps.indices.map { (tile: tile, product: $0) }
    }
    dilation = window.dilation.pair
    loops = request.loops
    self.packer = packer
    job = .allocate(capacity: 1)
    job.initialize(to: ConvolutionJob(window, request))
    panels = ConvolutionPanel.dividing(job.pointee.outputBlocks, by: loops.panelBlocks)
  }

  deinit { job.deallocate() }

  var packing: String? { packer.packing }
  var packedCount: Int { packer.packedCount }
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    try packer.pack(parameters, pool)
  }

  /// Floats of the sums of pixels, and of products, of a picture.
  private let pixelCount, productCount: Int
  var sharedWorkspace: Int { pixelCount + productCount }

  /// Sums of a panel's rows of taps, then of taps; or of products.
  var workspacePerWorker: Int {
    let columns = loops.panelBlocks * channelBlock
    let widest = tiles.map(\.columns.phases.count).max() ?? 0
    return columns * max(4 * depthAtATime, widest)
  }

  /// As `ConvolutionCost` has it, of the products and sums that are made.
  var cost: Double? {
    let job = job.pointee
    let (inputs, outputs) = (
      Double(job.inputBlocks * channelBlock), Double(job.outputBlocks * channelBlock)
    )
    func terms(_ sums: [Combination]) -> Double {
      Double(sums.reduce(0) { $0 + $1.indices.count })
    }
    // Taps come from memory once.
    var cost = 9 * inputs * outputs * 4 / 12
    for tile in tiles {
      let rows = Double(roundUp(tile.positions, toMultipleOf: microKernelRows))
      cost += Double(tile.pixels.count) * rows * inputs * outputs / 45
      let ofTaps =
        3 * terms(tile.rowTaps) + Double(tile.rowTaps.count) * terms(tile.columnTaps)
      let ofPixels = terms(tile.pixels) * inputs + terms(tile.sums) * outputs
      cost += (ofTaps * inputs * outputs + Double(tile.positions) * ofPixels) / 12
    }
    return cost
  }

  var work: StepWork? {
    guard let nominal = packer.work else { return nil }
    let job = job.pointee
    let rows = tiles.reduce(0) { $0 + $1.positions * $1.pixels.count }
    let products = Double(rows * job.pictures) * Double(job.inputChannels * job.outputChannels)
    return StepWork(nominal: nominal.nominal, performed: 2 * products, bytes: nominal.bytes)
  }

  func forward(_ call: ForwardCall) {
    job.pointee.take(call)
    let (shared, panels, depth) = (
      call.workers.shared, panels, job.pointee.inputBlocks * channelBlock
    )
    for picture in 0..<job.pointee.pictures {
      for first in stride(from: 0, to: depth, by: depthAtATime) {
        let channels = first..<min(depth, first + depthAtATime)
        call.workers.run(sumTasks.count) { [self] task, _ in
          let (tile, row) = sumTasks[task]
          gather(picture, channels, tiles[tile], row, to: shared)
        }
        call.workers.run(productTasks.count * panels.count) { [self] task, scratch in
          let (tile, product) = productTasks[task / panels.count]
          multiply(channels, tiles[tile], product, panels[task % panels.count], shared, scratch)
        }
      }
      call.workers.run(job.pointee.outputHeight * panels.count) { [self] task, scratch in
        finish(picture, row: task / panels.count, panels[task % panels.count], shared, scratch)
      }
    }
  }

  /// Writes a row's sums of pixels of some channels, for each product of a tile: [block][position][channel].
  private func gather(
    _ picture: Int, _ channels: Range<Int>, _ tile: Tile, _ row: Int,
    to shared: UnsafeMutablePointer<Float>
  ) {
    let job = job.pointee
    let planeCount = job.inputHeight * job.inputWidth
    let (lines, count) = (tile.columns.rule.sums.count, tile.columns.phases.count)
    let place = (row - tile.rows.phases.lowerBound) * count
    for block in 0..<channels.count / channelBlock {
      let plane = (channels.lowerBound / channelBlock + block) * job.pictures + picture
      let first =
        plane * planeCount + row * job.inputWidth + tile.columns.phases.lowerBound
      for (product, sum) in tile.pixels.enumerated() {
        let target =
          sumsOfPixels(tile, product, shared)
          + (block * tile.positions + place) * channelBlock
        sum.write(to: target, count * channelBlock, loops) {
          let line = $0 / lines * dilation.height * job.inputWidth + $0 % lines * dilation.width
          return job.input + (first + line) * channelBlock
        }
      }
    }
  }

  /// Multiplies some channels' sums of pixels by a panel's sums of taps, for all products of columns that one
  /// product of rows has.
  private func multiply(
    _ channels: Range<Int>, _ tile: Tile, _ rowProduct: Int, _ panel: ConvolutionPanel,
    _ shared: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    var own = job.pointee
    let columns = panel.width * channelBlock
    let depth = own.inputBlocks * channelBlock
    let kernels =
      own.weights + (panel.block * channelBlock * 9 * depth + channels.lowerBound * columns)
    let (rowSize, weights) = (depthAtATime * columns, scratch + 3 * depthAtATime * columns)
    for column in 0..<3 {
      tile.rowTaps[rowProduct].write(
        to: scratch + column * rowSize, channels.count * columns, loops
      ) { kernels + ($0 * 3 + column) * depth * columns }
    }
    own.weights = UnsafePointer(weights)
    for (index, taps) in tile.columnTaps.enumerated() {
      let product = rowProduct * tile.columnTaps.count + index
      taps.write(to: weights, channels.count * columns, loops) {
        UnsafePointer(scratch + $0 * rowSize)
      }
      loops.multiplyTerms(
        &own, 0, panel.width, 0..<channels.count, sumsOfPixels(tile, product, shared),
        tile.positions, tile.positions,
        products(tile, product, shared) + panel.block * channelBlock * tile.padded,
        channels.lowerBound > 0)
    }
  }

  private func sumsOfPixels(
    _ tile: Tile, _ product: Int, _ shared: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    shared + tile.pixelStart + product * tile.positions * depthAtATime
  }

  /// Where the products of panels are, one panel's after the other's.
  private func products(
    _ tile: Tile, _ product: Int, _ shared: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    shared + pixelCount + tile.productStart
      + product * tile.padded * job.pointee.outputBlocks * channelBlock
  }

  /// Sums the products of an output row, for a panel's channels.
  private func finish(
    _ picture: Int, row: Int, _ panel: ConvolutionPanel, _ shared: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let (line, phase) = (row / dilation.height, row % dilation.height)
    let columns = panel.width * channelBlock
    for tile in tiles where tile.rows.phases.contains(phase) {
      let (lines, count) = (tile.columns.rule.sums.count, tile.columns.phases.count)
      let offset =
        panel.block * channelBlock * tile.padded
        + (phase - tile.rows.phases.lowerBound) * count * columns
      for index in 0..<lines {
        tile.sums[line * lines + index].write(to: scratch, count * columns, loops) {
          UnsafePointer(products(tile, $0, shared) + offset)
        }
        let first =
          (picture * job.pointee.outputHeight + row) * job.pointee.outputWidth
          + tile.columns.phases.lowerBound + index * dilation.width
        loops.finish(job, first..<first + count, panel.block, panel.width, scratch, scratch)
      }
    }
  }
}
