/// A node of an ONNX graph: an operation on named values.
struct ONNXNode {
  /// The names of ONNX's own set of operators.
  static let standardDomains: Set<String> = ["", "ai.onnx"]

  private(set) var name = ""
  /// `Conv`, `Relu`…
  private(set) var operation = ""
  private(set) var domain = ""
  /// Names of values; empty where an optional one is left out.
  private(set) var inputs: [String] = []
  private(set) var outputs: [String] = []
  private var attributes: [String: Attribute] = [:]

  /// What a node is set to.
  enum Attribute {
    case float(Float)
    case integer(Int)
    case text(String)
    case tensor(ONNXTensor)
    case floats([Float])
    case integers([Int])
    case texts([String])
    /// A graph that is carried out instead of the node.
    case graph(ONNXBranch)
    /// Something else.
    case other
  }

  /// Lists are longer nowhere.
  private static let mostElements = 1 << 16

  init(_ storage: ByteStorage, _ range: Range<Int>, _ external: ONNXExternalData) throws {
    let file = storage.bytes
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: inputs.append(try field.text(in: file))
      case 2: outputs.append(try field.text(in: file))
      case 3: name = try field.text(in: file)
      case 4: operation = try field.text(in: file)
      case 5:
        let (name, attribute) = try Self.attribute(storage, field.range(), external)
        attributes[name] = attribute
      case 7: domain = try field.text(in: file)
      default: break
      }
      guard inputs.count <= 4096, outputs.count <= 4096 else {
        throw FCNError(
          .corrupt, "byte \(field.offset): a node has more than 4096 inputs or outputs")
      }
    }
  }

  private static func attribute(
    _ storage: ByteStorage, _ range: Range<Int>, _ external: ONNXExternalData
  ) throws -> (String, Attribute) {
    let file = storage.bytes
    var name = ""
    var (type, single, isBytes) = (0, Attribute.other, false)
    var (floats, integers, texts): ([Float], [Int], [String]) = ([], [], [])
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: name = try field.text(in: file)
      case 2:
        guard case .fixed32(let bits) = field.value else { throw field.wrongType("a float") }
        single = .float(Float(bitPattern: bits))
      case 3: single = .integer(try field.integer())
      case 4:
        // Extensions keep bytes there.
        _ = try field.range()
        let text = try? field.text(in: file)
        (single, isBytes) = (text.map { .text($0) } ?? .other, text == nil)
      case 5: single = .tensor(try ONNXTensor(storage, field.range(), external))
      case 6: single = .graph(ONNXBranch(storage, try field.range(), external))
      case 7: floats += try ONNXTensor.floats(field, file)
      case 8: integers += try ONNXTensor.integers(field, file)
      case 9: texts.append(try field.text(in: file))
      case 20: type = try field.integer()
      default: break
      }
      guard max(floats.count, integers.count, texts.count) <= mostElements else {
        throw FCNError(
          .unsupported, "byte \(field.offset): a list has more than \(mostElements) elements")
      }
    }
    switch (type, floats.isEmpty, integers.isEmpty) {
    case (6, _, _), (0, false, _): return (name, .floats(floats))
    case (7, _, _), (0, _, false): return (name, .integers(integers))
    case (8, _, _): return (name, .texts(texts))
    // What is not written has the value 0.
    case (1, _, _): return (name, { if case .float = single { single } else { .float(0) } }())
    case (2, _, _): return (name, { if case .integer = single { single } else { .integer(0) } }())
    case (3, _, _) where isBytes: return (name, .other)
    case (3, _, _): return (name, { if case .text = single { single } else { .text("") } }())
    default: return (name, single)
    }
  }

  /// Whether it has the attribute `name`.
  func has(_ name: String) -> Bool { attributes[name] != nil }

  func integer(_ name: String, else standard: Int) throws -> Int {
    switch attributes[name] {
    case nil: return standard
    case .integer(let value)?: return value
    default: throw wrong(name, "an integer")
    }
  }

  func float(_ name: String, else standard: Float) throws -> Float {
    switch attributes[name] {
    case nil: return standard
    case .float(let value)?: return value
    default: throw wrong(name, "a float")
    }
  }

  func text(_ name: String, else standard: String) throws -> String {
    switch attributes[name] {
    case nil: return standard
    case .text(let value)?: return value
    default: throw wrong(name, "a text")
    }
  }

  /// nil where it is not there.
  func integers(_ name: String) throws -> [Int]? {
    switch attributes[name] {
    case nil: return nil
    case .integers(let values)?: return values
    default: throw wrong(name, "a list of integers")
    }
  }

  /// nil where it is not there.
  func floats(_ name: String) throws -> [Float]? {
    switch attributes[name] {
    case nil: return nil
    case .floats(let values)?: return values
    default: throw wrong(name, "a list of floats")
    }
  }

  /// nil where it is not there.
  func tensor(_ name: String) throws -> ONNXTensor? {
    switch attributes[name] {
    case nil: return nil
    case .tensor(let tensor)?: return tensor
    default: throw wrong(name, "a tensor")
    }
  }

  /// nil where it is not there.
  func graph(_ name: String) throws -> ONNXBranch? {
    switch attributes[name] {
    case nil: return nil
    case .graph(let branch)?: return branch
    default: throw wrong(name, "a graph")
    }
  }

  private func wrong(_ name: String, _ wanted: String) -> FCNError {
    FCNError(.corrupt, "the attribute \(quoted(name)) is not \(wanted)")
  }

  /// Its operation with what it is set to, for messages: `Resize (mode "cubic")`.
  var described: String {
    let settings = attributes.sorted { $0.key < $1.key }.prefix(12).map { name, value in
      switch value {
      case .float(let value): "\(name) \(value)"
      case .integer(let value): "\(name) \(value)"
      case .text(let value): "\(name) \(quoted(value))"
      case .integers(let values): "\(name) \(values.prefix(8).map { $0 })"
      case .floats(let values): "\(name) \(values.prefix(8).map { $0 })"
      case .tensor, .texts, .graph, .other: name
      }
    }
    let whole = ONNXNode.standardDomains.contains(domain) ? operation : "\(domain)::\(operation)"
    return settings.isEmpty ? whole : "\(whole) (\(settings.joined(separator: ", ")))"
  }
}

/// A graph that a node holds, not read yet.
struct ONNXBranch {
  let storage: ByteStorage
  let range: Range<Int>
  let external: ONNXExternalData

  init(_ storage: ByteStorage, _ range: Range<Int>, _ external: ONNXExternalData) {
    (self.storage, self.range, self.external) = (storage, range, external)
  }
}
