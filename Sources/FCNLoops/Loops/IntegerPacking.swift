import CIntrinsics
import FCNLoopTypes

/// Where a job's packed 16-bit weights lie: factors of input channels, if the job has them; scales of
/// the products, [position][channel]; where kernels are kept, what these are multiplied by when they
/// have been transformed, [position][channel]; then [position][panel][depth / 2][channel of the
/// panel][2], or kernels, [panel][depth][block of the panel][tap][16].
struct IntegerWeights {
  /// See `ConvolutionJob.inputFactorCount`.
  let inputFactors: UnsafePointer<Float>
  private let start: UnsafePointer<Float>
  private let values: UnsafePointer<Int16>
  private let channels, depth, positions, taps: Int

  init(_ job: borrowing ConvolutionJob) { self.init(job, job.weights) }

  init(_ job: borrowing ConvolutionJob, _ weights: UnsafePointer<Float>) {
    inputFactors = weights
    start = weights + job.inputFactorCount
    channels = job.outputBlocks * channelBlock
    (depth, positions) = (job.depth, job.algorithm.positions)
    taps = job.kernelHeight * job.kernelWidth
    values = UnsafeRawPointer(start + job.packedScales * channels)
      .assumingMemoryBound(to: Int16.self)
  }

  /// Scales of a position's products from output block `block` on.
  func scales(_ position: Int, _ block: Int) -> UnsafePointer<Float> {
    start + position * channels + block * channelBlock
  }

  /// Factors of all positions, `channels` apart, from output block `block` on.
  func factors(_ block: Int) -> UnsafePointer<Float> { scales(positions, block) }

  /// The panel of a position that begins with output block `block`.
  func panel(_ position: Int, _ block: Int) -> UnsafeRawPointer {
    UnsafeRawPointer(values + position * channels * depth + block * channelBlock * depth)
  }

  /// The kernels of the panel that begins with output block `block`.
  func kernels(_ block: Int) -> UnsafePointer<Int16> {
    values + block * channelBlock * taps * depth
  }
}

/// See `LoopTable.pack`, for jobs of 16-bit integers.
func packIntegers(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  IntegerPacking(job.pointee, weight, block: block, panelBlocks: width, into: weights).run()
}

/// One panel, in as many passes over its weights as it takes to know the scales: nothing larger than a
/// few kernels is kept in between.
private struct IntegerPacking {
  private let job: ConvolutionJob
  private let weight: UnsafePointer<Float>
  private let block, columns, taps, positions: Int
  private let place: IntegerWeights
  /// Rows of values that an input channel has: transformed, or a kernel's taps.
  private var rows: Int { job.algorithm.isWinograd ? positions : taps }

  init(
    _ job: ConvolutionJob, _ weight: UnsafePointer<Float>, block: Int, panelBlocks width: Int,
    into weights: UnsafeMutablePointer<Float>
  ) {
    (self.job, self.weight, self.block) = (job, weight, block)
    columns = width * channelBlock
    taps = job.kernelHeight * job.kernelWidth
    positions = job.algorithm.positions
    place = IntegerWeights(job, weights)
  }

  func run() {
    let (all, own) = (positions * columns, rows * columns)
    withUnsafeTemporaryAllocation(
      byteCount: (4 * all + 2 * columns + 2 * own) * MemoryLayout<Float>.stride, alignment: 64
    ) { buffer in
      guard let base = buffer.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
      let (largest, factors) = (base, base + all)
      let (sums, greatestSums) = (base + 2 * all, base + 3 * all)
      let (kernelScales, kernelFactors) = (base + 4 * all, base + 4 * all + columns)
      let values = base + 4 * all + 2 * columns
      if job.keepsKernels {
        largest.update(repeating: 0, count: columns)
        each { _, kernels, _ in widen(largest, kernels, taps, sharing: true) }
        setScales(largest, columns, limit: { _ in 32767 }, kernelScales, kernelFactors)
      }
      largest.update(repeating: 0, count: all)
      sums.update(repeating: 0, count: 2 * all)
      each { input, kernels, halfway in
        if job.keepsKernels { roundKernels(kernels, kernelFactors) }
        let values = transformed(kernels, values, halfway)
        widen(largest, values, rows, sharing: !job.algorithm.isWinograd)
        if mayOverflow { sum(values, input, sums, greatestSums) }
      }
      for position in 0..<positions {
        let scales = UnsafeMutablePointer(mutating: place.scales(position, block))
        let start = position * columns
        setScales(
          largest + start, columns,
          limit: { limit(position, largest[start + $0], greatestSums[start + $0]) }, scales,
          factors + start)
        guard job.keepsKernels else { continue }
        for column in 0..<columns { scales[column] *= kernelScales[column] }
        let stride = job.outputBlocks * channelBlock
        UnsafeMutablePointer(mutating: place.factors(block) + position * stride)
          .update(from: factors + position * columns, count: columns)
      }
      if job.keepsKernels {
        storeKernels(kernelFactors)
      } else {
        storePairs(factors, values)
      }
    }
  }

  /// Whether a sum of `integerDepth` products might not fit 32 bits.
  private var mayOverflow: Bool { job.precision == .int8 && job.algorithm.isWinograd }

  /// Adds the magnitudes of an input channel's values, of which as many as make an integer sum belong
  /// together, and keeps the largest of such sums.
  private func sum(
    _ values: UnsafePointer<Float>, _ input: Int, _ sums: UnsafeMutablePointer<Float>,
    _ greatest: UnsafeMutablePointer<Float>
  ) {
    let begins = input % job.integerDepth == 0
    for index in 0..<rows * columns {
      sums[index] = (begins ? 0 : sums[index]) + values[index].magnitude
      greatest[index] = max(greatest[index], sums[index])
    }
  }

  /// The largest magnitude that integers may have in a column whose values are `largest` at most and, as
  /// many as make an integer sum, `sum` together. Each may be rounded up by half.
  private func limit(_ position: Int, _ largest: Float, _ sum: Float) -> Float {
    guard mayOverflow, largest > 0 else { return IntegerProducts.limit }
    let room = 0x7FFF_FF00 / job.factorBound(position) - Float(job.integerDepth) / 2
    return min(IntegerProducts.limit, room * (largest / sum))
  }

  @inline(__always)
  private func each(
    _ body: (
      _ input: Int, _ kernels: UnsafeMutablePointer<Float>, _ halfway: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    forEachInput(job, weight, block: block, columns) { input, kernels, halfway in
      if let scales = job.inputBytes?.scales {
        for value in 0..<taps * columns { kernels[value] *= scales[input] }
      }
      if job.inputFactorCount > 0 {
        let factor = place.inputFactors[input]
        let reciprocal = factor > 0 ? 1 / factor : 0
        for value in 0..<taps * columns { kernels[value] *= reciprocal }
      }
      body(input, kernels, halfway)
    }
  }

  /// Calls `body` for every sixteen columns.
  @inline(__always)
  private func eachBlock(_ body: (_ column: Int) -> Void) {
    for column in stride(from: 0, to: columns, by: channelBlock) { body(column) }
  }

  /// What is multiplied of an input channel's kernels: [position][column], or themselves.
  @inline(__always)
  private func transformed(
    _ kernels: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>,
    _ halfway: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    guard job.algorithm.isWinograd else { return UnsafePointer(kernels) }
    transformKernels(
      job, kernels, tapStride: columns, columns, to: values, positionStride: columns, halfway)
    return UnsafePointer(values)
  }

  /// Raises `largest` to the magnitudes of `count` rows of `values`; the rows have one each, or share
  /// one.
  @inline(__always)
  private func widen(
    _ largest: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, _ count: Int,
    sharing: Bool
  ) {
    for row in 0..<count {
      eachBlock { column in
        let target = largest + (sharing ? 0 : row) * columns + column
        UnsafeMutableRawPointer(target).storeBytes(
          of: greaterMagnitudes(
            UnsafeRawPointer(target).load(as: SIMD16<Int32>.self),
            loadBlock(values + row * columns + column)), as: SIMD16<Int32>.self)
      }
    }
  }

  private func setScales(
    _ largest: UnsafePointer<Float>, _ count: Int, limit: (Int) -> Float,
    _ scales: UnsafeMutablePointer<Float>, _ factors: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count { (scales[i], factors[i]) = integerScale(largest[i], limit: limit(i)) }
  }

  /// Makes an input channel's kernels whole numbers, which is how they will be read.
  @inline(__always)
  private func roundKernels(
    _ kernels: UnsafeMutablePointer<Float>, _ factors: UnsafePointer<Float>
  ) {
    for tap in 0..<taps {
      eachBlock { column in
        let target = kernels + tap * columns + column
        let integers = fcn_low_halves(rounded(loadBlock(target) * loadBlock(factors + column)))
        UnsafeMutableRawPointer(target).storeBytes(
          of: fcn_floats_of_halves(integers), as: SIMD16<Float>.self)
      }
    }
  }

  private func storeKernels(_ factors: UnsafePointer<Float>) {
    let target = UnsafeMutablePointer(mutating: place.kernels(block))
    each { input, kernels, _ in
      for tap in 0..<taps {
        eachBlock { column in
          let integers = fcn_low_halves(
            rounded(loadBlock(kernels + tap * columns + column) * loadBlock(factors + column)))
          let place = (input * columns + column) * taps + tap * channelBlock
          UnsafeMutableRawPointer(target + place)
            .storeBytes(of: integers, as: SIMD16<Int16>.self)
        }
      }
    }
  }

  /// Input channels are in whole blocks, so both terms of a pair are of the same tap.
  private func storePairs(
    _ factors: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>
  ) {
    let rows = rows
    each { input, kernels, halfway in
      let half = values + input % 2 * rows * columns
      let source = transformed(kernels, half, halfway)
      if !job.algorithm.isWinograd { half.update(from: source, count: rows * columns) }
      guard input % 2 == 1 else { return }
      for row in 0..<rows {
        let (position, tap) = job.algorithm.isWinograd ? (row, 0) : (0, row)
        let pair = (tap * job.inputChannels + input) / 2
        let target = UnsafeMutableRawPointer(mutating: place.panel(position, block))
        eachBlock { column in
          let factor = loadBlock(factors + position * columns + column)
          let low = values + row * columns + column
          let high = low + rows * columns
          (target + (pair * columns + column) * MemoryLayout<Int32>.stride).storeBytes(
            of: pairs(loadBlock(low) * factor, loadBlock(high) * factor),
            as: SIMD16<Int32>.self)
        }
      }
    }
  }
}
