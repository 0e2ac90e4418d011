/// Makes a network of an ONNX graph, node by node.
///
/// Nodes that compute with sizes stay in the network as its sizes; nodes that compute with constants are
/// carried out. A node that cannot be expressed is refused with its name, operation and settings; nothing is
/// approximated.
struct ONNXTranslator {
  let file: ONNXModelFile
  /// What every value so far is, by the graph's names.
  var values: [String: ONNXValue] = [:]
  private(set) var layers: [Layer] = []
  private var places: [String: Int] = [:]
  private(set) var weights: [String: WeightTensor] = [:]
  private(set) var sizes: [SizeNode] = []
  private(set) var sizePlaces: [String: Int] = [:]
  /// The shape of the input that the graph is followed with.
  let probe: Shape
  /// The only size of input that the graph says it takes.
  let inputSize: Extent?
  /// Whether it takes bytes.
  let takesBytes: Bool
  /// Of every layer's output, and of the input, for `probe`.
  private(set) var shapes: [String: Shape] = [:]
  private var evaluation: SizeEvaluation
  /// How many branches stand around the node at hand, and how many nodes those that were read have.
  var depth = 0
  var nodesInBranches = 0
  /// How many numbers may still be computed of constants.
  var foldingLeft = 0
  /// Those that were, by the values' names.
  var foldedConstants: [String: WeightTensor] = [:]
  /// Layers that make what values make which count lines of a size; see `countedLine`.
  var grids: [String: ONNXValue] = [:]
  /// Values of layers that hold whole numbers, which the graph may compute with as integers.
  var wholeGrids: Set<String> = []
  /// What values were before their lines were repeated, as an Expand does.
  var unexpanded: [String: ONNXValue] = [:]
  /// Layers that have others' rows as columns.
  var turned: [String: String] = [:]
  /// Products of channels with the first layer's as columns.
  var turnedProducts: [String: String] = [:]
  /// Zeros put before and behind the channels of a layer, and means of neighbouring channels.
  var zerosAround: [String: (source: String, before: Int, behind: Int)] = [:]
  var channelMeans: [String: (source: String, size: Int)] = [:]
  /// The extents of arrays that are one number everywhere.
  var filledExtents: [String: ONNXValue] = [:]
  private var constantSizes: [SizeValue: String] = [:]
  /// Layers' names in use, and those of their parameters.
  private var taken: Set<String> = [Network.inputName]

  /// Follows the graph up to its value `output` with an input of `side` rows where it leaves that open. It
  /// has other columns than rows, so that nothing is taken for the other. What further outputs follow from
  /// is followed as far as that goes.
  ///
  /// `known` are constants that another one computed of the same file.
  init(
    _ file: ONNXModelFile, side: Int, output: String, known: [String: WeightTensor] = [:]
  ) throws {
    self.file = file
    foldedConstants = known
    let input = try ONNXInput(file)
    (inputSize, takesBytes) = (input.size, input.takesBytes)
    probe = Shape(1, input.channels, input.size?.h ?? side, input.size?.w ?? side / 4 * 5)
    evaluation = try SizeEvaluation([], input: probe)
    shapes[Network.inputName] = probe
    foldingLeft = 1 << 20
    for tensor in file.constants.values {
      foldingLeft = min(foldingLeft + 32 * min(tensor.count, ONNXDense.most), 1 << 34)
    }
    for (name, tensor) in file.constants { values[name] = try Self.constant(tensor) }
    let whole = ONNXView.whole(probe)
    values[input.name] = .layer(
      Network.inputName, input.isChannelsLast ? whole.moved([0, 2, 3, 1]) : whole)
    let needed = file.orderedNodes(for: [output])
    if inputSize == nil { try checkWindows(needed) }
    for node in needed { try translate(node) }
    if case .layer(let name, let view)? = values[output], let whole = try upright(name, view) {
      values[output] = .layer(whole, .whole(try shape(of: whole)))
    }
    guard file.outputs.contains(where: { $0.name == output }) else { return }
    let made = Set(needed.flatMap(\.outputs))
    for node in file.orderedNodes(for: file.outputs.map(\.name))
    where made.isDisjoint(with: node.outputs.filter { !$0.isEmpty }) {
      try? translate(node)
    }
  }

  /// Throws where one of `nodes` gathers pixels by what follows from the size: for other sizes than the one
  /// that it was exported with, such a graph makes something else than the network it came from.
  private func checkWindows(_ nodes: [ONNXNode]) throws {
    let constants = nodes.filter { $0.operation == "Constant" }.flatMap(\.outputs)
    for node in nodes where node.operation == "GatherND" && node.inputs.count > 1 {
      if values[node.inputs[1]] == nil, !constants.contains(node.inputs[1]) {
        throw named(unread(node), node)
      }
    }
  }

  func unread(_ node: ONNXNode) -> FCNError {
    guard node.operation != "GatherND" else {
      return FCNError(
        .unsupported,
        "it takes pixels of one size of picture alone, as an exporter writes the windows of an adaptive pool "
          + "whatever sizes it leaves open; export the network for one size, without open ones")
    }
    guard !Self.quantised.contains(node.operation) else {
      return FCNError(.unsupported, "it is of a network that was quantised; " + Self.notQuantised)
    }
    return FCNError(
      .unsupported,
      "there is no layer for it; networks of convolutions, pools, normalisations, activations, sums, "
        + "products, concatenations and resizes are read. If it only makes something of the scores, take a "
        + "value before it as the output, \(quoted(node.inputs.first ?? "")) for one")
  }

  static func constant(_ tensor: ONNXTensor) throws -> ONNXValue {
    if tensor.kind.elementType != nil { return .weights(try tensor.weights(tensor.name)) }
    guard let value = try tensor.size() else {
      guard tensor.extents.count == 5, tensor.count <= 1 << 20 else { throw unread(tensor) }
      return .table(tensor)
    }
    return .known(value)
  }

  private static func unread(_ table: ONNXTensor) -> FCNError {
    FCNError(
      .unsupported,
      "the constant \(quoted(table.name)) holds \(table.count) integers: tables to look up in, or "
        + "quantised weights, are not read; " + notQuantised)
  }

  /// Operations of networks whose numbers have 8 bits.
  private static let quantised: Set<String> = [
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "QLinearMatMul",
    "ConvInteger", "MatMulInteger",
  ]

  private static let notQuantised =
    "import the file with float weights that it was made of, and quantise the model"

  /// What to do about operators of `domain`, which is none of ONNX's own.
  private static func extensions(_ domain: String) -> String {
    domain.hasPrefix("com.microsoft")
      ? "ONNX Runtime's optimiser puts several nodes together so, or its quantiser; import the file that it "
        + "was made of, or have it optimised at the basic level (ORT_ENABLE_BASIC)"
      : "export the network without the extensions of a runtime"
  }

  mutating func translate(_ node: ONNXNode) throws {
    do {
      guard ONNXNode.standardDomains.contains(node.domain) else {
        throw FCNError(
          .unsupported,
          "it is not of ONNX's own operators; " + Self.extensions(node.domain))
      }
      let made = try results(of: node)
      for (name, value) in zip(node.outputs, made) where !name.isEmpty {
        values[name] = value
      }
    } catch let error as FCNError {
      throw named(error, node)
    }
  }

  private func named(_ error: FCNError, _ node: ONNXNode) -> FCNError {
    let name = node.name.isEmpty ? node.outputs.first ?? "" : node.name
    return FCNError(error.kind, "node \(quoted(name)), \(node.described): \(error.message)")
  }

  /// What `node` makes, in the order of its outputs; values that nobody reads may be missing.
  private mutating func results(of node: ONNXNode) throws -> [ONNXValue] {
    if node.operation == "Constant" { return [try constant(node)] }
    if node.operation == "If" { return try branch(node) }
    let operands = try node.inputs.indices.map { try operand(node, $0) }
    for case .table(let table)? in operands where node.operation != "GatherND" {
      throw Self.unread(table)
    }
    let readsLayers = operands.contains {
      switch $0 {
      case .layer?, .ending?, .places?, .pairs?, .windows?: true
      default: false
      }
    }
    try noteWholeNumbers(node)
    guard readsLayers else { return try sizesOrGrid(node, operands.compactMap { $0 }) }
    try checkWholeNumbers(node)
    return try withGrids(node) { translator in
      if node.operation == "Shape" { return [try translator.shape(node)] }
      if let many = try translator.parts(of: node) { return many }
      guard let value = try translator.layerValue(of: node) else { throw translator.unread(node) }
      return [value]
    }
  }

  private func constant(_ node: ONNXNode) throws -> ONNXValue {
    if let tensor = try node.tensor("value") { return try Self.constant(tensor) }
    if let list = try node.integers("value_ints") { return .known(try SizeValue(list)) }
    if let list = try node.floats("value_floats") {
      return .known(try SizeValue(.float, [list.count], list.map(Double.init)))
    }
    if node.has("value_int") {
      return .known(try SizeValue(.integer, [], [Double(node.integer("value_int", else: 0))]))
    }
    if node.has("value_float") {
      return .known(try SizeValue(.float, [], [Double(node.float("value_float", else: 0))]))
    }
    throw FCNError(.unsupported, "it holds neither an array nor a number")
  }
}

// What is added to the network.
extension ONNXTranslator {
  /// A setting of a layer: given, or a size that is computed.
  enum Setting {
    case given(JSON)
    case size(String)
  }

  /// Adds a layer and returns its name, which `base` becomes where that is free.
  mutating func add(
    _ base: String, _ operation: String, _ inputs: [String],
    _ settings: [(name: String, setting: Setting)] = [],
    parameters: [(name: String, tensor: WeightTensor)] = []
  ) throws -> String {
    var given: [JSON.Member] = []
    var computed: [SizedOperation.ComputedSetting] = []
    for (name, setting) in settings {
      switch setting {
      case .given(let value): given.append(.init(name, value))
      case .size(let size): computed.append(.init(name: name, size: size))
      }
    }
    let name = freeName(base)
    let made: any Operation =
      computed.isEmpty
      ? try StoredOperations.make(operation, .object(given))
      : SizedOperation(operation, given, computed: computed)
    let concrete = try (made as? SizedOperation)?.concrete(evaluation.values) ?? made
    let inputShapes = try inputs.map { try shape(of: $0) }
    let output = try concrete.outputShape(of: inputShapes)
    try output.validate()
    let wanted = concrete.parameters(inputChannels: inputShapes[0].c)
    for specification in wanted {
      guard let tensor = parameters.first(where: { $0.name == specification.name })?.tensor else {
        throw FCNError(.corrupt, "its \(specification.name) are missing")
      }
      guard tensor.count == specification.count else {
        throw FCNError(
          .shapeMismatch,
          "its \(specification.name) are \(tensor.shape); wanted \(specification.shape)")
      }
      let full = "\(name).\(specification.name)"
      taken.insert(full)
      weights[full] = tensor.reshaped(full, specification.shape)
    }
    places[name] = layers.count
    layers.append(Layer(name, made, inputs))
    shapes[name] = output
    try evaluation.add(name, output)
    return name
  }

  /// The layer that was added as `name`; nil for the input.
  func layer(named name: String) -> Layer? { places[name].map { layers[$0] } }

  /// The shape of what `layer` makes, for `probe`.
  func shape(of layer: String) throws -> Shape {
    guard let shape = shapes[layer] else {
      throw FCNError(.internalDefect, "the layer \(layer) was lost")
    }
    return shape
  }

  /// Adds a size that a function makes of others; what is known is carried out.
  mutating func add(_ function: SizeFunction, _ inputs: [ONNXValue]) throws -> ONNXValue {
    let numbers = try inputs.compactMap { try known($0) }
    if !numbers.isEmpty, numbers.count == inputs.count, function != .shape {
      // What is made stays until the import ends.
      try spendOnFolding(numbers.reduce(0) { $0 + $1.elements.count })
      let made = try function(numbers)
      try spendOnFolding(made.elements.count)
      return .known(made)
    }
    if function == .gather(axis: 0), inputs.count == 2, case .size(let name) = inputs[0],
      let places = try known(inputs[1]), let fixed = try fixed(ofSize: name, places)
    {
      return .known(fixed)
    }
    return .size(try addSize(function, try inputs.map { try sizeName($0) }))
  }

  /// The name of a size that holds `value`.
  mutating func sizeName(_ value: ONNXValue) throws -> String {
    if case .size(let name) = value { return name }
    guard let number = try known(value) else {
      throw FCNError(
        .unsupported, "a size is computed from what pictures hold, not from their shapes alone")
    }
    guard number.elements.allSatisfy(\.isFinite) else {
      throw FCNError(.notFinite, "a number that sizes are computed with is not finite")
    }
    if let name = constantSizes[number] { return name }
    let name = try addSize(.constant(number), [])
    constantSizes[number] = name
    return name
  }

  private mutating func addSize(_ function: SizeFunction, _ inputs: [String]) throws -> String {
    let node = SizeNode("size\(sizes.count + 1)", function, inputs)
    try evaluation.add(node)
    sizePlaces[node.name] = sizes.count
    sizes.append(node)
    return node.name
  }

  /// The extents of layer `name`'s output.
  mutating func measured(_ name: String) throws -> ONNXValue {
    .size(try addSize(.shape, [name]))
  }

  /// What the size or known number `value` is for `probe`.
  func probed(_ value: ONNXValue) throws -> SizeValue {
    if case .size(let name) = value, let value = evaluation.values[name] { return value }
    guard let value = try known(value) else {
      throw FCNError(.unsupported, "a number is wanted that does not depend on what pictures hold")
    }
    return value
  }

  /// The function that makes the size `name`.
  func function(ofSize name: String) -> SizeFunction? {
    sizePlaces[name].map { sizes[$0].function }
  }

  /// The extents of an array of one number everywhere, as a value that is worked out for each size of
  /// picture; nil where they are those of the probe alone.
  func extentsFilled(_ name: String) -> ONNXValue? {
    if let known = filledExtents[name] { return known }
    guard case .size(let size)? = values[name], let place = sizePlaces[size],
      uniformNumber(ofSize: size) != nil, let extents = sizes[place].inputs.last
    else { return nil }
    return .size(extents)
  }

  /// The number that the size `name` is everywhere, whatever its extents; nil where it is another.
  func uniformNumber(ofSize name: String) -> SizeValue? {
    guard let place = sizePlaces[name] else { return nil }
    switch sizes[place].function {
    case .fill(let number): return number
    case .expand:
      guard let first = sizes[place].inputs.first, let place = sizePlaces[first],
        case .constant(let number) = sizes[place].function, number.elements.count == 1
      else { return nil }
      return number
    default: return nil
    }
  }

  /// A name for a layer like `base`, of the characters that names have, that no other has.
  private mutating func freeName(_ base: String) -> String {
    let letters = base.unicodeScalars.map { scalar -> Character in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "_", "-": Character(scalar)
      default: "."
      }
    }
    let words = String(letters).split(separator: ".").suffix(12).joined(separator: ".")
    let name = words.isEmpty ? "layer" : String(words.suffix(100))
    var free = name
    var count = 1
    while !taken.insert(free).inserted {
      count += 1
      free = "\(name)-\(count)"
    }
    return free
  }

  /// What a layer made of `node` is to be called: after its weights where those have a name of their own,
  /// after the node otherwise.
  func name(_ node: ONNXNode, weights index: Int? = nil) -> String {
    if let index, index < node.inputs.count {
      let constant = node.inputs[index]
      for suffix in [".weight", ".w", "/kernel", "_weight"]
      where constant.hasSuffix(suffix) && !constant.hasPrefix("onnx::") {
        return String(constant.dropLast(suffix.count))
      }
    }
    return node.name.isEmpty ? node.outputs.first ?? node.operation : node.name
  }
}
