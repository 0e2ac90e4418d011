public import FCNLoopTypes
import Glibc

/// A function that is applied to each value by itself, as the last step of a layer.
public typealias Activation = FCNLoopTypes.Activation

/// An operation that does nothing but apply a function to each value.
public protocol ActivationOperation: Operation {
  /// The function.
  var activation: Activation { get }
}

extension ActivationOperation {
  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
  public var mayRunInPlace: Bool { activation.derivativeFollowsFromOutput }
  public var backwardReadsOutput: Bool { activation.derivativeFollowsFromOutput }
  public var reference: ReferenceForm {
    ReferenceForm { [activation] _, _ in ActivationReference(activation) }
  }
}

final class ActivationReference: PreparedTrainingForm {
  private let activation: Activation

  init(_ activation: Activation) { self.activation = activation }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachChunk(of: call.output.shape.count, call.workers) { [activation] range in
      activation.apply(source, to: target, range)
    }
  }

  func backward(_ call: BackwardCall) { activation.backward(call, call.output.shape.count) }
}

extension Activation {
  /// What it makes of x.
  func callAsFunction(_ x: Float) -> Float {
    switch self {
    case .identity: x
    case .relu: x < 0 ? 0 : x
    case .leakyReLU(let slope): x < 0 ? slope * x : x
    case .clippedReLU(let limit): x < 0 ? 0 : x > limit ? limit : x
    case .sigmoid: 1 / (1 + expf(-x))
    case .hardSigmoid: Self.hardSigmoid(x)
    case .hardSwish: x * Self.hardSigmoid(x)
    case .silu: x / (1 + expf(-x))
    case .tanh: tanhf(x)
    case .elu(let alpha): x < 0 ? alpha * expm1f(x) : x
    case .softplus: Self.softplus(x)
    case .mish: x * tanhf(Self.softplus(x))
    case .clip(let low, let high): x < low ? low : x > high ? high : x
    case .exponential: expf(x)
    case .gelu: x * 0.5 * erfcf(-x * Float(0.5).squareRoot())
    }
  }

  /// ln(1 + eˣ), where eˣ may be more than a float holds.
  private static func softplus(_ x: Float) -> Float { (x < 0 ? 0 : x) + log1pf(expf(-abs(x))) }

  private static func hardSigmoid(_ x: Float) -> Float {
    let y = x / 6 + 0.5
    return y < 0 ? 0 : y > 1 ? 1 : y
  }

  /// target[i] = f(source[i]) for i in `range`.
  func apply(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ range: Range<Int>
  ) {
    if self == .relu {
      // The one that is nearly everywhere: a loop that the compiler turns into vectors.
      for i in range { target[i] = source[i] < 0 ? 0 : source[i] }
    } else {
      for i in range { target[i] = self(source[i]) }
    }
  }

  /// Makes the gradient by `count` values that it was applied to, however they lie.
  func backward(_ call: BackwardCall, _ count: Int) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (input, output) = (call.input.pointer, call.output.pointer)
    let upstream = call.outputGradient.pointer
    forEachChunk(of: count, call.workers) { range in
      if self == .relu {
        for i in range { gradient[i] = output[i] > 0 ? upstream[i] : 0 }
      } else {
        for i in range { gradient[i] = upstream[i] * derivative(x: input[i], y: output[i]) }
      }
    }
  }

  /// The derivative at x, where it makes y. x may be y where `derivativeFollowsFromOutput`. As
  /// PyTorch has it where the slopes on both sides differ.
  func derivative(x: Float, y: Float) -> Float {
    switch self {
    case .identity: return 1
    case .relu: return y > 0 ? 1 : 0
    case .leakyReLU(let slope): return (slope > 0 ? y : x) > 0 ? 1 : slope
    case .clippedReLU(let limit): return y > 0 && y < limit ? 1 : 0
    case .sigmoid: return y * (1 - y)
    case .hardSigmoid: return y > 0 && y < 1 ? 1 / 6 : 0
    case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5
    case .silu:
      let sigmoid = 1 / (1 + expf(-x))
      return sigmoid * (1 + x * (1 - sigmoid))
    case .tanh: return 1 - y * y
    case .elu(let alpha):
      return (alpha > 0 ? y : x) > 0 ? 1 : alpha > 0 ? y + alpha : alpha * expf(x)
    case .softplus: return -expm1f(-y)
    case .mish:
      let tangent = tanhf(Self.softplus(x))
      return tangent + x * (1 - tangent * tangent) / (1 + expf(-x))
    case .clip(let low, let high): return y > low && y < high ? 1 : 0
    case .exponential: return y
    case .gelu:
      let root = Float(0.5).squareRoot()
      return 0.5 * erfcf(-x * root) + x * expf(-x * x / 2) * root / Float.pi.squareRoot()
    }
  }
}
