/// Bounds of 16-bit products: magnitudes that factors have at most, and terms that are summed as 32-bit
/// integers before they are added as float32. 128 · 4095² = 2 146 435 200 < 2³¹, so no sum overflows.
public enum IntegerProducts {
  /// The largest magnitude of a factor: 13 bits with the sign. What Winograd's transform makes of bytes may
  /// be larger, and weights must be smaller then: see `ConvolutionJob.factorBound`.
  public static let limit: Float = 4095
  /// Terms of an integer sum of such factors.
  public static let depth = 128
  /// The square of values' mean, relative to their variance, that is expected where weights are rounded to
  /// bytes.
  public static let squaredMean: Float = 0.5
}

// How the operands of a job's matrix products lie in memory.
extension ConvolutionJob {
  /// Floats' room that a row of the left-hand matrices takes in all positions.
  public var leftRowCount: Int {
    if multipliesBytes { return depthBlocks * channelBlock / 4 }
    switch precision {
    case .bfloat16 where algorithm.isWinograd:
      return algorithm.positions * depthBlocks * channelBlock / 2
    case .float32, .bfloat16: return algorithm.positions * depthBlocks * channelBlock
    case .int16, .int8: return algorithm.positions * (depthBlocks * channelBlock / 2 + 1)
    }
  }

  /// Floats' room between positions of left-hand matrices with room for `capacity` rows: an odd number
  /// of cache lines, so that the positions of a tile do not fall into the same few sets of a cache.
  ///
  /// 16-bit ones begin with a scale for every row.
  public func leftStride(_ capacity: Int) -> Int {
    if multipliesBytes { return depthBlocks * capacity * channelBlock / 4 }
    switch precision {
    case .bfloat16: return ((depthBlocks * capacity + 1) / 2 | 1) * channelBlock
    case .float32: return (depthBlocks * capacity | 1) * channelBlock
    case .int16, .int8:
      return (Self.scaleCount(capacity) / channelBlock + (depthBlocks * capacity + 1) / 2 | 1)
        * channelBlock
    }
  }

  /// Floats' room for the scales of `capacity` rows.
  public static func scaleCount(_ capacity: Int) -> Int {
    (capacity + channelBlock - 1) / channelBlock * channelBlock
  }

  /// The same between Strassen's sums of so many rows and blocks of channels.
  public static func sumStride(rows: Int, blocks: Int) -> Int { (rows * blocks | 1) * channelBlock }

  /// The same for transformed gradients by the output, [position][output block][row][16].
  public func gradientStride(_ capacity: Int) -> Int {
    let rows = outputBlocks * capacity
    return (precision == .bfloat16 ? (rows + 1) / 2 | 1 : rows | 1) * channelBlock
  }

  /// Rows between positions of products of `rows` rows: room for whole micro-kernels, and odd.
  public static func productRows(_ rows: Int) -> Int {
    (rows + microKernelRows - 1) / microKernelRows * microKernelRows | 1
  }

  /// Floats' room that packed weights take for each output channel, scales left out.
  public var packedDepth: Int {
    if algorithm == .shifted { return tileWeightBytes / channelBlock / 4 }
    if multipliesBytes { return depth / 4 }
    if keepsKernels {
      let numbers = kernelHeight * kernelWidth * depth
      return precision.isInteger ? numbers / 2 : numbers
    }
    let numbers = algorithm.positions * depth
    return precision == .float32 ? numbers : numbers / 2
  }

  /// Scales that stand before packed weights for each output channel: of the products in every
  /// position; and, where kernels are kept, what transformed kernels are multiplied by.
  public var packedScales: Int {
    // Of bytes also what zeros make of the weights.
    if algorithm == .shifted || multipliesBytes { return 2 }
    return precision.isInteger ? algorithm.positions * (keepsKernels ? 2 : 1) : 0
  }

  /// Factors that stand before the scales of packed weights: of `int16` one for every input channel, by
  /// which its values are multiplied before they are rounded and its weights are divided.
  public var inputFactorCount: Int { precision == .int16 ? inputBlocks * channelBlock : 0 }

  /// Positions whose products are summed at a time where kernels are kept, two rows of a patch: sums of all
  /// would come from memory and go there again for every piece of their terms.
  public var positionsTogether: Int { 2 * algorithm.patch }

  /// Terms of 16-bit products that are summed as integers. Where the left-hand factors are bytes, or were
  /// made of bytes, twice as many: weights are then bounded by what they add up to, see `factorBound`.
  public var integerDepth: Int {
    precision == .int8 ? 2 * IntegerProducts.depth : IntegerProducts.depth
  }

  /// The largest magnitude of what position `position` multiplies, of bytes: of F(4×4, 3×3) that which a
  /// row of Bᵀ makes of the larger of its positive and negative terms.
  public func factorBound(_ position: Int) -> Float {
    guard precision == .int8, algorithm.isWinograd else {
      return precision == .int8 ? 255 : IntegerProducts.limit
    }
    let rows: [(positive: Float, negative: Float)] = [
      (5, 5), (2, 8), (5, 5), (3, 3), (3, 3), (5, 5),
    ]
    let (down, across) = (rows[position / 6], rows[position % 6])
    return 255
      * max(
        down.positive * across.positive + down.negative * across.negative,
        down.positive * across.negative + down.negative * across.positive)
  }

  /// Terms whose kernels are transformed at a time, so that they stay in a second-level cache.
  public func transformedDepth(panelBlocks: Int) -> Int {
    let fitting = (1 << 17) / (positionsTogether * panelBlocks * channelBlock)
    let terms = max(2 * channelBlock, fitting / channelBlock * channelBlock)
    guard precision.isInteger else { return terms }
    // Whole integer sums, or even parts of one, so that none reaches across two whose bounds are known.
    var whole = integerDepth
    while whole > terms, whole > 2 * channelBlock { whole /= 2 }
    return terms / whole * whole
  }

  /// Floats of room in which a register's channels of a kernel are transformed halfway, 7×7 to a patch of
  /// eight at most.
  public static let halfwayCount = 8 * 7 * channelBlock

  /// Floats of scratch for `multiplyKernels`.
  public func transformedCount(panelBlocks: Int) -> Int {
    Self.halfwayCount + transformedKernelCount(panelBlocks: panelBlocks)
  }

  private func transformedKernelCount(panelBlocks: Int) -> Int {
    let terms = transformedDepth(panelBlocks: panelBlocks)
    let columns = panelBlocks * channelBlock
    switch precision {
    case .float32: return positionsTogether * columns * (terms + 1)
    case .bfloat16: return positionsTogether * columns * (terms / 2 + 3)
    case .int16, .int8:
      let kernels = 2 * (positionsTogether + kernelHeight * kernelWidth) * columns
      return positionsTogether * columns * (terms / 2 + 1) + kernels
    }
  }

  /// Terms that are summed in registers before they are added to memory: their part of a panel of
  /// weights stays in a near cache while all rows pass by.
  public static let depthAtATime = 256

  /// Pixels whose products are finished and activated together, so that they stay in a first-level cache.
  public static let pixelsTogether = 96

  /// Rows that are prepared in float32 before they become integers.
  public var rowsTogether: Int { algorithm.isWinograd ? 1 : 8 }

  /// Rows of a block that are prepared in float32 before they are rounded to 16 bits: an even number.
  public var bfloatRowsTogether: Int { 8 }

  /// Floats of scratch for `prepare` and `finish`.
  public var patchCount: Int {
    let patches = algorithm.isWinograd ? 2 * algorithm.patch * algorithm.patch * channelBlock : 0
    switch precision {
    case .int16:
      return patches + algorithm.positions * (depthBlocks * rowsTogether | 1) * channelBlock
    case .bfloat16 where algorithm.isWinograd:
      return patches + algorithm.positions * (bfloatRowsTogether | 1) * channelBlock
    case .float32, .int8, .bfloat16: return patches
    }
  }
}
