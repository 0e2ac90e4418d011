/// What a plan for training asks of what it is to run on.
protocol TrainingBackend {
  /// A value or a gradient in memory.
  associatedtype Value
  /// A form made ready that can go back.
  associatedtype Prepared
  /// The memory of a plan's values and of its forms' scratch.
  associatedtype Memory
  /// What a layer's form works on going forward, and going back.
  associatedtype Forward
  associatedtype Backward
  /// The addition of a gradient to another.
  associatedtype Addition

  /// Names of the parameters that want gradients.
  var learned: Set<String> { get }

  /// Units of memory that a value takes, sixteen of which may be kept apart. Throws where it is more
  /// than there can be.
  func size(of value: TrainingValue) throws -> Int

  /// The form in which to train a layer. Throws where there is none.
  func prepare(
    _ layer: Layer, inputs: [TrainingValue], output: TrainingValue
  ) throws -> Prepared

  /// Memory for `units` of values, and for what `forms` need besides.
  func memory(_ units: Int, for forms: [Prepared]) throws -> Memory

  /// A value from unit `offset` on.
  func place(_ value: TrainingValue, in memory: Memory, at offset: Int) -> Value

  /// Ready-made calls of layer `index`.
  func forwardCall(
    _ index: Int, of network: Network, inputs: [Value], output: Value, _ memory: Memory
  ) throws -> Forward
  func backwardCall(
    _ index: Int, of network: Network, after forward: Forward, outputGradient: Value,
    inputGradients: [Value?]
  ) throws -> Backward
  func addition(of part: Value, to total: Value, _ memory: Memory) throws -> Addition

  // What follows is done when it returns, or handed over to be done in this order.

  func forward(_ prepared: Prepared, _ call: Forward, seed: UInt64) throws
  func backward(_ prepared: Prepared, _ call: Backward, seed: UInt64) throws
  func add(_ addition: Addition) throws

  /// Whether what is in `value`, once all is done, is finite.
  func isAllFinite(_ value: Value) throws -> Bool
}

/// A value or a gradient of a plan for training, wherever it lies.
struct TrainingValue {
  let shape: Shape
  /// Whether it is scores, or what follows from them.
  let carriesScores: Bool
}
