import FCNKernelTypes

/// Where a job's packed 16-bit weights lie: scales of the products, [position][channel]; where kernels
/// are kept, what these are multiplied by when they have been transformed, [position][channel]; then
/// [position][panel][depth / 2][channel of the panel][2], or kernels, [panel][tap][depth][channel].
struct IntegerWeights {
  private let start: UnsafePointer<Float>
  private let values: UnsafePointer<Int16>
  private let channels, depth, positions, taps: Int

  init(_ job: borrowing ConvolutionJob) { self.init(job, job.weights) }

  init(_ job: borrowing ConvolutionJob, _ weights: UnsafePointer<Float>) {
    start = weights
    channels = job.outputBlocks * channelBlock
    (depth, positions) = (job.depth, job.algorithm.positions)
    taps = job.kernelHeight * job.kernelWidth
    values = UnsafeRawPointer(weights + job.packedScales * channels)
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

/// See `KernelTable.pack`, for jobs of 16-bit integers.
func packIntegers(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let place = IntegerWeights(job, weights)
  let columns = width * channelBlock
  let outputs = min(columns, job.outputChannels - block * channelBlock)
  let (depth, positions) = (job.depth, job.algorithm.positions)
  let taps = job.kernelHeight * job.kernelWidth
  let weight = weight + block * channelBlock * job.inputChannels * taps
  // The panel alone, in float32.
  var floats = job
  (floats.precision, floats.keepsKernels, floats.outputChannels) = (.float32, false, outputs)
  withUnsafeTemporaryAllocation(of: Float.self, capacity: positions * depth * columns) { buffer in
    guard let panel = buffer.baseAddress else { return }
    func roundPositions(_ body: (_ position: Int, _ column: Int, _ factor: Float) -> Void) {
      for position in 0..<positions {
        for column in 0..<columns {
          let terms = panel + position * depth * columns + column
          let (scale, factor) = integerScale(
            greatestMagnitude(terms, depth, columns), limit: IntegerProducts.limit)
          UnsafeMutablePointer(mutating: place.scales(position, block))[column] = scale
          body(position, column, factor)
        }
      }
    }
    guard job.keepsKernels else {
      pack(&floats, weight, block: 0, panelBlocks: width, into: panel)
      return roundPositions { position, column, factor in
        let target = UnsafeMutableRawPointer(mutating: place.panel(position, block))
          .assumingMemoryBound(to: Int16.self)
        let terms = panel + position * depth * columns + column
        for k in 0..<depth {
          target[(k / 2 * columns + column) * 2 + k % 2] = nearest(terms[k * columns] * factor)
        }
      }
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: outputs * depth * taps) { buffer in
      // Kernels as they will be read, so that no transformed one exceeds the limit.
      guard let kernels = buffer.baseAddress else { return }
      let integers = UnsafeMutablePointer(mutating: place.kernels(block))
      let factors = UnsafeMutablePointer(mutating: place.factors(block))
      integers.update(repeating: 0, count: columns * depth * taps)
      for column in 0..<outputs {
        let (source, target) = (weight + column * depth * taps, kernels + column * depth * taps)
        let (scale, factor) = integerScale(
          greatestMagnitude(source, depth * taps, 1), limit: 32767)
        for k in 0..<depth {
          for tap in 0..<taps {
            let integer = nearest(source[k * taps + tap] * factor)
            integers[(tap * depth + k) * columns + column] = integer
            target[k * taps + tap] = scale * Float(integer)
          }
        }
        // For now: the kernels' own scale.
        for position in 0..<positions {
          factors[position * job.outputBlocks * channelBlock + column] = scale
        }
      }
      pack(&floats, kernels, block: 0, panelBlocks: width, into: panel)
      roundPositions { position, column, factor in
        factors[position * job.outputBlocks * channelBlock + column] *= factor
      }
    }
  }
}

/// The largest magnitude of `count` values that lie `stride` apart; NaN if there is one.
private func greatestMagnitude(
  _ values: UnsafePointer<Float>, _ count: Int, _ stride: Int
) -> Float {
  var bits: UInt32 = 0
  for i in 0..<count { bits = max(bits, values[i * stride].magnitude.bitPattern) }
  return Float(bitPattern: bits)
}

/// The integer nearest to `value`, which is of magnitude below 2¹⁵; 0 for NaN.
private func nearest(_ value: Float) -> Int16 {
  Int16(truncatingIfNeeded: Int32(bitPattern: (value + 12_582_912).bitPattern))
}
