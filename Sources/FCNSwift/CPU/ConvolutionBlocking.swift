import CSystem
import FCNLoopTypes

/// How a convolution's products are divided so that what a core works on stays in its caches.
///
/// Nothing here depends on the number of threads, and nothing that changes the order of a sum's terms
/// on the number of pictures.
struct ConvolutionBlocking {
  enum Division {
    /// A task makes a few rows of the left-hand matrices and multiplies them by all weights: where
    /// weights are small enough to come by again and again.
    case apart
    /// Threads make many rows together, then a task multiplies some of them by a panel of weights.
    case byPanel
    /// Threads make many rows together, then each multiplies a position's by all weights of it, then
    /// they make the results together: for the deepest layers, whose rows fill the caches.
    case byPosition
    /// Threads make all rows together, then a task transforms the kernels of a panel, a piece at a
    /// time, and multiplies by them: for layers of few rows and many channels, which otherwise would
    /// wait for transformed weights, several times as large, to come from memory.
    case byKernels
    /// The input is the left-hand matrix.
    case inPlace
    /// Threads write lines of the grid together, then a task multiplies some of them by a block of weights.
    case byBand
  }

  let division: Division
  /// Rows at a time, a multiple of `microKernelRows`.
  let rows: Int
  /// Rows that one task prepares, and those that one multiplies by a panel.
  let preparedRows, multipliedRows: Int
  /// Whether a task prepares one block of input channels, or all.
  let preparesByBlock: Bool
  /// Panels that one task multiplies by.
  let panelsAtATime: Int
  /// Floats of scratch for transforms, of left-hand matrices, of products.
  let patchCount, aCount, mCount: Int
  /// Floats' room for kernels that are transformed at a time.
  let transformedCount: Int

  init(_ job: ConvolutionJob, panelBlocks: Int) {
    let positions = job.algorithm.positions
    let depth = job.depthBlocks * channelBlock
    let rowCount = job.leftRowCount
    let productCount = positions * panelBlocks * channelBlock
    let weights = positions * depth * job.outputBlocks * channelBlock
    let weightCount = weights * job.precision.byteCount / 4
    func fitting(_ floats: Int, _ each: Int) -> Int {
      max(microKernelRows, floats / each / microKernelRows * microKernelRows)
    }
    let all = roundUp(job.rows, toMultipleOf: microKernelRows)
    patchCount = job.patchCount
    // A row of integers has a scale for all its blocks.
    preparesByBlock = job.algorithm.isWinograd && job.precision != .int16
    let cache = Self.secondLevelFloats
    // More terms of a narrow panel are transformed at a time.
    transformedCount =
      (1...panelBlocks).map { job.transformedCount(panelBlocks: $0) }.max() ?? 0
    let panels = (job.outputBlocks + panelBlocks - 1) / panelBlocks
    switch job.algorithm {
    case .shifted:
      division = .byBand
      // Lines of a picture whose grid takes half of the second-level cache: all of it comes by for every
      // two blocks of weights, and what is read and made of it passes too.
      let (each, first) = (job.gridBytes(2) - job.gridBytes(1), job.gridBytes(1))
      rows = min(job.outputHeight, max(1, 1 + (2 * cache - first) / each))
      let together = ConvolutionJob.blocksTogether
      let groups = (job.outputBlocks + together - 1) / together
      let wanted = (Self.tasksWanted + groups - 1) / groups
      let least = (2 * ConvolutionJob.tileRows + job.gridWidth - 1) / job.gridWidth
      multipliedRows = min(rows, max(least, (rows + wanted - 1) / wanted))
      preparedRows = max(1, (job.gridLines(rows) + Self.tasksWanted - 1) / Self.tasksWanted)
      panelsAtATime = 1
      mCount = ConvolutionJob.gridScratch
      aCount = (job.gridBytes(rows) + 3) / 4
    case .pointwise where job.precision == .float32 || job.multipliesBytes:
      division = .inPlace
      let pixels = job.inputHeight * job.inputWidth
      // What a task reads, and makes of a panel, stays in the second-level cache; where pixels are few,
      // weights should come by once.
      let most = max(fitting(cache / 2, rowCount + productCount), pixels <= 256 ? 256 : 0)
      var parts = (pixels + most - 1) / most
      panelsAtATime = max(1, min(16, parts * panels / Self.tasksWanted))
      let groups = (panels + panelsAtATime - 1) / panelsAtATime
      // Tasks for several threads, each of some work.
      let work = job.pictures * pixels * depth * job.outputBlocks / (1 << 16)
      let wanted = min(Self.tasksWanted, max(1, work), (pixels + 95) / 96)
      if parts * groups < wanted { parts = (wanted + groups - 1) / groups }
      rows = roundUp((pixels + parts - 1) / parts, toMultipleOf: 2 * microKernelRows)
      (preparedRows, multipliedRows) = (rows, rows)
      aCount = 0
      mCount =
        ConvolutionJob.productRows(min(rows, ConvolutionJob.pixelsTogether)) * productCount
    default:
      let ownRows = min(96, fitting(cache * 5 / 8, rowCount + productCount))
      // Whether kernels are transformed in pieces decides how sums are divided, so it follows from one
      // picture alone.
      let keepsKernels =
        job.algorithm.isWinograd && job.algorithm != .winograd2of7
        && weights >= Self.weightsOfKernels
        && job.rows / job.pictures <= Self.rowsOfKernels
      if keepsKernels {
        division = .byKernels
        let passes = (all + Self.rowsOfKernels - 1) / Self.rowsOfKernels
        rows = roundUp((all + passes - 1) / passes, toMultipleOf: microKernelRows)
        preparedRows = preparesByBlock ? rows : min(rows, 8)
        multipliedRows = rows
        panelsAtATime = 1
        mCount = ConvolutionJob.productRows(rows) * productCount
        aCount = positions * job.leftStride(rows)
        return
      }
      // Weights that come from beyond the second-level cache must meet many rows each time.
      if ownRows >= 64 || weightCount <= cache / 2, all > 3 * ownRows {
        division = .apart
        rows = job.algorithm == .planar ? min(ownRows * 2, 240) : ownRows
        (preparedRows, multipliedRows) = (rows, rows)
        mCount = ConvolutionJob.productRows(rows) * productCount
      } else if depth <= 128 {
        division = .byPanel
        rows = min(all, fitting(1 << 20, rowCount))
        preparedRows = preparesByBlock ? rows : min(rows, 24)
        multipliedRows = min(rows, fitting(cache * 5 / 8, productCount))
        mCount = ConvolutionJob.productRows(multipliedRows) * productCount
      } else {
        division = .byPosition
        let perRow = rowCount + positions * job.outputBlocks * channelBlock
        rows = min(all, max(fitting(3 << 20, perRow), min(48, fitting(cache, depth))))
        preparedRows = preparesByBlock ? rows : min(rows, 24)
        multipliedRows = rows
        mCount =
          ConvolutionJob.productRows(rows) * positions * job.outputBlocks * channelBlock
      }
      panelsAtATime = max(1, panels * positions / 32)
      aCount = positions * job.leftStride(rows)
    }
  }

  /// Tasks of `rows` rows each.
  func taskCount(_ count: Int) -> Int { taskCount(count, of: rows) }
  func taskCount(_ count: Int, of size: Int) -> Int { (count + size - 1) / size }

  /// Scratch floats for each worker, and that workers share.
  var workspacePerWorker: Int {
    switch division {
    case .inPlace, .byBand: mCount
    case .apart: patchCount + aCount + mCount
    case .byPanel: patchCount + mCount
    case .byKernels: patchCount + mCount + transformedCount
    case .byPosition: patchCount
    }
  }
  var sharedWorkspace: Int {
    switch division {
    case .inPlace, .apart: 0
    case .byPanel, .byKernels, .byBand: aCount
    case .byPosition: aCount + mCount
    }
  }

  /// Tasks that a step is divided into where it has enough to do: many more than threads, so that these
  /// end at nearly the same time.
  private static let tasksWanted = 16

  /// Transformed weights, at least, where it is kernels that are kept: fewer stay in a near cache.
  private static let weightsOfKernels = 1 << 20

  /// Rows that kernels are transformed for at a time, at most. More rows of a picture read transformed ones.
  private static let rowsOfKernels = 420

  /// Floats in a core's second-level cache.
  static let secondLevelFloats: Int = {
    let bytes = Int(fcn_second_level_cache())
    return (bytes > 0 ? min(max(bytes, 256 << 10), 2 << 20) : 512 << 10) / 4
  }()
}

/// What a convolution is expected to cost, to choose between algorithms: nanoseconds of one core.
enum ConvolutionCost {
  static func estimate(_ job: ConvolutionJob, _ loops: LoopTable) -> Double {
    // Of one picture, so that a picture gets the same bits in whatever batch it runs.
    var job = job
    job.pictures = 1
    let positions = Double(job.algorithm.positions)
    let taps = Double(job.kernelHeight * job.kernelWidth)
    let rows = Double(roundUp(job.rows, toMultipleOf: microKernelRows))
    let outputs = Double(job.outputBlocks * channelBlock)
    let isInteger = job.precision.isInteger
    let ofIntegers = 45 * loops.integerSpeed * (job.multipliesBytes ? 2 : 1)
    let ofTiles = Double(900 / job.gridNumberBytes)
    let speed = job.algorithm == .shifted ? ofTiles : isInteger ? ofIntegers : 45
    let products = positions * rows * Double(job.depth) * outputs / speed
    let weights =
      positions * Double(job.depth) * outputs * Double(job.precision.byteCount) / 12
    let (input, output): (Double, Double) =
      switch job.algorithm {
      case .pointwise: (3, 4)
      case .planar: (0, 1)
      case .shifted: (1, 4)
      case .unfolded: (4 * taps, 4)
      case .winograd4: (job.precision == .int8 ? 40 : 90, 80)
      case .winograd6: (200, 190)
      case .winograd8: (420, 420)
      case .winograd2of7: (200, 100)
      }
    let rounding = job.precision == .int16 ? 4 * max(positions, taps) * Double(job.inputBlocks) : 0
    // Of a picture's own channels transforms make more than they read, and wait for memory.
    let waits = job.algorithm.isWinograd && job.inputChannels <= 4 ? 2.0 : 1
    let perRow =
      rounding + input * Double(job.inputBlocks) + waits * output * Double(job.outputBlocks)
    return products + weights + Double(job.rows) * perRow
  }
}
