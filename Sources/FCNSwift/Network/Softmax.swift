import FCNLoopTypes
import Glibc

/// The softmax over channels at each pixel: exp(x_c) / Σ exp(x_k).
///
/// In groups, channel c belongs to group c mod `groups`, and each group has a softmax of its own: over parts
/// of as many channels as there are groups, which lie one behind the other (ResNeSt's split attention).
public struct Softmax: Operation {
  public static let name = "softmax"
  /// Into how many groups the channels are divided.
  public let groups: Int

  /// Makes the operation of its groups.
  public init(groups: Int = 1) { self.groups = groups }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard groups > 0, inputs[0].c % groups == 0 else {
      throw FCNError(
        .shapeMismatch, "\(inputs[0].c) channels do not divide into \(groups) groups")
    }
    return inputs[0]
  }
  public var mayRunInPlace: Bool { true }
  public var backwardReadsOutput: Bool { true }
  public var reference: ReferenceForm {
    ReferenceForm { [groups] _, _ in SoftmaxReference(groups: groups) }
  }
}

final class SoftmaxReference: PreparedTrainingForm {
  private let groups: Int
  /// That make the softmax; nil for the definition.
  private let loops: LoopTable?

  init(groups: Int, loops: LoopTable? = nil) { (self.groups, self.loops) = (groups, loops) }

  func forward(_ call: ForwardCall) {
    let (input, output) = (call.input, call.output)
    let shape = output.shape
    call.workers.run(shape.n * shape.h) { [groups, loops] row, _ in
      let (n, y) = (row / shape.h, row % shape.h)
      for group in 0..<groups {
        let offset = n * shape.pictureCount + group * shape.planeCount + y * shape.w
        let (scores, probabilities) = (input.pointer + offset, output.pointer + offset)
        let (channels, stride) = (shape.c / groups, groups * shape.planeCount)
        if let loops {
          loops.softmax(scores, probabilities, shape.w, channels, stride)
        } else {
          softmax(
            scores, to: probabilities, count: shape.w, channels: channels, stride: stride)
        }
      }
    }
  }

  /// ∂input_c = output_c · (g_c − Σ g_k · output_k).
  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    let (output, upstream) = (call.output, call.outputGradient)
    let shape = output.shape
    call.workers.run(shape.n * shape.h) { [groups] row, _ in
      let offset = row / shape.h * shape.pictureCount + row % shape.h * shape.w
      for x in offset..<offset + shape.w {
        for group in 0..<groups {
          let channels = stride(from: group, to: shape.c, by: groups)
          var mean: Float = 0
          for c in channels {
            let i = x + c * shape.planeCount
            mean += upstream.pointer[i] * output.pointer[i]
          }
          for c in channels {
            let i = x + c * shape.planeCount
            gradient.pointer[i] = output.pointer[i] * (upstream.pointer[i] - mean)
          }
        }
      }
    }
  }
}

/// The softmax of `count` neighbouring pixels; channels lie `stride` floats apart. The largest score
/// is taken off first, so that no exponential overflows.
func softmax(
  _ scores: UnsafePointer<Float>, to probabilities: UnsafeMutablePointer<Float>, count: Int,
  channels: Int, stride: Int
) {
  for x in 0..<count {
    var largest = scores[x]
    for c in 1..<max(channels, 1) { largest = max(largest, scores[x + c * stride]) }
    var total: Float = 0
    for c in 0..<channels {
      let value = expf(scores[x + c * stride] - largest)
      probabilities[x + c * stride] = value
      total += value
    }
    let scale = 1 / total
    for c in 0..<channels { probabilities[x + c * stride] *= scale }
  }
}
