/// A network made concrete for use on one input shape: which forms run one after the other, what each
/// covers, and where the values between them are. The same for every backend.
struct NetworkSchedule<Backend: ScheduleBackend> {
  /// What a step reads or writes.
  struct Value {
    let variant: Backend.Variant
    var place: Backend.Place
    var buffer: Int
  }

  /// One prepared form.
  struct Step {
    /// The layers whose parameters it has, the first of all and those of others that it covers; none where
    /// it only changes a value's variant.
    let layers: [Int]
    /// The first's name, and those of the layers after it that it covers too.
    let name: String
    let formName: String
    let prepared: Backend.Prepared
    /// Indices of values.
    let inputs: [Int]
    let output: Int
  }

  let network: Network
  private(set) var values: [Value] = []
  private(set) var steps: [Step] = []
  /// The value that holds the network's scores.
  private(set) var output = 0
  private var bufferCount = 0
  /// The value of each layer's output (−1: the input's) in each variant that exists of it.
  private var valueOf: [Int: [Backend.Variant: Int]] = [:]
  private let homes: ConcatenationHomes<Backend>
  /// The buffers of concatenations whose parts have homes, from the first part on.
  private var homeBuffers: [Int: Int] = [:]
  /// Layers whose values are others' too, which nothing may be written over.
  private var shared: Set<Int> = []
  private let backend: Backend
  private let inputShape: Shape
  private let shapes: [Shape]
  private let readers: [[Int]]
  private let carriesScores: [Bool]

  init(_ network: Network, inputShape: Shape, _ backend: Backend) throws {
    self.network = network
    self.backend = backend
    self.inputShape = inputShape
    shapes = try network.shapes(for: inputShape)
    readers = network.readers
    carriesScores = network.carriesScores
    homes = ConcatenationHomes(network, shapes, inputShape: inputShape, backend)
    valueOf[-1] = [backend.inputVariant: add(backend.inputVariant, inputShape)]
    var covered: Set<Int> = []
    for index in network.layers.indices where !covered.contains(index) {
      if try takesNoStep(index) { continue }
      covered.formUnion(try append(index))
    }
    let last = network.layers.count - 1
    output = try value(of: last, in: backend.scoresVariant(lying: (valueOf[last] ?? [:]).keys))
  }

  /// The layer whose values are the network's scores.
  private var scoringLayer: Int {
    var last = network.layers.count - 1
    while last >= 0, network.layers[last].operation is Dropout {
      last = network.inputIndices[last][0]
    }
    return last
  }

  private func shape(_ layer: Int) -> Shape { layer < 0 ? inputShape : shapes[layer] }

  /// Whether layer `index` is but another name for values that are there, or parts of them, or all of
  /// them side by side; then that is noted.
  private mutating func takesNoStep(_ index: Int) throws -> Bool {
    let operation = network.layers[index].operation
    let sources = network.inputIndices[index]
    if operation is Dropout {
      // Nothing happens outside training.
      valueOf[index] = valueOf[sources[0]]
      shared.formUnion([index, sources[0]])
      return true
    }
    if let crop = operation as? Crop {
      let whole = values[try value(of: sources[0])]
      guard let part = backend.part(of: whole.place, from: crop.offset, shapes[index]) else {
        return false
      }
      valueOf[index] = [whole.variant: add(whole.variant, part, in: whole.buffer)]
      shared.formUnion([index, sources[0]])
      return true
    }
    guard operation is Concatenation, !backend.disabledForms.contains(Joining.name) else {
      return false
    }
    return try complete(index, sources) || join(index, sources)
  }

  /// Adds the step of layer `index`, as many of those after it covered as a form can; returns these.
  private mutating func append(_ index: Int) throws -> [Int] {
    let layer = network.layers[index]
    let sources = network.inputIndices[index]
    let operands = layer.operation.readsFirstInputOnly ? [sources[0]] : sources
    let fusions =
      backend.fuses
      ? Fusion.candidates(network, index, shapes, readers, made: { valueOf[$0] != nil }) : []
    let choice = try backend.choose(
      ScheduledLayer(
        layer: layer, carriesScores: carriesScores[index],
        lastLayer: scoringLayer, inputs: operands.map(operand), output: shapes[index],
        fusions: (fusions + [Fusion(last: index)]).map { fusion in
          (fusion, result(of: fusion.last), fusion.residual.map(operand))
        }))
    let fusion = choice.fusion
    var inputs = try operands.map { try value(of: $0, in: choice.takes) }
    if let residual = fusion.residual { inputs.append(try value(of: residual, in: choice.adds)) }
    let source = sources[0]
    let reusesInput =
      backend.runsInPlace && layer.operation.mayRunInPlace && source >= 0
      && readers[source] == [index] && valueOf[source]?.count == 1 && !shared.contains(source)
    let made =
      reusesInput
      ? add(choice.makes, values[inputs[0]].place, in: values[inputs[0]].buffer)
      : add(choice.makes, of: fusion.last)
    valueOf[fusion.last] = [choice.makes: made]
    steps.append(
      Step(
        layers: [index] + (fusion.depthwise.map { [$0.layer] } ?? []),
        name: ([index] + fusion.covered).map { network.layers[$0].name }.joined(separator: " + "),
        formName: choice.formName, prepared: choice.prepared, inputs: inputs, output: made))
    return fusion.covered
  }

  private func operand(_ layer: Int) -> ScheduledLayer<Backend>.Operand {
    ScheduledLayer<Backend>.Operand(
      layer: layer, shape: shape(layer),
      known: (valueOf[layer] ?? [:]).mapValues { values[$0].place })
  }

  /// A value of a layer's output, in `variant` if one is named; made of another where there is none yet.
  private mutating func value(of layer: Int, in variant: Backend.Variant? = nil) throws -> Int {
    let known = valueOf[layer] ?? [:]
    guard let first = backend.preferred(known.keys), let source = known[first] else {
      throw network.lostValue(of: layer)
    }
    guard let variant else { return source }
    if let value = known[variant] { return value }
    let changed = add(variant, shape(layer))
    let (formName, prepared) = try backend.conversion(values[source].place, values[changed].place)
    valueOf[layer, default: [:]][variant] = changed
    steps.append(
      Step(
        layers: [], name: layer < 0 ? Network.inputName : network.layers[layer].name,
        formName: formName, prepared: prepared, inputs: [source], output: changed))
    return changed
  }

  private mutating func add(_ variant: Backend.Variant, _ shape: Shape) -> Int {
    bufferCount += 1
    return add(variant, backend.place(shape, variant), in: bufferCount - 1)
  }

  private mutating func add(
    _ variant: Backend.Variant, _ place: Backend.Place, in buffer: Int
  ) -> Int {
    values.append(Value(variant: variant, place: place, buffer: buffer))
    return values.count - 1
  }
}

// Concatenations take no step where their parts are made side by side.
extension NetworkSchedule {
  /// What layer `layer` will make, and its place where that is known.
  private func result(of layer: Int) -> ScheduledLayer<Backend>.Operand {
    let known = homes.of[layer].map { [$0.variant: $0.place] }
    return ScheduledLayer<Backend>.Operand(
      layer: layer, shape: shapes[layer], known: known ?? [:])
  }

  /// What layer `layer` makes: in its home, or at the beginning of a buffer.
  private mutating func add(_ variant: Backend.Variant, of layer: Int) -> Int {
    guard let home = homes.of[layer], home.variant == variant else {
      return add(variant, shapes[layer])
    }
    return add(variant, home.place, in: buffer(of: home))
  }

  private mutating func buffer(of home: ConcatenationHomes<Backend>.Home) -> Int {
    if let buffer = homeBuffers[home.whole] { return buffer }
    bufferCount += 1
    homeBuffers[home.whole] = bufferCount - 1
    return bufferCount - 1
  }

  /// Copies what layer `index` concatenates to where it belongs, as far as it was not made there: the
  /// network's input, what another concatenation has, what is but a window or of another variant. false
  /// where places were not known.
  private mutating func complete(_ index: Int, _ sources: [Int]) throws -> Bool {
    guard let parts = homes.parts[index] else { return false }
    for (source, home) in zip(sources, parts) {
      let buffer = buffer(of: home)
      let known = try valueOf[source]?[home.variant] ?? value(of: source)
      if values[known].buffer == buffer, values[known].place == home.place { continue }
      let copied = add(home.variant, home.place, in: buffer)
      let (formName, prepared) = try backend.conversion(values[known].place, home.place)
      steps.append(
        Step(
          layers: [], name: network.layers[index].name, formName: formName, prepared: prepared,
          inputs: [known], output: copied))
    }
    valueOf[index] = [parts[0].variant: add(parts[0].variant, of: index)]
    return true
  }

  /// Puts what layer `index` concatenates side by side from the start, so that nothing has to be copied,
  /// but where a value is changed into the others' variant; false where that cannot be.
  private mutating func join(_ index: Int, _ sources: [Int]) throws -> Bool {
    let known = sources.map { valueOf[$0] ?? [:] }
    let common = known[0].keys.filter { variant in known.allSatisfy { $0[variant] != nil } }
    guard Set(sources).count == sources.count,
      case let (variants, variant)? = backend.joined(
        known.map { Array($0.keys) }, preferring: common)
    else { return false }
    let place = backend.place(shapes[index], variant)
    var (parts, channel) = ([Backend.Place](), 0)
    for source in sources.map(shape) {
      guard let part = backend.channels(of: place, from: channel, source) else { return false }
      parts.append(part)
      channel += source.c
    }
    // Each must fill a buffer of its own; the network's input is filled by others.
    let sizes = bufferSizes()
    var taken: Set<Int> = [values[0].buffer]
    for case let value? in zip(known, variants).map({ $0[$1] }) {
      let buffer = values[value].buffer
      guard taken.insert(buffer).inserted, backend.size(of: values[value].place) == sizes[buffer]
      else { return false }
    }
    let buffers = try zip(sources, variants).map { values[try value(of: $0, in: $1)].buffer }
    let whole = add(variant, shapes[index])
    for (buffer, part) in zip(buffers, parts) {
      for value in values.indices where values[value].buffer == buffer {
        values[value].buffer = values[whole].buffer
        values[value].place = backend.moved(values[value].place, into: part)
      }
    }
    valueOf[index] = [variant: whole]
    shared.formUnion(sources + [index])
    return true
  }

  /// Units of memory of each buffer; 0 for those whose values went to others.
  func bufferSizes() -> [Int] {
    var sizes = [Int](repeating: 0, count: bufferCount)
    for value in values {
      sizes[value.buffer] = max(sizes[value.buffer], backend.end(of: value.place))
    }
    return sizes
  }

  /// The first and last step at which each buffer is in use; −1 is before the first. The scores are
  /// read after the last step.
  func lifetimes() throws -> [ClosedRange<Int>] {
    var ranges = [ClosedRange<Int>?](repeating: nil, count: bufferCount)
    ranges[values[0].buffer] = -1...(-1)
    for (index, step) in steps.enumerated() {
      for value in step.inputs + [step.output] {
        let buffer = values[value].buffer
        ranges[buffer] = (ranges[buffer]?.lowerBound ?? index)...index
      }
    }
    let scores = values[output].buffer
    return try zip(ranges, bufferSizes()).enumerated().map { buffer, use in
      guard let range = use.0 else {
        guard use.1 == 0 else {
          throw FCNError(.internalDefect, "the plan has room for a value that no step makes")
        }
        return 0...0
      }
      return buffer == scores ? range.lowerBound...steps.count : range
    }
  }
}
