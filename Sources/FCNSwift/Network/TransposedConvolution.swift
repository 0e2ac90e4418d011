/// A transposed convolution (deconvolution): the gradient of a convolution, used to upsample.
///
/// Every input value spreads weight[i, o, j, k] times itself over output rows y·stride + j − padding
/// and columns x·stride + k − padding; the output is (in − 1)·stride − 2·padding + kernel along each
/// axis. Weights are in×(out/groups)×kernel.h×kernel.w, as PyTorch's; with as many groups as
/// channels, each channel has a kernel of its own.
public struct TransposedConvolution: Operation {
  public static let name = "transposed_convolution"
  /// Channels of the output.
  public let outputChannels: Int
  /// Groups of channels that do not see each other.
  public let groups: Int
  /// Whether a bias is added to every channel.
  public let bias: Bool
  /// Whether training leaves the weights as they are, unless told to learn them.
  public let isFixed: Bool
  let window: Window

  /// Makes a transposed convolution of its settings; pairs are rows, columns.
  public init(
    _ outputChannels: Int, kernel: Extent, stride: Extent = 1, padding: Extent = 0,
    groups: Int = 1, bias: Bool = true, isFixed: Bool = false
  ) {
    self.outputChannels = outputChannels
    self.groups = groups
    self.bias = bias
    self.isFixed = isFixed
    window = Window(kernel: kernel, stride: stride, padding: padding, dilation: 1)
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
    let height = (input.h - 1) * window.stride.h - 2 * window.padding.h + window.kernel.h
    let width = (input.w - 1) * window.stride.w - 2 * window.padding.w + window.kernel.w
    return Shape(input.n, outputChannels, height, width)
  }

  /// Upsampling of channels to themselves begins bilinear; what makes other channels begins as
  /// convolutions do.
  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    let inputsSeen =
      inputChannels / max(1, groups) * max(1, window.kernel.h / max(1, window.stride.h))
      * max(1, window.kernel.w / max(1, window.stride.w))
    let weight = ParameterSpecification(
      name: "weight",
      shape: [inputChannels, outputChannels / groups, window.kernel.h, window.kernel.w],
      role: .weight,
      initializer: inputChannels == outputChannels ? .bilinear : .he(fanIn: max(1, inputsSeen)),
      rate: isFixed ? 0 : 1)
    return bias ? [weight, .bias(outputChannels)] : [weight]
  }

  public var reference: ReferenceForm {
    ReferenceForm { TransposedConvolutionReference(self, $0[0], $1) }
  }
}
