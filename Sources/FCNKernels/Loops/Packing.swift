import FCNKernelTypes

/// See `KernelTable.pack`.
func pack(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>,
  block: Int, panelBlocks width: Int,
  into weights: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let panel = weights + block * channelBlock * (job.keepsKernels ? job.packedDepth : job.depth)
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
        let isThere = output < job.outputChannels
        for tap in 0..<taps {
          kernels[tap * columns + column] = isThere ? source[tap] : 0
        }
      }
      if job.algorithm.isWinograd, !job.keepsKernels {
        transformKernels(
          job, kernels, tapStride: columns, columns, to: panel + input * columns,
          positionStride: job.depth * job.outputBlocks * channelBlock)
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

/// U = G g Gᵀ for a row of kernels g: one depth of a panel.
@inline(__always)
func transformKernels(
  _ job: borrowing ConvolutionJob, _ kernels: UnsafePointer<Float>, tapStride: Int, _ columns: Int,
  to target: UnsafeMutablePointer<Float>, positionStride: Int
) {
  switch job.algorithm {
  case .winograd4:
    transformKernels(
      kernels, 3, tapStride, columns, to: target, 6, positionStride, transformThreeToSix)
  case .winograd6:
    transformKernels(
      kernels, 3, tapStride, columns, to: target, 8, positionStride, transformThreeToEight)
  case .winograd8:
    transformKernels(
      kernels, 3, tapStride, columns, to: target, 10, positionStride, transformThreeToTen)
  case .winograd2of7:
    transformKernels(
      kernels, 7, tapStride, columns, to: target, 8, positionStride, transformSevenToEight)
  case .pointwise, .unfolded, .planar: break
  }
}

@inline(__always)
private func transformKernels(
  _ kernels: UnsafePointer<Float>, _ r: Int, _ tapStride: Int, _ columns: Int,
  to target: UnsafeMutablePointer<Float>, _ n: Int, _ positionStride: Int,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  withUnsafeTemporaryAllocation(of: Float.self, capacity: n * r * Lanes.scalarCount) { buffer in
    guard let halfway = buffer.baseAddress else { return }
    var column = 0
    while column < columns {
      for k in 0..<r {
        transform(
          kernels + k * tapStride + column, r * tapStride, halfway + k * Lanes.scalarCount,
          r * Lanes.scalarCount)
      }
      for i in 0..<n {
        transform(
          halfway + i * r * Lanes.scalarCount, Lanes.scalarCount,
          target + i * n * positionStride + column, positionStride)
      }
      column += Lanes.scalarCount
    }
  }
}
