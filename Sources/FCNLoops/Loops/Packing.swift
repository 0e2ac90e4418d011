import FCNLoopTypes

/// See `LoopTable.pack`.
func pack(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>,
  block: Int, panelBlocks width: Int,
  into weights: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let panel = weights + block * channelBlock * (job.keepsKernels ? job.packedDepth : job.depth)
  let columns = width * channelBlock
  let taps = job.kernelHeight * job.kernelWidth
  forEachInput(job, weight, block: block, columns) { input, kernels, halfway in
    if job.algorithm.isWinograd, !job.keepsKernels {
      return transformKernels(
        job, kernels, tapStride: columns, columns, to: panel + input * columns,
        positionStride: job.depth * job.outputBlocks * channelBlock, halfway)
    }
    for tap in 0..<taps {
      let term =
        job.algorithm == .unfolded
        ? tap * job.inputBlocks * channelBlock + input : tap * job.inputChannels + input
      let target = panel + term * columns
      for column in 0..<columns { target[column] = kernels[tap * columns + column] }
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

/// Calls `body` for every input channel with the kernels of `columns` output channels, [tap][channel],
/// zeros where there is no such channel, and with room for `transformKernels`; `body` may change both.
/// Weights are read some at a time, as they lie in memory.
@inline(__always)
func forEachInput(
  _ job: borrowing ConvolutionJob, _ weight: UnsafePointer<Float>, block: Int, _ columns: Int,
  _ body: (
    _ input: Int, _ kernels: UnsafeMutablePointer<Float>, _ halfway: UnsafeMutablePointer<Float>
  ) -> Void
) {
  let taps = job.kernelHeight * job.kernelWidth
  let (inputs, outputs) = (job.inputChannels, job.outputChannels)
  let together = channelBlock
  withUnsafeTemporaryAllocation(
    byteCount: (ConvolutionJob.halfwayCount + together * taps * columns)
      * MemoryLayout<Float>.stride,
    alignment: 64
  ) { buffer in
    guard let halfway = buffer.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    let kernels = halfway + ConvolutionJob.halfwayCount
    for start in stride(from: 0, to: inputs, by: together) {
      let count = min(together, inputs - start)
      for column in 0..<columns {
        let output = block * channelBlock + column
        let source = weight + (output * inputs + start) * taps
        let isThere = output < outputs
        for value in 0..<count * taps {
          kernels[value * columns + column] = isThere ? source[value] : 0
        }
      }
      for index in 0..<count { body(start + index, kernels + index * taps * columns, halfway) }
    }
  }
}

/// U = G g Gᵀ, or its rows `rows`, for a row of kernels g: one depth of a panel. `halfway` has room for
/// `ConvolutionJob.halfwayCount` floats, and is aligned for registers.
@inline(__always)
func transformKernels(
  _ job: borrowing ConvolutionJob, rows: Range<Int>? = nil, _ kernels: UnsafePointer<Float>,
  tapStride: Int, _ columns: Int, to target: UnsafeMutablePointer<Float>, positionStride: Int,
  _ halfway: UnsafeMutablePointer<Float>
) {
  let all = 0..<job.algorithm.patch
  let rows = rows ?? all
  switch job.algorithm {
  case .winograd4:
    transformKernels(
      kernels, 3, tapStride, columns, to: target, rows, 6, positionStride, halfway,
      transformThreeToSix)
  case .winograd6:
    transformKernels(
      kernels, 3, tapStride, columns, to: target, rows, 8, positionStride, halfway,
      transformThreeToEight)
  case .winograd8:
    transformKernels(
      kernels, 3, tapStride, columns, to: target, rows, 10, positionStride, halfway,
      transformThreeToTen)
  case .winograd2of7:
    transformKernels(
      kernels, 7, tapStride, columns, to: target, rows, 8, positionStride, halfway,
      transformSevenToEight)
  case .pointwise, .unfolded, .planar, .shifted: break
  }
}

@inline(__always)
private func transformKernels(
  _ kernels: UnsafePointer<Float>, _ r: Int, _ tapStride: Int, _ columns: Int,
  to target: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ n: Int, _ positionStride: Int,
  _ halfway: UnsafeMutablePointer<Float>,
  _ transform: (UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>, Int) -> Void
) {
  var column = 0
  while column < columns {
    for k in 0..<r {
      transform(
        kernels + k * tapStride + column, r * tapStride, halfway + k * Lanes.scalarCount,
        r * Lanes.scalarCount)
    }
    for i in rows {
      transform(
        halfway + i * r * Lanes.scalarCount, Lanes.scalarCount,
        target + (i - rows.lowerBound) * n * positionStride + column, positionStride)
    }
    column += Lanes.scalarCount
  }
}
