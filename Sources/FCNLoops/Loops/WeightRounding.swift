import CIntrinsics
import FCNLoopTypes

/// Calls `body` for every input channel with its weights in `columns` output channels as whole numbers,
/// [tap][channel], made as `ByteRounding` says: `weight` times the scales of the bytes that it multiplies,
/// divided by `scales`, which this sets so that the largest of an output channel is 127.
func forEachRounded(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int, _ columns: Int,
  _ input: ByteChannels, _ scales: UnsafeMutablePointer<Float>,
  _ body: (_ input: Int, _ numbers: UnsafePointer<Float>) -> Void
) {
  guard let order = job.pointee.tapOrder, let shares = job.pointee.tapShares else { return }
  let taps = job.pointee.kernelHeight * job.pointee.kernelWidth
  let inputs = job.pointee.inputChannels
  scales.update(repeating: 0, count: columns)
  forEachInput(job.pointee, weight, block: block, columns) { channel, kernels, _ in
    for value in 0..<taps * columns {
      let magnitude = (kernels[value] * input.scales[channel]).magnitude
      scales[value % columns] = max(scales[value % columns], magnitude)
    }
  }
  for column in 0..<columns { scales[column] /= 127 }
  withUnsafeTemporaryAllocation(
    byteCount: (taps + 1) * columns * MemoryLayout<Float>.stride, alignment: 64
  ) { buffer in
    guard let errors = buffer.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
    let carried = errors + taps * columns
    carried.update(repeating: 0, count: columns)
    forEachInput(job.pointee, weight, block: block, columns) { channel, kernels, _ in
      for column in stride(from: 0, to: columns, by: channelBlock) {
        roundKernels(
          taps, order, shares, kernels + column, columns, input.scales[channel], scales + column,
          errors + column, carried + column, channelsBehind: inputs - 1 - channel)
      }
      body(channel, kernels)
    }
  }
}

/// Makes whole numbers of the kernels of sixteen output channels, [tap][channel], `stride` from a tap to
/// the next.
@inline(__always)
private func roundKernels(
  _ taps: Int, _ order: UnsafePointer<Int>, _ shares: UnsafePointer<Float>,
  _ kernels: UnsafeMutablePointer<Float>, _ stride: Int, _ inputScale: Float,
  _ scales: UnsafePointer<Float>, _ errors: UnsafeMutablePointer<Float>,
  _ carried: UnsafeMutablePointer<Float>, channelsBehind: Int
) {
  var factors = SIMD16<Float>()
  for column in 0..<channelBlock where scales[column] > 1e-33 {
    factors[column] = inputScale / scales[column]
  }
  let shift = loadBlock(carried) / Float(taps)
  var total = SIMD16<Float>()
  for k in 0..<taps {
    let place = kernels + order[k] * stride
    let wanted = fma(loadBlock(place), factors, shift)
    var aim = wanted
    for i in 0..<k {
      aim = fma(SIMD16(repeating: shares[k * taps + i]), loadBlock(errors + i * stride), aim)
    }
    // Added to 1.5 · 2²³ a float is a whole number, the nearest.
    let number = (fcn_clipped_x16(aim, -127, 127) + 12_582_912) - 12_582_912
    let error = wanted - number
    storeBlock(number, to: place)
    storeBlock(error, to: errors + k * stride)
    total += error
  }
  let mean = IntegerProducts.squaredMean
  let share = mean / (1 + mean * Float(channelsBehind))
  storeBlock(fma(total, SIMD16(repeating: share), loadBlock(carried)), to: carried)
}

@inline(__always)
private func storeBlock(_ values: SIMD16<Float>, to pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: values, as: SIMD16<Float>.self)
}
