import FCNLoopTypes

/// A convolution (in the networks' sense, a cross-correlation) with learned weights.
///
/// output[n, o, y, x] = bias[o] + Σ weight[o, i, j, k] ·
///   input[n, i, y·stride + j·dilation − padding, x·stride + k·dilation − padding],
/// where the sum goes over the group's input channels i and the kernel, and the input is zero
/// outside. Weights are out×(in/groups)×kernel.h×kernel.w, as PyTorch's.
public struct Convolution: Operation {
  public static let name = "convolution"
  /// Channels of the output.
  public let outputChannels: Int
  /// Groups of channels that do not see each other.
  public let groups: Int
  /// Whether a bias is added to every channel.
  public let bias: Bool
  /// Whether its output is class scores, which fresh models may begin with zero.
  public let makesScores: Bool
  let window: Window

  /// Makes a convolution of its settings; pairs are rows, columns.
  public init(
    _ outputChannels: Int, kernel: Extent, stride: Extent = 1, padding: Extent = 0,
    dilation: Extent = 1, groups: Int = 1, bias: Bool = true, makesScores: Bool = false
  ) {
    self.outputChannels = outputChannels
    self.groups = groups
    self.bias = bias
    self.makesScores = makesScores
    window = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    try window.validate()
    guard groups > 0, outputChannels > 0, input.c % groups == 0, outputChannels % groups == 0 else {
      throw FCNError(
        .shapeMismatch,
        "\(input.c) input and \(outputChannels) output channels do not divide into \(groups) groups"
      )
    }
    let positions = try window.positions(height: input.h, width: input.w)
    return Shape(input.n, outputChannels, positions.h, positions.w)
  }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    let fanIn = inputChannels / groups * window.kernel.h * window.kernel.w
    let weight = ParameterSpecification(
      name: "weight",
      shape: [outputChannels, inputChannels / groups, window.kernel.h, window.kernel.w],
      role: .weight, initializer: makesScores ? .score(fanIn: fanIn) : .he(fanIn: fanIn))
    return bias ? [weight, .bias(outputChannels)] : [weight]
  }

  public var reference: ReferenceForm {
    ReferenceForm { ConvolutionReference(self, $0[0], $1) }
  }
}

extension Convolution {
  /// Scores of `classes` for every pixel, from its own features alone.
  static func scores(_ classes: Int) -> Convolution {
    Convolution(classes, kernel: 1, makesScores: true)
  }
}

extension ParameterSpecification {
  /// A bias a channel, zero at first.
  static func bias(_ channels: Int) -> ParameterSpecification {
    ParameterSpecification(
      name: "bias", shape: [channels], role: .bias, initializer: .constant(0))
  }
}
