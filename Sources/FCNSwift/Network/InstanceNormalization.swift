/// Normalisation of each channel of each picture by itself (Ulyanov et al., 2016):
/// output = (input − mean) / √(variance + ε) · weight + bias, in training and use alike.
public struct InstanceNormalization: Operation {
  public static let name = "instance_normalization"
  /// ε, which keeps the root away from zero.
  public let epsilon: Float

  /// Makes the operation with PyTorch's default.
  public init(epsilon: Float = 1e-5) { self.epsilon = epsilon }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    .channelFactorsAndOffsets(inputChannels)
  }

  public var reference: ReferenceForm {
    // Each channel is a group of its own.
    ReferenceForm { inputs, _ in
      GroupNormalizationReference(
        GroupNormalization(groups: inputs[0].c, epsilon: epsilon), inputs[0])
    }
  }
}
