/// What a layer computes, as a value: its settings, the shapes it makes, the parameters it wants and
/// its reference form.
///
/// A new operation is one type that conforms to this, in a file of its own, with its reference form
/// beside it. It knows no backend: they conform it to what they need, `ProcessorOperation` where the
/// processor has faster forms, `DeviceOperation` on devices.
public protocol Operation: Sendable {
  /// The field's name for it, in snake case; the first part of its forms' names.
  static var name: String { get }

  /// How many inputs it takes.
  var inputCount: ClosedRange<Int> { get }

  /// The shape it makes of inputs of the given shapes; throws `shapeMismatch` where they do not fit.
  func outputShape(of inputs: [Shape]) throws -> Shape

  /// The parameters it wants when its first input has `inputChannels` channels, in a fixed order.
  func parameters(inputChannels: Int) -> [ParameterSpecification]

  /// It as its definition reads, plain and slow, with its gradient: serves all that is planar, and every
  /// faster form is tested against it.
  var reference: ReferenceForm { get }

  /// Whether it reads its first input alone, and of others takes no more than the size.
  var readsFirstInputOnly: Bool { get }

  /// Whether the output may be written over the first input.
  var mayRunInPlace: Bool { get }

  /// Whether its backward form reads its own output, so that no later layer may overwrite that.
  var backwardReadsOutput: Bool { get }
}

extension Operation {
  public var inputCount: ClosedRange<Int> { 1...1 }
  public func parameters(inputChannels: Int) -> [ParameterSpecification] { [] }
  public var readsFirstInputOnly: Bool { false }
  public var mayRunInPlace: Bool { false }
  public var backwardReadsOutput: Bool { false }
}

/// An operation carried out as its definition reads.
public struct ReferenceForm: Sendable {
  /// Makes it ready for fixed shapes.
  let make: @Sendable (_ inputs: [Shape], _ output: Shape) -> any PreparedTrainingForm

  init(_ make: @escaping @Sendable (_ inputs: [Shape], _ output: Shape) -> any PreparedTrainingForm)
  {
    self.make = make
  }
}

/// A parameter tensor that a layer wants: its name within the layer, its shape and its beginnings.
public struct ParameterSpecification: Sendable, Hashable {
  /// How a fresh model fills it.
  public enum Initializer: Sendable, Hashable {
    /// All the same value.
    case constant(Float)
    /// Normal, of deviation √(2 / fanIn) (He et al., 2015).
    case he(fanIn: Int)
    /// Of a layer that makes class scores: as `he`, or zero, as whoever makes the model chooses.
    case score(fanIn: Int)
    /// Bilinear upsampling of each channel to itself (Long, Shelhamer and Darrell, 2015).
    case bilinear
  }

  /// What training does with it.
  public enum Role: String, Sendable {
    /// Learned, with weight decay.
    case weight
    /// Learned; recipes give it its own learning rate and no decay.
    case bias
    /// A running statistic: updated by the forward pass, not by the optimizer.
    case statistic
  }

  /// `weight`, `bias`, `running_mean`… within an operation; `layer.weight` within a network.
  public var name: String
  /// Extents, in the order of PyTorch's state dicts.
  public var shape: [Int]
  /// What training does with it.
  public var role: Role
  /// How a fresh model fills it.
  public var initializer: Initializer
  /// A factor on the learning rate where the training does not name one for the layer; 0 keeps it as
  /// it is.
  public var rate: Float = 1

  /// Elements in all.
  public var count: Int { shape.reduce(1, *) }

  /// The shape as four extents, ones in front.
  var tensorShape: Shape {
    let extents = [Int](repeating: 1, count: max(0, 4 - shape.count)) + shape
    return Shape(extents[0], extents[1], extents[2], extents[3])
  }
}
