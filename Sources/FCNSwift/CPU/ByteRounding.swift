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
///
/// The loops do the rounding (`forEachRounded`). This is made here, since their modules must have no code
/// that others may have too, such as that of arrays.
final class ByteRounding {
  /// The taps from the corners of a kernel to its middle, which can make good most of the others' errors.
  let order: UnsafePointer<Int>
  /// Uᵢₖ, [k][i], i < k, of taps in that order.
  let shares: UnsafePointer<Float>

  /// For the kernels of a job.
  init(_ job: borrowing ConvolutionJob) {
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
          1 / (1 + Double(y * y + x * x).squareRoot() / 9) + Double(IntegerProducts.squaredMean)
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
    let places = UnsafeMutablePointer<Int>.allocate(capacity: taps)
    let factors = UnsafeMutablePointer<Float>.allocate(capacity: taps * taps)
    for i in 0..<taps { places[i] = order[i] }
    for i in 0..<taps * taps { factors[i] = Float(r[i]) }
    (self.order, shares) = (UnsafePointer(places), UnsafePointer(factors))
  }

  deinit {
    order.deallocate()
    shares.deallocate()
  }
}
