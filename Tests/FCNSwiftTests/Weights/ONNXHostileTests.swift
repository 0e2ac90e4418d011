import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// ONNX files from strangers: refused with words, whatever they say.
struct ONNXHostileTests {
  private static let folder = LayerGoldens.folder.appendingPathComponent("onnx")

  private func read(_ bytes: [UInt8], folder: String? = nil) throws -> ONNXNetwork {
    let storage = try bytes.withUnsafeBytes { try ByteStorage(copying: $0) }
    return try ONNXNetwork(ONNXModelFile(storage, folder: folder), output: nil)
  }

  private func golden(_ name: String) throws -> [UInt8] {
    try [UInt8](Data(contentsOf: Self.folder.appendingPathComponent("\(name).onnx")))
  }

  /// A file that is cut off anywhere is read whole (what is missing was not needed), or refused.
  @Test func filesThatAreCutOffAreRefused() throws {
    let bytes = try golden("skip-dynamo18")
    for count in 0..<bytes.count { _ = try? read(Array(bytes[..<count])) }
  }

  /// Nothing that is done to single bytes brings the reader down.
  @Test(arguments: [
    "skip-ts11", "squeeze-ts13", "slice-opset13", "pad-same-ts13", "tokens-ts17", "branches",
    "split-ts12", "standardised-ts13", "slice-steps", "non-local-dynamo18",
  ])
  func bytesThatAreChangedAreRefusedOrRead(_ name: String) throws {
    let bytes = try golden(name)
    var generator = SeededGenerator(seed: 7)
    for index in bytes.indices {
      for change in [UInt8(0xFF), 0x80, UInt8(truncatingIfNeeded: Int(generator.next() % 255) + 1)]
      {
        var damaged = bytes
        damaged[index] ^= change
        _ = try? read(damaged)
      }
    }
  }

  /// A graph of one node, put together field by field.
  private func graph(
    _ nodes: [(type: String, inputs: [String], output: String, attributes: [ProtobufMessage])],
    constants: [ProtobufMessage] = [], extents: [Int] = [1, 3, 0, 0]
  ) throws -> [UInt8] {
    var graph = ProtobufMessage()
    for node in nodes {
      var message = ProtobufMessage()
      for input in node.inputs { message.append(1, input) }
      message.append(2, node.output)
      message.append(4, node.type)
      for attribute in node.attributes { message.append(5, attribute) }
      graph.append(1, message)
    }
    for constant in constants { graph.append(5, constant) }
    graph.append(11, value("x", extents))
    graph.append(12, value(nodes.last?.output ?? "y", [1, 2, 0, 0]))
    var version = ProtobufMessage()
    version.append(2, 13)
    var model = ProtobufMessage()
    model.append(1, 8)
    model.append(8, version)
    model.append(7, graph)
    var bytes: [UInt8] = []
    try model.write { bytes += $0 }
    return bytes
  }

  private func value(_ name: String, _ extents: [Int]) -> ProtobufMessage {
    var shape = ProtobufMessage()
    for extent in extents {
      var dimension = ProtobufMessage()
      if extent > 0 { dimension.append(1, extent) }
      shape.append(1, dimension)
    }
    var tensor = ProtobufMessage()
    tensor.append(1, 1)
    tensor.append(2, shape)
    var type = ProtobufMessage()
    type.append(1, tensor)
    var value = ProtobufMessage()
    value.append(1, name)
    value.append(2, type)
    return value
  }

  private func integers(_ name: String, _ values: [Int]) -> ProtobufMessage {
    var tensor = ProtobufMessage()
    tensor.append(1, values.count)
    tensor.append(2, 7)
    tensor.append(8, name)
    tensor.append(9, bytesOf: values)
    return tensor
  }

  private func list(_ name: String, _ values: [Int]) -> ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.append(1, name)
    for value in values { attribute.append(8, value) }
    attribute.append(20, 7)
    return attribute
  }

  @Test func circlesAndMissingInputsAreNamed() throws {
    expectError(.corrupt, saying: "Relu", "\"b\"", "nothing before it makes") {
      _ = try read(try graph([("Relu", ["b"], "a", []), ("Relu", ["a"], "b", [])]))
    }
    expectError(.corrupt, saying: "\"gone\"") {
      _ = try read(try graph([("Add", ["x", "gone"], "a", [])]))
    }
  }

  @Test func sizesThatExplodeAreRefused() throws {
    let huge = 1 << 40
    for pads in [
      [0, 0, huge, 0, 0, 0, 0, 0], [0, 0, -huge, 0, 0, 0, 0, 0], [0, 0, .min, 0, 0, 0, .max, 0],
    ] {
      #expect(throws: FCNError.self) {
        _ = try read(
          try graph([("Pad", ["x", "pads"], "y", [])], constants: [integers("pads", pads)]))
      }
    }
    #expect(throws: FCNError.self) {
      _ = try read(try graph([("Relu", ["x"], "y", [])], extents: [1, 3, 1 << 31, 1 << 31]))
    }
    #expect(throws: FCNError.self) {
      _ = try read(
        try graph(
          [
            ("ConstantOfShape", ["extents"], "c", []), ("Add", ["x", "c"], "y", []),
          ], constants: [integers("extents", [huge, huge, huge])]))
    }
    #expect(throws: FCNError.self) {
      _ = try read(
        try graph([
          ("MaxPool", ["x"], "y", [list("kernel_shape", [huge, 0]), list("strides", [0, 0])])
        ]))
    }
    // Weights of so many channels cannot be counted.
    expectError(.unsupported, saying: "has 1152921504606846976 channels") {
      _ = try read(
        try graph(
          [("Conv", ["x", "w"], "y", [])],
          constants: [floats("w", [2, 3, 1, 1], [Float](repeating: 1, count: 6))],
          extents: [1, 1 << 60, 0, 0]))
    }
  }

  /// 2³⁵ pixels, each with each.
  @Test func pairsThatExplodeAreRefused() throws {
    expectError(.unsupported, saying: "MatMul", "all pairs of 34359738368 pixels") {
      _ = try read(
        try graph(
          [
            ("Reshape", ["x", "sequence"], "r", []),
            ("Transpose", ["r"], "t", [list("perm", [0, 2, 1])]), ("MatMul", ["t", "r"], "p", []),
            ("Reshape", ["p", "flat"], "y", []),
          ], constants: [integers("sequence", [1, 3, -1]), integers("flat", [1, -1])],
          extents: [1, 3, 1 << 18, 1 << 17]))
    }
  }

  @Test func aLongChainIsNoDeepRecursion() throws {
    let nodes = (0..<3000).map { index in
      (
        type: "Relu", inputs: [index == 0 ? "x" : "r\(index)"], output: "r\(index + 1)",
        attributes: [ProtobufMessage]()
      )
    }
    let network = try read(try graph(nodes))
    #expect(network.graph.network.layers.count == 3000)
  }

  private func floats(_ name: String, _ extents: [Int], _ values: [Float]) -> ProtobufMessage {
    var tensor = ProtobufMessage()
    for extent in extents { tensor.append(1, extent) }
    tensor.append(2, 1)
    tensor.append(8, name)
    for value in values { tensor.append(4, value) }
    return tensor
  }

  /// Each of them stays until the import ends, so that a file of 500 kB would take 600 MB.
  @Test func constantsThatAreMadeOverAndOverAreRefused() throws {
    func node(_ type: String, _ inputs: [String], _ output: String) -> (
      type: String, inputs: [String], output: String, attributes: [ProtobufMessage]
    ) { (type, inputs, output, []) }
    let sums = (0..<400).map { node("Add", [$0 == 0 ? "c" : "v\($0 - 1)", "c"], "v\($0)") }
    let nodes = [node("Slice", ["v399", "a", "b"], "pads"), node("Pad", ["x", "pads"], "y")]
    let constants = [("c", [Int](repeating: 0, count: 4096)), ("a", [0]), ("b", [8])]
    expectError(.unsupported, saying: "constants of the graph are computed with too often") {
      _ = try read(try graph(sums + nodes, constants: constants.map { integers($0.0, $0.1) }))
    }
  }

  /// Constants that small files blow up: refused before there is no memory left.
  @Test func constantsThatExplodeAreRefused() throws {
    let huge = 1 << 27
    for extents in [[huge], [1 << 20, 1 << 20], [1 << 14, 1 << 14, 1 << 14], [-1, 4], [0]] {
      #expect(throws: FCNError.self) {
        _ = try read(
          try graph(
            [
              ("Expand", ["one", "extents"], "c", []), ("Exp", ["c"], "e", []),
              ("Add", ["x", "e"], "y", []),
            ],
            constants: [floats("one", [2, 1], [1, 2]), integers("extents", extents)]))
      }
    }
    // Each doubles what the one before it made.
    let doubling = (0..<60).map { index in
      (
        type: "Concat", inputs: ["w\(index)", "w\(index)"], output: "w\(index + 1)",
        attributes: [number("axis", 0)]
      )
    }
    #expect(throws: FCNError.self) {
      _ = try read(
        try graph(
          doubling + [("Add", ["x", "w60"], "y", [])],
          constants: [floats("w0", [5000], [Float](repeating: 1, count: 5000))]))
    }
    // Rows times columns, again and again.
    #expect(throws: FCNError.self) {
      _ = try read(
        try graph(
          [("Mul", ["a", "b"], "c", []), ("Add", ["x", "c"], "y", [])],
          constants: [
            floats("a", [1 << 15, 1], [Float](repeating: 1, count: 1 << 15)),
            floats("b", [1 << 15], [Float](repeating: 1, count: 1 << 15)),
          ]))
    }
  }

  private func number(_ name: String, _ value: Int) -> ProtobufMessage {
    var attribute = ProtobufMessage()
    attribute.append(1, name)
    attribute.append(3, value)
    attribute.append(20, 2)
    return attribute
  }

  /// Reshapes, transposes, slices and reductions that say what cannot be.
  @Test func viewsThatCannotBeAreRefused() throws {
    for extents in [
      [0, 0, -1, -1], [-1], [7, -1], [1, 3, 0, -1, 0], [.max, 2], [.min], [1 << 40, -1],
    ] {
      _ = try? read(
        try graph(
          [("Reshape", ["x", "s"], "r", []), ("Relu", ["r"], "y", [])],
          constants: [integers("s", extents)]))
    }
    for order in [[0, 1, 2], [0, 0, 0, 0], [3, 2, 1, .max], [-1, 0, 1, 2], []] {
      #expect(throws: FCNError.self) {
        _ = try read(
          try graph([
            ("Transpose", ["x"], "t", [list("perm", order)]),
            ("MaxPool", ["t"], "y", [list("kernel_shape", [1, 1])]),
          ]))
      }
    }
    for axes in [[4], [-5], [.max], [.min], [1, 1], [0, 1, 2, 3]] {
      _ = try? read(try graph([("ReduceMean", ["x"], "y", [list("axes", axes)])]))
    }
    for (begin, end, step) in [
      (0, 0, 1), (.max, .min, -1), (.min, .max, .max), (.max, .min, .min), (0, 3, 0), (2, -4, -1),
      (-1, .min, -2),
    ] {
      for axis in [1, 2, -1, 0] {
        _ = try? read(
          try graph(
            [("Slice", ["x", "b", "e", "a", "s"], "y", [])],
            constants: [
              integers("b", [begin]), integers("e", [end]), integers("a", [axis]),
              integers("s", [step]),
            ]))
      }
    }
    for indices in [[3], [-4], [.max], [.min], [Int](repeating: 1, count: 4096), []] {
      _ = try? read(
        try graph(
          [("Gather", ["x", "i"], "y", [number("axis", 1)])],
          constants: [integers("i", indices)]))
    }
    #expect(throws: FCNError.self) {
      _ = try read(
        try graph(
          [("Gather", ["x", "i"], "y", [number("axis", 1)])], constants: [integers("i", [3])]))
    }
  }

  /// Branches within branches: as deep as it is said, and no deeper.
  @Test func branchesWithinBranchesAreBounded() throws {
    func branch(_ depth: Int) -> ProtobufMessage {
      var node = ProtobufMessage()
      if depth == 0 {
        node.append(1, "x")
        node.append(2, "deep")
        node.append(4, "Relu")
      } else {
        node.append(1, "yes")
        node.append(2, depth == 40 ? "y" : "deep")
        node.append(4, "If")
        for name in ["then_branch", "else_branch"] {
          var graph = ProtobufMessage()
          graph.append(1, branch(name == "then_branch" ? depth - 1 : 0))
          graph.append(12, value("deep", [1, 3, 0, 0]))
          var attribute = ProtobufMessage()
          attribute.append(1, name)
          attribute.append(6, graph)
          attribute.append(20, 5)
          node.append(5, attribute)
        }
      }
      return node
    }
    var graph = ProtobufMessage()
    graph.append(1, branch(40))
    graph.append(5, integers("yes", [1]))
    graph.append(11, value("x", [1, 3, 0, 0]))
    graph.append(12, value("y", [1, 3, 0, 0]))
    var version = ProtobufMessage()
    version.append(2, 13)
    var model = ProtobufMessage()
    model.append(8, version)
    model.append(7, graph)
    var bytes: [UInt8] = []
    try model.write { bytes += $0 }
    expectError(.unsupported, saying: "If", "within 8 others") { _ = try read(bytes) }
  }

  /// Weights beside the graph are looked for in its own folder alone.
  @Test(arguments: ["../secret", "/etc/hostname", "a/../../secret", ".", "", "a//b"])
  func dataOutsideTheFolderIsNotOpened(_ location: String) throws {
    let folder = try TemporaryFolder()
    var entry = ProtobufMessage()
    entry.append(1, "location")
    entry.append(2, location)
    var tensor = ProtobufMessage()
    tensor.append(1, 2)
    tensor.append(2, 1)
    tensor.append(8, "w")
    tensor.append(13, entry)
    tensor.append(14, 1)
    let bytes = try graph([("Add", ["x", "w"], "y", [])], constants: [tensor])
    expectError(.unsupported, saying: "the graph's own folder") {
      _ = try read(bytes, folder: folder.path)
    }
    expectError(.unsupported, saying: "import it from a file") { _ = try read(bytes) }
  }
}
