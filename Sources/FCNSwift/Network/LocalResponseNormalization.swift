import Glibc

/// Local response normalisation across channels (Krizhevsky, Sutskever and Hinton, 2012), in Caffe's
/// and PyTorch's spelling:
/// output_c = input_c / s_c^β with s_c = k + α / size · Σ input_j², the sum going over the `size`
/// channels around c, those beyond the first and the last left out.
public struct LocalResponseNormalization: Operation {
  public static let name = "local_response_normalization"
  /// Channels that a sum goes over, odd.
  public let size: Int
  /// α.
  public let alpha: Float
  /// β.
  public let beta: Float
  /// k.
  public let bias: Float

  /// Makes the operation with AlexNet's values.
  public init(size: Int = 5, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard (1...4095).contains(size), size % 2 == 1 else {
      throw FCNError(.invalidArgument, "the size is \(size); it must be odd, 1…4095 channels")
    }
    return inputs[0]
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in LocalResponseNormalizationReference(self, inputs[0]) }
  }
}

final class LocalResponseNormalizationReference: PreparedTrainingForm {
  private let operation: LocalResponseNormalization
  private let shape: Shape

  init(_ operation: LocalResponseNormalization, _ shape: Shape) {
    self.operation = operation
    self.shape = shape
  }

  /// Two rows for every channel: of s, and of what is summed going backward.
  var workspacePerWorker: Int { 2 * shape.c * shape.w }

  func forward(_ call: ForwardCall) {
    let (input, output, beta) = (call.input, call.output, operation.beta)
    call.workers.run(shape.n * shape.h) { [self] row, scratch in
      let offset = offset(row)
      writeScales(input.pointer + offset, to: scratch)
      for c in 0..<shape.c {
        let plane = offset + c * shape.planeCount
        let scales = scratch + c * shape.w
        for x in 0..<shape.w {
          output.pointer[plane + x] = input.pointer[plane + x] * powf(scales[x], -beta)
        }
      }
    }
  }

  /// With g the upstream gradient:
  /// ∂input_c = g_c / s_c^β − 2αβ/size · input_c · Σ g_j · output_j / s_j over the channels around c.
  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    let (input, output, upstream) = (call.input, call.output, call.outputGradient)
    let beta = operation.beta
    let factor = 2 * operation.alpha * beta / Float(operation.size)
    call.workers.run(shape.n * shape.h) { [self] row, scratch in
      let offset = offset(row)
      let ratios = scratch + shape.c * shape.w
      writeScales(input.pointer + offset, to: scratch)
      for c in 0..<shape.c {
        let plane = offset + c * shape.planeCount
        for x in 0..<shape.w {
          ratios[c * shape.w + x] =
            upstream.pointer[plane + x] * output.pointer[plane + x] / scratch[c * shape.w + x]
        }
      }
      for c in 0..<shape.c {
        let plane = offset + c * shape.planeCount
        for x in 0..<shape.w {
          var sum: Float = 0
          for j in around(c) { sum += ratios[j * shape.w + x] }
          gradient.pointer[plane + x] =
            upstream.pointer[plane + x] * powf(scratch[c * shape.w + x], -beta)
            - factor * input.pointer[plane + x] * sum
        }
      }
    }
  }

  /// Where row `row` of all pictures' rows begins in the first channel.
  private func offset(_ row: Int) -> Int {
    row / shape.h * shape.pictureCount + row % shape.h * shape.w
  }

  private func around(_ c: Int) -> Range<Int> {
    let reach = operation.size / 2
    return max(0, c - reach)..<min(shape.c, c + reach + 1)
  }

  /// Writes s for every channel of a row.
  private func writeScales(_ row: UnsafePointer<Float>, to scales: UnsafeMutablePointer<Float>) {
    let share = operation.alpha / Float(operation.size)
    for c in 0..<shape.c {
      let target = scales + c * shape.w
      target.update(repeating: 0, count: shape.w)
      for j in around(c) {
        let channel = row + j * shape.planeCount
        for x in 0..<shape.w { target[x] += channel[x] * channel[x] }
      }
      for x in 0..<shape.w { target[x] = operation.bias + share * target[x] }
    }
  }
}
