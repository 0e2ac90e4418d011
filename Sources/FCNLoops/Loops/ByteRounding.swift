import CIntrinsics
import FCNLoopTypes

/// How weights become whole numbers of 8 bits.
///
/// Neighbouring pixels of a feature map are alike, and rectified values are of one sign. So what counts is
/// less how large each weight's error is than what the errors of a kernel add up to. Each weight is rounded
/// with regard to the errors of those before it: of errors δ of a kernel's taps δᵀRδ is to be small, where R
/// are products of pixels on the average, 1 / (1 + d / 9) for a distance d, and the square of the mean. With
/// R = U D Uᵀ, U having ones on its diagonal and zeros below, that is Σₖ Dₖ (δₖ + Σᵢ Uᵢₖ δᵢ)², i < k: each
/// term is made small when its δₖ is chosen. Channels follow one another in the same way by what their errors
/// add up to. (Frantar et al., GPTQ, 2022, round weights so, with an R that is measured.)
struct ByteRounding {
  /// The square of values' mean, relative to their variance.
  private static let squaredMean: Float = 0.5

  /// The taps from the corners of a kernel to its middle, which can make good most of the others' errors.
  private let order: [Int]
  /// Uᵢₖ, [k][i], i < k, of taps in that order.
  private let shares: [Float]
  private let channels: Int

  init(_ job: borrowing ConvolutionJob) {
    channels = job.inputChannels
    let (height, width) = (job.kernelHeight, job.kernelWidth)
    let (down, across) = (job.dilationHeight, job.dilationWidth)
    let taps = height * width
    let fromMiddle = (0..<taps).map { tap in
      let (y, x) = (2 * (tap / width) + 1 - height, 2 * (tap % width) + 1 - width)
      return y * y + x * x
    }
    let order = (0..<taps).sorted { (fromMiddle[$1], $0) < (fromMiddle[$0], $1) }
    var r = [Double](repeating: 0, count: taps * taps)
    for i in 0..<taps {
      for k in 0..<taps {
        let y = (order[i] / width - order[k] / width) * down
        let x = (order[i] % width - order[k] % width) * across
        r[i * taps + k] =
          1 / (1 + Double(y * y + x * x).squareRoot() / 9) + Double(Self.squaredMean)
      }
    }
    // From the last tap to the first.
    for k in stride(from: taps - 1, to: 0, by: -1) {
      for i in 0..<k {
        let share = r[i * taps + k] / r[k * taps + k]
        for j in 0...i { r[j * taps + i] -= share * r[j * taps + k] }
        r[k * taps + i] = share
      }
    }
    self.order = order
    shares = r.map { Float($0) }
  }

  /// Calls `body` for every input channel with its weights in `columns` output channels as whole numbers,
  /// [tap][channel]: `weight` times the scales of the bytes that it multiplies, divided by `scales`, which
  /// this sets so that the largest of an output channel is 127.
  func forEachRounded(
    _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
    _ columns: Int, _ input: ByteChannels, _ scales: UnsafeMutablePointer<Float>,
    _ body: (_ input: Int, _ numbers: UnsafePointer<Float>) -> Void
  ) {
    let taps = order.count
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
          round(
            kernels + column, columns, input.scales[channel], scales + column, errors + column,
            carried + column, channelsBehind: channels - 1 - channel)
        }
        body(channel, kernels)
      }
    }
  }

  /// Makes whole numbers of the kernels of sixteen output channels, [tap][channel], `stride` from a tap to
  /// the next.
  @inline(__always)
  private func round(
    _ kernels: UnsafeMutablePointer<Float>, _ stride: Int, _ inputScale: Float,
    _ scales: UnsafePointer<Float>, _ errors: UnsafeMutablePointer<Float>,
    _ carried: UnsafeMutablePointer<Float>, channelsBehind: Int
  ) {
    let taps = order.count
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
      store(number, to: place)
      store(error, to: errors + k * stride)
      total += error
    }
    let share = Self.squaredMean / (1 + Self.squaredMean * Float(channelsBehind))
    store(fma(total, SIMD16(repeating: share), loadBlock(carried)), to: carried)
  }

  @inline(__always)
  private func store(_ values: SIMD16<Float>, to pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: values, as: SIMD16<Float>.self)
  }
}
