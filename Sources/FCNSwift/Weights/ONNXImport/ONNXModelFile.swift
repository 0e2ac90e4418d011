/// An ONNX file as it stands: the graph's nodes, constants, inputs and outputs, before anything is made of
/// them. Fields are numbered as in onnx.proto.
struct ONNXModelFile {
  /// The version of ONNX's own operators that the graph uses.
  private(set) var opset = 0
  /// What wrote it, with its version; empty where the file does not say.
  private(set) var producer = ""
  /// Texts that whoever wrote it attached.
  private(set) var metadata: [String: String] = [:]
  private(set) var nodes: [ONNXNode] = []
  private(set) var constants: [String: ONNXTensor] = [:]
  private(set) var inputs: [ONNXValueInfo] = []
  private(set) var outputs: [ONNXValueInfo] = []

  /// More nodes than any network that can be run here has.
  static let mostNodes = 100_000
  /// Versions of the operators that are read.
  static let opsets = 9...23

  /// Reads the file that fills `storage`, whose constants may lie in files of `folder`; nil where there is
  /// none.
  ///
  /// Throws `corrupt` where it does not parse, `unsupported` where it is of a version or form that is not
  /// read.
  init(_ storage: ByteStorage, folder: String?) throws {
    let external = ONNXExternalData(folder)
    var graph: Range<Int>?
    var reader = ProtobufReader(storage.bytes)
    while let field = try reader.next() {
      switch field.number {
      case 2: producer = try field.text(in: storage.bytes)
      case 3: producer += " " + (try field.text(in: storage.bytes))
      case 7: graph = try field.range()
      case 8: try readVersion(storage.bytes, field.range())
      case 14: try readMetadata(storage.bytes, field.range())
      default: break
      }
    }
    guard let graph else { throw FCNError(.corrupt, "the file holds no graph") }
    guard Self.opsets.contains(opset) else {
      throw FCNError(
        .unsupported,
        "the graph uses version \(opset) of ONNX's operators; versions \(Self.opsets.lowerBound) to "
          + "\(Self.opsets.upperBound) are read: export it with opset_version=17")
    }
    try readGraph(storage, graph, external)
  }

  /// Reads a graph that a node holds: its inputs are whatever stands around it.
  init(_ branch: ONNXBranch, opset: Int) throws {
    self.opset = opset
    try readGraph(branch.storage, branch.range, branch.external)
  }

  private mutating func readVersion(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    var (domain, version) = ("", 0)
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: domain = try field.text(in: file)
      case 2: version = try field.integer()
      default: break
      }
    }
    if ONNXNode.standardDomains.contains(domain) { opset = version }
  }

  private mutating func readMetadata(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    guard let (key, value) = try? ONNXTensor.pair(file, range), metadata.count < 1000 else {
      return
    }
    metadata[key] = value
  }

  private mutating func readGraph(
    _ storage: ByteStorage, _ range: Range<Int>, _ external: ONNXExternalData
  ) throws {
    let file = storage.bytes
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1:
        guard nodes.count < Self.mostNodes else {
          throw FCNError(.unsupported, "the graph has more than \(Self.mostNodes) nodes")
        }
        nodes.append(try ONNXNode(storage, field.range(), external))
      case 5:
        let tensor = try ONNXTensor(storage, field.range(), external)
        constants[tensor.name] = tensor
      case 11: inputs.append(try ONNXValueInfo(file, field.range()))
      case 12: outputs.append(try ONNXValueInfo(file, field.range()))
      case 15:
        throw FCNError(.unsupported, "the graph has sparse constants; export it with dense ones")
      default: break
      }
    }
    // Before version 4 constants had to be listed as inputs too.
    inputs.removeAll { constants[$0.name] != nil }
  }
}

extension ONNXModelFile {
  /// The nodes that `outputs` follow from, each after those whose outputs it takes: some converters leave
  /// them out of order. Those of a circle, and what waits for a value that nothing makes, come last, as they
  /// stood.
  func orderedNodes(for outputs: [String]) -> [ONNXNode] {
    var made = Set(constants.keys).union(inputs.map(\.name)).union([""])
    var waiting: [String: [Int]] = [:]
    var missing = [Int](repeating: 0, count: nodes.count)
    var ready: [Int] = []
    let makers = Set(nodes.flatMap(\.outputs)).subtracting(made)
    for (index, node) in nodes.enumerated() {
      let wanted = Set(node.inputs).intersection(makers)
      missing[index] = wanted.count
      for name in wanted { waiting[name, default: []].append(index) }
    }
    var ordered: [ONNXNode] = []
    var placed = [Bool](repeating: false, count: nodes.count)
    // In the file's order where that serves, each node as soon as it can be.
    for start in nodes.indices where missing[start] == 0 && !placed[start] {
      ready.append(start)
      while let index = ready.popLast() {
        guard !placed[index] else { continue }
        placed[index] = true
        ordered.append(nodes[index])
        var freed: [Int] = []
        for name in nodes[index].outputs where made.insert(name).inserted {
          for other in waiting[name] ?? [] {
            missing[other] -= 1
            // What stands behind is reached by itself.
            if missing[other] == 0, other < start { freed.append(other) }
          }
        }
        ready += freed.sorted(by: >)
      }
    }
    ordered += nodes.indices.filter { !placed[$0] }.map { nodes[$0] }
    // What no output follows from is not looked at.
    var needed = Set(outputs)
    var kept: [ONNXNode] = []
    for node in ordered.reversed()
    where !needed.isDisjoint(with: node.outputs.filter { !$0.isEmpty }) {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    return kept.reversed()
  }
}

/// What a graph says of one of its inputs or outputs.
struct ONNXValueInfo {
  private(set) var name = ""
  /// A number of `ONNXTensor.Kind`; 0 where it does not say.
  private(set) var kind = 0
  /// nil where the number of axes is open; an extent is nil where it is.
  private(set) var extents: [Int?]?

  init(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) throws {
    var type: Range<Int>?
    try Self.forEach(file, range) { field in
      switch field.number {
      case 1: name = try field.text(in: file)
      case 2: type = try field.range()
      default: break
      }
    }
    guard let type else { return }
    var tensor: Range<Int>?
    try Self.forEach(file, type) { if $0.number == 1 { tensor = try $0.range() } }
    guard let tensor else { return }
    var shape: Range<Int>?
    try Self.forEach(file, tensor) { field in
      switch field.number {
      case 1: kind = try field.integer()
      case 2: shape = try field.range()
      default: break
      }
    }
    guard let shape else { return }
    var found: [Int?] = []
    try Self.forEach(file, shape) { field in
      guard field.number == 1, found.count < 64 else { return }
      var extent: Int?
      try Self.forEach(file, field.range()) { if $0.number == 1 { extent = try $0.integer() } }
      // Exporters have written 0 and −1 for what is open.
      found.append(extent.flatMap { $0 > 0 ? $0 : nil })
    }
    extents = found
  }

  private static func forEach(
    _ file: UnsafeRawBufferPointer, _ range: Range<Int>,
    _ body: (ProtobufReader.Field) throws -> Void
  ) throws {
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() { try body(field) }
  }
}
