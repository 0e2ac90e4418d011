/// What a plan for training asks of what it is to run on.
protocol TrainingBackend {
  /// A value or a gradient in memory.
  associatedtype Value
  /// A form made ready that can go back.
  associatedtype Prepared
  /// The memory of a plan's values and of its forms' scratch.
  associatedtype Memory

  /// Names of the parameters that want gradients.
  var learned: Set<String> { get }

  /// Decides what of `topology` is left to it: how values lie, and what layers do in one.
  func decide(_ topology: inout TrainingTopology)

  /// Units of memory that a value takes, sixteen of which may be kept apart. Throws where it is more
  /// than there can be.
  func size(of value: TrainingValue) throws -> Int

  /// The form in which to train a layer. Throws, naming it, where there is none.
  func prepare(
    _ layer: Layer, inputs: [TrainingValue], output: TrainingValue
  ) throws -> Prepared

  /// Memory for `units` of values, and for what `forms` need besides.
  func memory(_ units: Int, for forms: [Prepared]) throws -> Memory

  /// A value from unit `offset` on.
  func place(_ value: TrainingValue, in memory: Memory, at offset: Int) -> Value

  /// The passes of a layer, and the addition of a gradient to another, with all that they work on.
  func forward(_ layer: TrainedLayer<Self>) throws -> TrainingPass
  func backward(
    _ layer: TrainedLayer<Self>, outputGradient: Value, inputGradients: [Value?]
  ) throws -> TrainingPass
  func adding(_ part: Value, to total: Value, _ memory: Memory) throws -> TrainingPass

  /// Whether what is in `value` once all passes are done is finite.
  func isAllFinite(_ value: Value) throws -> Bool
}

extension TrainingBackend {
  func decide(_ topology: inout TrainingTopology) {}
}

/// Makes a pass before it returns, or hands it over to be made after those before it. Random choices
/// follow from `seed`.
typealias TrainingPass = (_ seed: UInt64) throws -> Void

/// A value or a gradient of a plan for training, wherever it lies.
struct TrainingValue {
  let shape: Shape
  /// How it lies, where the backend has several ways.
  let layout: Layout
  /// Whether it is scores, or what follows from them.
  let carriesScores: Bool
  /// Whether the layer that makes it does what the rectifier after it is for.
  let isRectified: Bool
}

/// A layer of a plan for training.
struct TrainedLayer<Backend: TrainingBackend> {
  let network: Network
  let index: Int
  let prepared: Backend.Prepared
  let inputs: [Backend.Value]
  let output: Backend.Value
  let memory: Backend.Memory

  /// The names of its parameters, in the operation's order.
  var parameters: [String] { network.parametersByLayer[index].map(\.name) }
}
