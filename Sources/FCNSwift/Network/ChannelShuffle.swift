/// Channels in another order, so that groups mix (Zhang et al., 2018): channel i of group g becomes the
/// g-th of the i-th `groups` channels, as PyTorch's `channel_shuffle` has it.
public struct ChannelShuffle: Operation {
  public static let name = "channel_shuffle"
  /// Into how many groups the input's channels are divided.
  public let groups: Int

  /// Makes the operation of its groups.
  public init(groups: Int) { self.groups = groups }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    guard groups > 0, inputs[0].c % groups == 0 else {
      throw FCNError(
        .shapeMismatch, "\(inputs[0].c) channels do not divide into \(groups) groups")
    }
    return inputs[0]
  }

  public var reference: ReferenceForm {
    ReferenceForm { [groups] inputs, _ in ChannelShuffleReference(groups, inputs[0]) }
  }
}

final class ChannelShuffleReference: PreparedTrainingForm {
  private let groups: Int
  private let shape: Shape

  init(_ groups: Int, _ shape: Shape) { (self.groups, self.shape) = (groups, shape) }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    let count = shape.planeCount
    call.workers.run(shape.n * shape.c) { [self] plane, _ in
      (target + place(of: plane) * count).update(from: source + plane * count, count: count)
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (upstream, count) = (call.outputGradient.pointer, shape.planeCount)
    call.workers.run(shape.n * shape.c) { [self] plane, _ in
      (gradient + plane * count).update(from: upstream + place(of: plane) * count, count: count)
    }
  }

  /// Where the output has plane `plane` of the input.
  private func place(of plane: Int) -> Int {
    let (picture, channel) = (plane / shape.c, plane % shape.c)
    let size = shape.c / groups
    return picture * shape.c + channel % size * groups + channel / size
  }
}
