/// What the schedule of a network asks of what it is to run on.
protocol ScheduleBackend {
  /// What may differ between values of one shape: how they lie in memory, of what numbers they are.
  associatedtype Variant: Hashable
  /// A value's shape, variant and place within a buffer.
  associatedtype Place: Equatable
  /// A form made ready.
  associatedtype Prepared

  /// In which variant the network's input comes.
  var inputVariant: Variant { get }

  /// In which variant scores are wanted that are there in these; nil where they may stay as they are.
  func scoresVariant(lying variants: some Collection<Variant>) -> Variant?

  /// Whether forms may write over their first input, where the operation may.
  var runsInPlace: Bool { get }

  /// What is not to be used; `Joining.name` among it where concatenations are to be copied.
  var disabledForms: Set<String> { get }

  /// The one of `variants` that others had better be made of; the same every time. nil for none.
  func preferred(_ variants: some Collection<Variant>) -> Variant?

  /// Whether forms may carry out layers after their own.
  var fuses: Bool { get }

  /// In which variants values that are in these may lie side by side as one, and the variant of that; nil
  /// where they cannot.
  func joined(
    _ known: [[Variant]], preferring common: [Variant]
  ) -> (parts: [Variant], whole: Variant)?

  /// The form in which to carry out a layer, and in it as many of those after it as can be. Throws
  /// where there is none.
  func choose(_ layer: ScheduledLayer<Self>) throws -> ScheduledForm<Self>

  /// What makes a value of another variant.
  func conversion(_ source: Place, _ target: Place) throws -> (formName: String, prepared: Prepared)

  /// A value at the beginning of a buffer.
  func place(_ shape: Shape, _ variant: Variant) -> Place

  /// Units of memory that a value takes, and up to its end from the beginning of its buffer.
  func size(of place: Place) -> Int
  func end(of place: Place) -> Int

  /// The part of `shape` that begins at `offset`, where a part can be seen without being copied.
  func part(of whole: Place, from offset: Extent, _ shape: Shape) -> Place?

  /// The value of `shape` that is the channels of `whole` from `first` on, where they can be seen as one.
  func channels(of whole: Place, from first: Int, _ shape: Shape) -> Place?

  /// The variant of a concatenation, where that is known before its parts are made, so that forms are
  /// chosen for the places that these have in it. nil where it follows from theirs, and forms serve any
  /// place; then they are put there afterwards.
  func concatenated(carriesScores: Bool) -> Variant?

  /// A place in the buffer that `part` takes the place of.
  func moved(_ place: Place, into part: Place) -> Place
}

extension ScheduleBackend {
  var fuses: Bool { true }

  /// All in one variant.
  func joined(
    _ known: [[Variant]], preferring common: [Variant]
  ) -> (parts: [Variant], whole: Variant)? {
    (preferred(common) ?? preferred(known.flatMap { $0 })).map { variant in
      (known.map { _ in variant }, variant)
    }
  }
}

/// A layer for which a form is to be chosen.
struct ScheduledLayer<Backend: ScheduleBackend> {
  /// What it reads or makes, and in which variants that has its place already.
  struct Operand {
    /// The layer that makes it; −1 for the network's input.
    let layer: Int
    let shape: Shape
    let known: [Backend.Variant: Backend.Place]
  }

  let layer: Layer
  /// Whether it makes scores, or what follows from them.
  let carriesScores: Bool
  /// The layer that makes the network's output.
  let lastLayer: Int
  let inputs: [Operand]
  /// What it makes by itself.
  let output: Shape
  /// What can be done with it, the most first and nothing last; what is made then, and what is added.
  let fusions: [(fusion: Fusion, output: Operand, residual: Operand?)]
}

/// The form that was chosen for a layer.
struct ScheduledForm<Backend: ScheduleBackend> {
  let fusion: Fusion
  let formName: String
  let prepared: Backend.Prepared
  /// The variants of what it reads, but for the residual, of what it makes, and of the residual.
  let takes, makes, adds: Backend.Variant
}
