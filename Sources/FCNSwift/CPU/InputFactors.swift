import FCNLoopTypes

/// What the values of input channels are multiplied by before they become 16-bit integers, and their
/// weights divided by.
///
/// A row of integers has one scale for all its channels, which the largest value decides. Where channels
/// differ in size, the weights of the larger ones are smaller as a rule, else nothing would be seen of the
/// others; so a channel k whose largest weight mₖ is below the root mean square m of all of them gets the
/// factor mₖ / m, others 1. The error of a channel's integers is multiplied by wₖ over its factor, which
/// is never much above the larger of mₖ and m: so in the worst case, channels all alike in size, squared
/// errors add up to three times as much, and where the channels differ by a thousand they are as small as if
/// they did not. A channel without weights gets 0: what it holds does not matter.
///
/// Factors are powers of two, so that they change no bits where they are not needed.
struct InputFactors {
  /// Input channels, and taps of a kernel.
  let inputs, taps: Int

  /// Smaller ones would let reciprocals overflow.
  private static let least: Float = 0x1p-60

  /// Writes the factors of `weight`, [output][input][tap], to `target`, zeros up to a whole block. The
  /// weights are read in the parts `outputs`, each of which `isDone` is told of.
  func write(
    of weight: UnsafePointer<Float>, _ outputs: [Range<Int>],
    to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool,
    isDone: @escaping (Range<Int>) -> Void
  ) {
    let (inputs, taps) = (inputs, taps)
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: outputs.count * inputs) { largest in
      guard let base = largest.baseAddress else { return }
      base.initialize(repeating: 0, count: outputs.count * inputs)
      pool.run(outputs.count) { task, _ in
        let own = base + task * inputs
        for output in outputs[task] {
          let kernels = weight + output * inputs * taps
          for input in 0..<inputs {
            for tap in 0..<taps {
              // Magnitudes compare as their bits do.
              own[input] = max(own[input], kernels[input * taps + tap].magnitude.bitPattern)
            }
          }
        }
        isDone(outputs[task])
      }
      for part in 1..<max(1, outputs.count) {
        for input in 0..<inputs { base[input] = max(base[input], base[part * inputs + input]) }
      }
      setFactors(UnsafePointer(base), to: target)
    }
  }

  private func setFactors(
    _ largest: UnsafePointer<UInt32>, to target: UnsafeMutablePointer<Float>
  ) {
    // In double precision no square of a float overflows or vanishes.
    let squares = (0..<inputs).reduce(0.0) {
      let largest = Double(Float(bitPattern: largest[$1]))
      return $0 + largest * largest
    }
    let mean = (squares / Double(inputs)).squareRoot()
    target.update(repeating: 0, count: roundUp(inputs, toMultipleOf: channelBlock))
    for input in 0..<inputs {
      let own = Double(Float(bitPattern: largest[input]))
      guard own > 0 else { continue }
      // The nearest power of two, as ratios go.
      let ratio = min(1, own / mean * 2.0.squareRoot())
      target[input] = max(Self.least, Float(ratio.binade))
    }
  }
}
