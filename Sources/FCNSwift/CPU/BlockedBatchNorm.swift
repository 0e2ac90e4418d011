import CIntrinsics
import FCNLoopTypes

/// Batch normalisation of a value in channel blocks, and what a rectifier makes of it.
final class BlockedBatchNorm: PreparedTrainingForm {
  private let operation: BatchNorm
  private let shape: Shape
  private let rectifies: Bool
  /// Whether training uses the minibatch's statistics.
  private let hasStatistics: Bool
  private let sums: ChannelSums
  /// Of each channel, in whole blocks, as the last pass used them, for its backward: means, then
  /// 1 / √(variance + ε); then what values are multiplied by, and what is added.
  private let used: UnsafeMutablePointer<Float>

  init?(_ operation: BatchNorm, _ request: FormRequest) {
    rectifies = request.epilogue == Epilogue(activation: .relu)
    guard request.epilogue == Epilogue() || rectifies else { return nil }
    self.operation = operation
    shape = request.inputs[0]
    hasStatistics = BatchNorm.hasStatistics(shape)
    sums = ChannelSums(shape: shape)
    let count = 4 * sums.channels
    used = UnsafeMutableRawPointer.allocate(byteCount: 4 * count, alignment: 64)
      .initializeMemory(as: Float.self, repeating: 0, count: count)
  }

  deinit { used.deallocate() }

  /// Two sums for each channel of each part; factors of channels.
  var sharedWorkspace: Int { 2 * sums.partCount + 3 * sums.channels }

  func forward(_ call: ForwardCall) {
    let (channels, values) = (sums.channels, UnsafePointer(call.input.pointer).pixels)
    let parameters = call.parameters.map(\.pointer)
    let (means, inverses) = (used, used + channels)
    let count = Double(shape.n * shape.planeCount)
    let (mean, variance) = (parameters[2], parameters[3])
    let usesOwn = call.training && hasStatistics
    let parts = call.workers.shared
    if usesOwn {
      sums.forEachPart(of: 0..<shape.n, call.workers) { pixels, _, place in
        (parts + place).pixels.pointee = ChannelSums.sum(pixels) { values[$0] }
      }
      for c in 0..<shape.c { means[c] = Float(sums.total(parts, c) / count) }
      let centres = UnsafePointer(means).pixels
      sums.forEachPart(of: 0..<shape.n, call.workers) { pixels, block, place in
        let centre = centres[block]
        (parts + place).pixels.pointee = ChannelSums.sum(pixels) {
          let deviation = values[$0] - centre
          return deviation * deviation
        }
      }
    }
    for c in 0..<shape.c {
      if usesOwn {
        let squares = sums.total(parts, c)
        inverses[c] = 1 / (Float(squares / count) + operation.epsilon).squareRoot()
        mean[c] += operation.momentum * (means[c] - mean[c])
        variance[c] += operation.momentum * (Float(squares / (count - 1)) - variance[c])
      } else {
        means[c] = mean[c]
        inverses[c] = 1 / (variance[c] + operation.epsilon).squareRoot()
      }
      used[2 * channels + c] = inverses[c] * parameters[0][c]
      used[3 * channels + c] = parameters[1][c] - means[c] * used[2 * channels + c]
    }
    let factors = UnsafePointer(used + 2 * channels).pixels
    let shifts = UnsafePointer(used + 3 * channels).pixels
    let (results, rectifies) = (call.output.pointer.pixels, rectifies)
    sums.forEachPart(of: 0..<shape.n, call.workers) { pixels, block, _ in
      let (factor, shift) = (factors[block], shifts[block])
      for pixel in pixels {
        let result = values[pixel] * factor + shift
        results[pixel] = rectifies ? fcn_rectified_x16(result) : result
      }
    }
  }

  /// As `BatchNormReference`'s.
  func backward(_ call: BackwardCall) {
    let (shape, channels, partCount) = (shape, sums.channels, sums.partCount)
    let parts = call.workers.shared
    let values = UnsafePointer(call.input.pointer).pixels
    let upstream = call.outputGradient.pointer.pixels
    let outputs = rectifies ? UnsafePointer(call.output.pointer).pixels : nil
    let (means, inverses) = (UnsafePointer(used), UnsafePointer(used + channels))
    let centres = means.pixels
    sums.forEachPart(of: 0..<shape.n, call.workers) { pixels, block, place in
      if let outputs {
        for pixel in pixels {
          upstream[pixel] = fcn_where_positive(upstream[pixel], outputs[pixel])
        }
      }
      let centre = centres[block]
      (parts + place).pixels.pointee = ChannelSums.sum(pixels) { upstream[$0] }
      (parts + partCount + place).pixels.pointee = ChannelSums.sum(pixels) {
        upstream[$0] * (values[$0] - centre)
      }
    }
    let factors = parts + 2 * partCount
    factors.update(repeating: 0, count: 3 * channels)
    let count = Double(shape.n * shape.planeCount)
    let weight = call.parameters[0].pointer
    for c in 0..<shape.c {
      let total = sums.total(parts, c)
      let product = sums.total(parts + partCount, c) * Double(inverses[c])
      call.parameterGradients[0]?.pointer[c] = Float(product)
      call.parameterGradients[1]?.pointer[c] = Float(total)
      let scale = weight[c] * inverses[c]
      let ofInput = hasStatistics ? -scale * inverses[c] * Float(product / count) : 0
      factors[c] = scale
      factors[channels + c] = ofInput
      factors[2 * channels + c] =
        hasStatistics ? -scale * Float(total / count) - ofInput * means[c] : 0
    }
    guard let gradient = call.inputGradients[0]?.pointer.pixels else { return }
    let ofUpstream = UnsafePointer(factors).pixels
    let ofInput = UnsafePointer(factors + channels).pixels
    let constant = UnsafePointer(factors + 2 * channels).pixels
    sums.forEachPart(of: 0..<shape.n, call.workers) { pixels, block, _ in
      let (a, b, c) = (ofUpstream[block], ofInput[block], constant[block])
      for pixel in pixels { gradient[pixel] = upstream[pixel] * a + values[pixel] * b + c }
    }
  }
}
