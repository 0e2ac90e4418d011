import CIntrinsics
import FCNLoopTypes

/// Makes bytes of a block's sums at once: all that is done to them in between, a scale, a bias, what
/// is added of other bytes, the rectifier, and the bytes' own scale, is one product and one sum a value.
struct ByteSteps {
  private let factors, offsets, addedFactors: SIMD16<Float>
  /// The byte that stands for 0 where there is a rectifier.
  private let least: SIMD16<Float>
  private let output: UnsafeMutableRawPointer
  private let added: UnsafeRawPointer?
  private let notFinite: UnsafeMutablePointer<Int32>?

  /// nil for jobs that make or add floats or have other activations, and where a value could be infinite:
  /// bytes do not show that, so someone has to look at it.
  /// `scales` are what sums are multiplied by, `largest` what no sum is above in magnitude.
  init?(
    _ job: borrowing ConvolutionJob, _ block: Int, scales: SIMD16<Float>, largest: SIMD16<Float>
  ) {
    let (residual, residualBytes) = (job.residual, job.residualBytes)
    guard let bytes = job.outputBytes, !job.activates, residual == nil || residualBytes != nil
    else { return nil }
    let channel = block * channelBlock
    let toSteps = loadBlock(bytes.factors + channel)
    let zeros = loadBlock(bytes.zeros + channel)
    var bias = loadBlock(job.bias + channel)
    var addedScales = SIMD16<Float>()
    if residual != nil, let residualBytes {
      addedScales = loadBlock(residualBytes.scales + channel)
      bias -= loadBlock(residualBytes.zeros + channel) * addedScales
    }
    factors = scales * toSteps
    addedFactors = addedScales * toSteps
    offsets = fma(bias, toSteps, zeros)
    least = job.rectifies ? zeros : SIMD16()
    output = UnsafeMutableRawPointer(job.output)
    added = residual.map { UnsafeRawPointer($0) }
    notFinite = job.notFinite
    // Bytes are below 256.
    let values = magnitudes(scales) * largest + magnitudes(bias) + magnitudes(addedScales) * 256
    let steps =
      magnitudes(factors) * largest + magnitudes(offsets) + magnitudes(addedFactors) * 256
    guard fcn_are_finite_x16(values) != 0, fcn_are_finite_x16(steps) != 0 else { return nil }
  }

  /// What `keep` wrote as number `index`; nothing is added.
  @inline(__always)
  init(_ job: borrowing ConvolutionJob, keptAt place: UnsafePointer<Float>, _ index: Int) {
    let place = place + 3 * index * channelBlock
    (factors, offsets) = (loadBlock(place), loadBlock(place + channelBlock))
    least = loadBlock(place + 2 * channelBlock)
    addedFactors = SIMD16()
    output = UnsafeMutableRawPointer(job.output)
    (added, notFinite) = (nil, nil)
  }

  @inline(__always)
  func keep(at place: UnsafeMutablePointer<Float>, _ index: Int) {
    let place = UnsafeMutableRawPointer(place + 3 * index * channelBlock)
    let bytes = channelBlock * MemoryLayout<Float>.stride
    place.storeBytes(of: factors, as: SIMD16<Float>.self)
    (place + bytes).storeBytes(of: offsets, as: SIMD16<Float>.self)
    (place + 2 * bytes).storeBytes(of: least, as: SIMD16<Float>.self)
  }

  /// Of a sum that is a float, element `element` and the following. Nothing is added.
  @inline(__always)
  func store(_ sum: SIMD16<Float>, _ element: Int) {
    fcn_store_steps(fma(sum, factors, offsets), least, output + element)
  }

  /// Of the sums of `count` pixels, the first of which is element `element` of the output.
  @inline(__always)
  func store(_ sums: UnsafePointer<Int32>, count: Int, _ element: Int) {
    let target = output + element
    if let added {
      let added = added + element
      for row in 0..<count {
        let other = fma(fcn_load_bytes_x16(added + row * channelBlock), addedFactors, offsets)
        fcn_store_steps(
          fma(value(sums, row), factors, other), least, target + row * channelBlock)
      }
    } else {
      for row in 0..<count {
        fcn_store_steps(
          fma(value(sums, row), factors, offsets), least, target + row * channelBlock)
      }
    }
  }

  /// The same of sums that are floats, `stride` from a pixel's to the next. It is looked whether they are
  /// finite. Nothing is added.
  @inline(__always)
  func store(floats sums: UnsafePointer<Float>, stride: Int, count: Int, _ element: Int) {
    var differences = SIMD16<Float>()
    for row in 0..<count {
      let sum = loadBlock(sums + row * stride)
      differences += sum - sum
      store(sum, element + row * channelBlock)
    }
    // What is infinite or NaN less itself is NaN.
    if let notFinite, fcn_are_finite_x16(differences) == 0 { fcn_raise(notFinite) }
  }

  @inline(__always)
  private func value(_ sums: UnsafePointer<Int32>, _ row: Int) -> SIMD16<Float> {
    fcn_floats_of_words(UnsafeRawPointer(sums + row * channelBlock).load(as: SIMD16<Int32>.self))
  }
}

@inline(__always)
func magnitudes(_ a: SIMD16<Float>) -> SIMD16<Float> {
  a.replacing(with: -a, where: a .< 0)
}
