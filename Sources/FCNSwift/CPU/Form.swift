import FCNLoopTypes

/// An operation that the processor can carry out faster than by its reference form.
protocol ProcessorOperation: Operation {
  /// Ways to do so, best first; all of them may decline.
  var fastForms: [Form] { get }
}

extension Operation {
  /// The ways to carry it out on the processor, best first; the last one is the reference form, which
  /// serves everything that has no epilogue.
  var forms: [Form] {
    ((self as? any ProcessorOperation)?.fastForms ?? [])
      + [Form("\(Self.name).reference", reference.make)]
  }
}

/// One way to carry out an operation on the processor.
struct Form: Sendable {
  /// `operation.form`, the name by which it can be switched off. Forms for different layouts may share one.
  let name: String
  /// How the values lie in memory that it takes and makes.
  let layouts: (takes: Layout, makes: Layout)
  /// Whether it has a backward pass.
  let trains: Bool
  /// Makes it ready for fixed shapes, or returns nil where it does not serve them.
  let make: @Sendable (FormRequest) -> (any PreparedForm)?

  /// A form over planar values that has nothing done after it.
  init(_ name: String, _ make: @escaping @Sendable ([Shape], Shape) -> (any PreparedTrainingForm)?)
  {
    self.init(training: name) { request in
      request.epilogue == Epilogue() ? make(request.inputs, request.output) : nil
    }
  }

  /// A form that trains.
  init(
    training name: String, takes: Layout = .planar, makes: Layout = .planar,
    _ make: @escaping @Sendable (FormRequest) -> (any PreparedTrainingForm)?
  ) {
    self.name = name
    layouts = (takes, makes)
    trains = true
    self.make = make
  }

  /// A form for use alone.
  init(
    _ name: String, takes: Layout, makes: Layout,
    _ make: @escaping @Sendable (FormRequest) -> (any PreparedForm)?
  ) {
    self.name = name
    layouts = (takes, makes)
    trains = false
    self.make = make
  }
}

/// What the bytes mean that a layer may read and make; nil of what are floats.
struct RequestedBytes {
  /// Of its first input, whether it lies there as bytes yet or not.
  var input: ByteScaling?
  var output: ByteScaling?
  /// Of what is added.
  var residual: ByteScaling?
}

/// What a form is to be made ready for.
struct FormRequest {
  let inputs: [Shape]
  /// What the operation makes, before what is done after it.
  let output: Shape
  var epilogue = Epilogue()
  let loops: LoopTable
  /// Whether 16-bit integers may be multiplied.
  var allowsIntegers = false
  /// Whether convolutions that train may multiply floats of 16 bits.
  var allowsBFloats = false
  /// What bytes mean, where a session has values between layers as bytes.
  var bytes = RequestedBytes()
  /// Whether what is made is scores, or the network's output, which are wanted planar.
  var makesScores = false

  /// What is to be made of the operation's output: all of it, or what a crop leaves; nil where the
  /// epilogue wants something else.
  var kept: Epilogue.Part? {
    guard epilogue == Epilogue(cropped: epilogue.cropped) else { return nil }
    return epilogue.cropped ?? Epilogue.Part(offset: 0, shape: output)
  }
}
