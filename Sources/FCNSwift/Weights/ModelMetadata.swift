/// A model's description as the text map of its file, and back; docs/model-format.md tells of every
/// key.
extension ModelDescription {
  private enum Key {
    static let format = "format"
    static let version = "fcn.version"
    static let architecture = "fcn.architecture"
    static let options = "fcn.options"
    static let graph = "fcn.graph"
    static let classes = "fcn.classes"
    static let palette = "fcn.palette"
    static let preprocessing = "fcn.preprocessing"
    static let note = "fcn.note"
  }

  /// The newest version of the keys, which a graph wants; an architecture's name is written as version 1,
  /// so that earlier versions read what they can run.
  static let formatVersion = 2

  /// The description as a file's metadata.
  var metadata: [String: String] {
    var metadata = [
      Key.format: "fcn",
      Key.version: graph == nil ? "1" : "\(Self.formatVersion)",
      Key.classes: JSON.array(classNames.map { .string($0) }).compactText,
      Key.palette: JSON.array(palette.map { .string($0.hexadecimal) }).compactText,
      Key.preprocessing: preprocessing.json.compactText,
    ]
    if let graph {
      metadata[Key.graph] = graph.text
    } else {
      metadata[Key.architecture] = architecture
      metadata[Key.options] = options.json.compactText
    }
    if !note.isEmpty { metadata[Key.note] = note }
    return metadata
  }

  /// Whether a file's metadata describes a whole model.
  static func isPresent(in metadata: [String: String]) -> Bool { metadata[Key.version] != nil }

  /// The metadata of a file of weights alone, which says how pictures are prepared for them.
  static func metadata(ofTrunkFor preprocessing: Preprocessing?) -> [String: String] {
    var metadata = ["format": "fcn"]
    if let preprocessing { metadata[Key.preprocessing] = preprocessing.json.compactText }
    return metadata
  }

  /// What a file's metadata says of preprocessing, whatever else it says; nil where that is nothing.
  static func preprocessing(in metadata: [String: String]) throws -> Preprocessing? {
    try metadata[Key.preprocessing].map { text in
      try naming(Key.preprocessing) { try Preprocessing(json: JSON(parsing: text)) }
    }
  }

  /// The names of `count` classes that a file's metadata has; nil where it has none, or of another number.
  static func classNames(in metadata: [String: String], count: Int) throws -> [String]? {
    let names = try metadata[Key.classes].map { text in
      try naming(Key.classes) { try JSON(parsing: text).strings() }
    }
    return names?.count == count ? names : nil
  }

  /// Reads the description from a file's metadata.
  ///
  /// Throws `unsupported` where the file holds weights alone or is of a newer version, and `corrupt`
  /// with the key's name where a key is missing or unreadable.
  init(metadata: [String: String]) throws {
    guard let version = metadata[Key.version] else {
      throw FCNError(
        .unsupported,
        "this safetensors file holds weights only, nothing says which network they belong to; name "
          + "its architecture and its classes to make a model of them")
    }
    guard let number = Int(version), (1...Self.formatVersion).contains(number) else {
      throw FCNError(
        .unsupported,
        "\(Key.version) is \(quoted(version)); this program reads versions 1 to "
          + "\(Self.formatVersion): a newer one is wanted, or the file is damaged")
    }
    func text(_ key: String) throws -> String {
      guard let text = metadata[key] else {
        throw FCNError(.corrupt, "the model file's metadata lacks \(key)")
      }
      return text
    }
    func parsed<Value>(_ key: String, _ make: (JSON) throws -> Value) throws -> Value {
      let text = try text(key)
      return try naming(key) { try make(try JSON(parsing: text)) }
    }
    let graph = try metadata[Key.graph].map { text in
      try naming(Key.graph) { try NetworkGraph(parsing: text) }
    }
    let classNames = try parsed(Key.classes) { try $0.strings() }
    let palette = try parsed(Key.palette) { try $0.strings().map { try RGB(hexadecimal: $0) } }
    let preprocessing = try parsed(Key.preprocessing) { try Preprocessing(json: $0) }
    let note = metadata[Key.note] ?? ""
    if let graph, number > 1, metadata[Key.architecture] == nil, metadata[Key.options] == nil {
      self.init(
        graph: graph, classNames: classNames, palette: palette, preprocessing: preprocessing,
        note: note)
      return
    }
    self.init(
      architecture: try text(Key.architecture),
      options: try parsed(Key.options) { try ArchitectureOptions(json: $0) },
      classNames: classNames, palette: palette, preprocessing: preprocessing, note: note)
    guard let graph else { return }
    guard try NetworkGraph(network()) == graph else {
      throw FCNError(
        .corrupt,
        "\(Key.graph) is another network than \(Key.architecture), \(quoted(architecture)), makes with "
          + "these \(Key.options); one of them is wrong")
    }
  }

  /// Throws where the parts do not fit together: as many names and colours as classes, and as many
  /// channels out of the preprocessing as into the network.
  public func validate() throws {
    guard graph == nil || (architecture == Self.graphName && options == graph?.options) else {
      throw FCNError(
        .invalidArgument,
        "the description has a graph and says that its network is \(architecture); wanted one of both, "
          + "and of a graph no options but its own")
    }
    try options.validate()
    try preprocessing.validate()
    if let size = graph?.network.inputSize,
      preprocessing.size != .exact(width: size.w, height: size.h)
    {
      throw FCNError(
        .invalidArgument,
        "the network takes pictures of \(size.w)×\(size.h) pixels and no others; the size rule must be "
          + "exactly that")
    }
    guard options.classes > 1 else {
      throw FCNError(
        .invalidArgument,
        "a model of one class can say nothing but that class; it must have 2…255. To look for one kind "
          + "of thing, have two classes, the background first; a network with one score becomes such a "
          + "model when its own file is imported")
    }
    for (what, count) in [("class names", classNames.count), ("palette colours", palette.count)]
    where count != options.classes {
      throw FCNError(
        .invalidArgument,
        "there are \(count) \(what) for \(options.classes) classes; each wants one")
    }
    guard classNames.allSatisfy({ !$0.isEmpty }) else {
      throw FCNError(.invalidArgument, "a class name is empty")
    }
    guard preprocessing.channels == options.inputChannels else {
      throw FCNError(
        .invalidArgument,
        "the network takes \(options.inputChannels) channels and the preprocessing makes "
          + "\(preprocessing.channels) (\(preprocessing.channelOrder.rawValue))")
    }
  }
}

extension JSON {
  /// The elements of an array of strings; throws where it is anything else.
  fileprivate func strings() throws -> [String] {
    let strings = elements?.compactMap(\.text) ?? []
    guard let count = elements?.count, count == strings.count else {
      throw FCNError(.corrupt, "wanted an array of strings")
    }
    return strings
  }

  /// Throws `unsupported` where an object has a member beyond `known`: what it asks for would be
  /// left undone.
  fileprivate func checkNames(_ known: [String]) throws {
    guard let members else { throw FCNError(.corrupt, "wanted an object") }
    for member in members where !known.contains(member.name) {
      throw FCNError(
        .unsupported,
        "\(quoted(member.name)) is unknown to this version, which knows "
          + known.joined(separator: ", "))
    }
  }

  /// The value that `read` finds in the member `name`; throws where there is none.
  fileprivate func required<Value>(
    _ name: String, _ wanted: String, _ read: (JSON) -> Value?
  ) throws -> Value {
    guard let value = self[name].flatMap(read) else {
      throw FCNError(.corrupt, "\(quoted(name)) is missing or not \(wanted)")
    }
    return value
  }
}

extension ArchitectureOptions {
  package var json: JSON {
    var members: [JSON.Member] = [
      .init("classes", .number(classes)), .init("input_channels", .number(inputChannels)),
      .init("width", .number(width)), .init("batch_norm", .bool(batchNorm)),
    ]
    // Written where they say something, so that earlier versions read what they can run.
    for (choice, value) in [
      (Choice.auxiliaryHead, auxiliaryHead), (.denseUpsampling, denseUpsampling),
    ] where value {
      members.append(.init(choice.rawValue, .bool(true)))
    }
    return .object(members)
  }

  fileprivate init(json: JSON) throws {
    try json.checkNames(["classes", "input_channels"] + Choice.allCases.map(\.rawValue))
    func flag(_ choice: Choice) throws -> Bool {
      guard json[choice.rawValue] != nil else { return false }
      return try json.required(choice.rawValue, "true or false", \.truth)
    }
    self.init(
      classes: try json.required("classes", "an integer", \.integer),
      inputChannels: try json.required("input_channels", "an integer", \.integer),
      width: try json.required("width", "a number", \.float),
      batchNorm: try json.required("batch_norm", "true or false", \.truth),
      auxiliaryHead: try flag(.auxiliaryHead), denseUpsampling: try flag(.denseUpsampling))
  }
}

extension Preprocessing {
  package var json: JSON {
    [
      "size": size.json, "order": .string(channelOrder.rawValue),
      "mean": .array(mean.map { .number($0) }), "scale": .array(scale.map { .number($0) }),
    ]
  }

  fileprivate init(json: JSON) throws {
    func floats(_ json: JSON) -> [Float]? {
      let floats = json.elements?.compactMap(\.float)
      return floats?.count == json.elements?.count ? floats : nil
    }
    try json.checkNames(["size", "order", "mean", "scale"])
    self.init(
      size: try naming("size") { try SizeRule(json: json["size"] ?? .null) },
      channelOrder: try json.required("order", "rgb, bgr or grey") {
        $0.text.flatMap(ChannelOrder.init)
      },
      mean: try json.required("mean", "an array of numbers", floats),
      scale: try json.required("scale", "an array of numbers", floats))
  }
}

extension Preprocessing.SizeRule {
  fileprivate var json: JSON {
    switch self {
    case .native: ["rule": "native"]
    case .exact(let width, let height):
      ["rule": "exact", "width": .number(width), "height": .number(height)]
    case .longestSide(let side): ["rule": "longest_side", "side": .number(side)]
    case .atMost(let side): ["rule": "at_most", "side": .number(side)]
    }
  }

  fileprivate init(json: JSON) throws {
    func side(_ name: String) throws -> Int {
      try json.required(name, "an integer", \.integer)
    }
    let rule = try json.required("rule", "a string", \.text)
    try json.checkNames(["rule"] + (rule == "exact" ? ["width", "height"] : ["side"]))
    switch rule {
    case "native": self = .native
    case "exact": self = .exact(width: try side("width"), height: try side("height"))
    case "longest_side": self = .longestSide(try side("side"))
    case "at_most": self = .atMost(try side("side"))
    default:
      throw FCNError(
        .unsupported,
        "the rule \(quoted(rule)) is unknown to this version, which knows native, exact, "
          + "longest_side and at_most")
    }
  }
}

extension RGB {
  /// `#rrggbb`.
  package var hexadecimal: String {
    "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// Reads `#rrggbb`, in either case.
  package init(hexadecimal text: String) throws {
    let digits = text.utf8.dropFirst().compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard text.utf8.count == 7, text.utf8.first == UInt8(ascii: "#"), digits.count == 6 else {
      throw FCNError(.corrupt, "\(quoted(text)) is no colour; wanted #rrggbb")
    }
    func byte(_ index: Int) -> UInt8 { UInt8(digits[index] << 4 | digits[index + 1]) }
    self.init(byte(0), byte(2), byte(4))
  }
}
