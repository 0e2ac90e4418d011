import FCNKernelTypes

/// See `KernelTable.pack`.
func pack(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>,
  scale: UnsafePointer<Float>?, block: Int, panelBlocks width: Int,
  into panel: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let columns = width * channelBlock
  let taps = job.kernelHeight * job.kernelWidth
  let first = block * channelBlock
  // A kernel's taps for all channels of the panel: [tap][channel].
  withUnsafeTemporaryAllocation(of: Float.self, capacity: taps * columns) { buffer in
    guard let kernels = buffer.baseAddress else { return }
    for input in 0..<job.inputChannels {
      for column in 0..<columns {
        let output = first + column
        let source = weight + (output * job.inputChannels + input) * taps
        let factor = output < job.outputChannels ? scale?[output] ?? 1 : 0
        for tap in 0..<taps {
          kernels[tap * columns + column] = factor == 0 ? 0 : source[tap] * factor
        }
      }
      if job.algorithm.isWinograd {
        transformKernels(job, kernels, columns, to: panel + input * columns)
      } else {
        for tap in 0..<taps {
          let term =
            job.algorithm == .unfolded
            ? tap * job.inputBlocks * channelBlock + input : tap * job.inputChannels + input
          let target = panel + term * columns
          for column in 0..<columns { target[column] = kernels[tap * columns + column] }
        }
      }
    }
  }
  guard job.algorithm == .unfolded else { return }
  for tap in 0..<taps {
    for input in job.inputChannels..<job.inputBlocks * channelBlock {
      let target = panel + (tap * job.inputBlocks * channelBlock + input) * columns
      for column in 0..<columns { target[column] = 0 }
    }
  }
}

/// U = G g Gᵀ for a row of kernels g, one depth of the panel.
private func transformKernels(
  _ job: borrowing ConvolutionJob, _ kernels: UnsafePointer<Float>, _ columns: Int,
  to target: UnsafeMutablePointer<Float>
) {
  let positionStride = job.depth * job.outputBlocks * channelBlock
  let points = InterpolationPoints(positions: job.algorithm.positions)
  let (n, r) = (points.count + 1, job.kernelWidth)
  withUnsafeTemporaryAllocation(of: Float.self, capacity: n * r * Lanes.scalarCount) { buffer in
    guard let halfway = buffer.baseAddress else { return }
    var column = 0
    while column < columns {
      for k in 0..<r {
        apply(
          points, r, kernels + k * columns + column, r * columns,
          halfway + k * Lanes.scalarCount, r * Lanes.scalarCount)
      }
      for i in 0..<n {
        apply(
          points, r, halfway + i * r * Lanes.scalarCount, Lanes.scalarCount,
          target + i * n * positionStride + column, positionStride)
      }
      column += Lanes.scalarCount
    }
  }
}

/// G applied to `r` values that lie `from` apart.
@inline(__always)
private func apply(
  _ points: InterpolationPoints, _ r: Int, _ source: UnsafePointer<Float>, _ from: Int,
  _ target: UnsafeMutablePointer<Float>, _ to: Int
) {
  let last = load(source + (r - 1) * from)
  for i in 0..<points.count {
    var sum = last
    var k = r - 2
    while k >= 0 {
      sum = fma(points.points[i], sum, load(source + k * from))
      k -= 1
    }
    store(Lanes(repeating: points.factors[i]) * sum, to: target + i * to)
  }
  store(last, to: target + points.count * to)
}
