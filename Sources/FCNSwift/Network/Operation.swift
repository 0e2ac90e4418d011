import FCNKernelTypes

/// What a layer computes, as a value: its settings, the shapes it makes, the parameters it wants and
/// the forms in which it can be carried out.
///
/// A new operation is one type that conforms to this, in a file of its own, with its reference form
/// beside it.
public protocol Operation: Sendable {
  /// The field's name for it, in snake case; the first part of its forms' names.
  static var name: String { get }

  /// How many inputs it takes.
  var inputCount: ClosedRange<Int> { get }

  /// The shape it makes of inputs of the given shapes; throws `shapeMismatch` where they do not fit.
  func outputShape(of inputs: [Shape]) throws -> Shape

  /// The parameters it wants when its first input has `inputChannels` channels, in a fixed order.
  func parameters(inputChannels: Int) -> [ParameterSpecification]

  /// The ways to carry it out, best first; the last one is the reference form and supports all.
  var forms: [Form] { get }

  /// The ways to carry it out on a device, best first.
  var deviceForms: [DeviceForm] { get }

  /// How it is trained on a device; nil where it cannot be.
  var deviceTraining: DeviceTrainingForm? { get }

  /// Whether the output may be written over the first input.
  var mayRunInPlace: Bool { get }

  /// Whether its backward form reads its own output, so that no later layer may overwrite that.
  var backwardReadsOutput: Bool { get }
}

extension Operation {
  public var inputCount: ClosedRange<Int> { 1...1 }
  public func parameters(inputChannels: Int) -> [ParameterSpecification] { [] }
  public var deviceForms: [DeviceForm] { [] }
  public var deviceTraining: DeviceTrainingForm? { nil }
  public var mayRunInPlace: Bool { false }
  public var backwardReadsOutput: Bool { false }
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

/// One way to carry out an operation.
public struct Form: Sendable {
  /// `operation.form`, the name by which it can be switched off.
  public let name: String
  /// How the values lie in memory that it takes and makes.
  let layouts: (takes: Layout, makes: Layout)
  /// Whether it has a backward pass.
  let trains: Bool
  /// Makes it ready for fixed shapes, or returns nil where it does not serve them.
  let make: @Sendable (FormRequest) -> (any Kernel)?

  /// A form over planar values that has nothing done after it.
  init(_ name: String, _ make: @escaping @Sendable ([Shape], Shape) -> (any Kernel)?) {
    self.init(name, takes: .planar, makes: .planar, trains: true) { request in
      request.epilogue == Epilogue() ? make(request.inputs, request.output) : nil
    }
  }

  init(
    _ name: String, takes: Layout, makes: Layout, trains: Bool = false,
    _ make: @escaping @Sendable (FormRequest) -> (any Kernel)?
  ) {
    self.name = name
    layouts = (takes, makes)
    self.trains = trains
    self.make = make
  }
}

/// What a form is to be made ready for.
struct FormRequest {
  let inputs: [Shape]
  /// What the operation makes, before what is done after it.
  let output: Shape
  var epilogue = Epilogue()
  let loops: KernelTable
  /// Whether 16-bit integers may be multiplied.
  var allowsIntegers = false

  /// What is to be made of the operation's output: all of it, or what a crop leaves; nil where the
  /// epilogue wants something else.
  var kept: Epilogue.Window? {
    guard epilogue == Epilogue(cropped: epilogue.cropped) else { return nil }
    return epilogue.cropped ?? Epilogue.Window(offset: 0, shape: output)
  }
}

/// What later layers do to the output of a convolution, or of a transposed one, that it can do itself
/// while it is at hand.
struct Epilogue: Hashable {
  /// Adds another value of the same shape.
  var addsResidual = false
  /// Rectifies.
  var rectifies = false
  /// Takes the largest of each 2×2, to this shape.
  var pooled: Shape?
  /// Keeps but a part.
  var cropped: Window?

  /// The part of a value that has `shape`, from row `offset.h` and column `offset.w` on.
  struct Window: Hashable {
    let offset: Extent
    let shape: Shape
  }
}
