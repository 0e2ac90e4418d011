/// The classes of a dataset in the order of their indices, and the colours that its label pictures
/// have for them.
public struct ClassList: Sendable, Hashable {
  /// 1…255 names, no two alike.
  public let names: [String]
  /// A colour a class, no two alike; nil where the list has none.
  public let colours: [RGB]?

  /// A list of `names`; throws `corrupt` for none, more than 255, an empty one, one twice, or one
  /// with control characters.
  public init(names: [String]) throws {
    try self.init(names: names, colours: nil)
  }

  /// Reads the text file at `path`, which every error names.
  ///
  /// A name a line, blank lines and lines that begin with `#` and a space counting for nothing; or
  /// CVAT's `labelmap.txt`, lines of `name:r,g,b:parts:actions`; or a table of `name,r,g,b`. Of
  /// labelme's lists the first line `__ignore__` is left out, and `_background_` is `background`.
  /// UTF-8 or UTF-16. Throws as `init(names:)` does.
  public init(contentsOf path: String) throws {
    guard !File.isFolder(path) else {
      throw FCNError(.unsupported, "\(path): is a folder; a text file of class names was wanted")
    }
    let lines = try TextLines.read(path)
    self = try naming(path) { try ClassList(lines: lines) }
  }

  init(lines: [String]) throws {
    var lines = lines.enumerated().filter { !$0.element.isEmpty }.map {
      (number: $0.offset + 1, text: $0.element)
    }
    lines.removeAll { $0.text == "#" || $0.text.hasPrefix("# ") || $0.text.hasPrefix("#\t") }
    if let entries = try ClassList.labelMap(lines) ?? ClassList.table(lines) {
      self = try ClassList(entries)
      return
    }
    if let line = lines.first(where: { $0.text.hasPrefix("#") }) {
      throw FCNError(
        .corrupt,
        "line \(line.number) is \(quoted(line.text)): write \"# \" before a comment, or give the class "
          + "another name")
    }
    var names = lines.map(\.text)
    if names.first == "__ignore__" { names.removeFirst() }
    try self.init(names: names.map { $0 == "_background_" ? "background" : $0 })
  }

  // MARK: Lists with colours

  private typealias Line = (number: Int, text: String)

  private struct Entry {
    let name: String
    let colour: RGB?
  }

  /// CVAT's lines; nil where these are none.
  private static func labelMap(_ lines: [Line]) throws -> [Entry]? {
    func isOne(_ text: String) -> Bool { text.filter { $0 == ":" }.count == 3 }
    guard lines.contains(where: { isOne($0.text) }) else { return nil }
    return try lines.map { line in
      let fields = line.text.split(separator: ":", omittingEmptySubsequences: false)
      let numbers = fields.count == 4 ? fields[1].split(separator: ",") : []
      guard fields.count == 4, fields[1].isEmpty || colour(numbers) != nil else {
        throw FCNError(
          .corrupt, "line \(line.number) is \(quoted(line.text)); wanted name:r,g,b:parts:actions")
      }
      return Entry(name: TextLines.trimmed(fields[0]), colour: colour(numbers))
    }
  }

  /// Lines of `name,r,g,b` below a line of titles, which may be missing; nil where these are none.
  private static func table(_ lines: [Line]) -> [Entry]? {
    func entry(_ text: String) -> Entry? {
      let fields = text.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count == 4, let colour = colour(Array(fields[1...])) else { return nil }
      return Entry(name: TextLines.trimmed(fields[0]), colour: colour)
    }
    let hasTitles = lines.first.map { entry($0.text) == nil && $0.text.contains(",") } ?? false
    let entries = lines.dropFirst(hasTitles ? 1 : 0).compactMap { entry($0.text) }
    let isTable = !entries.isEmpty && entries.count == lines.count - (hasTitles ? 1 : 0)
    return isTable ? entries : nil
  }

  private static func colour(_ numbers: [Substring]) -> RGB? {
    let values = numbers.compactMap { UInt8(TextLines.trimmed($0)) }
    return numbers.count == 3 && values.count == 3 ? RGB(values[0], values[1], values[2]) : nil
  }

  private init(_ entries: [Entry]) throws {
    var entries = entries
    let black = RGB(0, 0, 0)
    // What nobody drew on is black, whether or not the list says so.
    if entries.contains(where: { $0.colour != nil }),
      !entries.contains(where: { $0.colour == black || $0.name == "background" })
    {
      entries.insert(Entry(name: "background", colour: black), at: 0)
    }
    let standard = Palette.voc(count: 256)
    let hasColours = entries.contains { $0.colour != nil }
    try self.init(
      names: entries.map(\.name),
      colours: hasColours
        ? entries.enumerated().map { $1.colour ?? standard[min($0, 255)] } : nil)
  }

  private init(names: [String], colours: [RGB]?) throws {
    guard (1...255).contains(names.count) else {
      throw FCNError(
        .corrupt, "the list has \(names.count) class names; 1 to 255 are wanted, one a line")
    }
    var seen: Set<String> = []
    for (index, name) in names.enumerated() {
      guard !name.isEmpty else {
        throw FCNError(.corrupt, "class \(index) has an empty name; each needs a name of its own")
      }
      guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      else {
        throw FCNError(.corrupt, "the class name \(quoted(name)) has control characters in it")
      }
      guard seen.insert(name).inserted else {
        throw FCNError(
          .corrupt, "the class “\(name)” is listed twice; each needs a name of its own")
      }
    }
    var drawn: [RGB: String] = [:]
    for (name, colour) in zip(names, colours ?? []) {
      if let other = drawn.updateValue(name, forKey: colour) {
        throw FCNError(
          .corrupt,
          "the classes “\(other)” and “\(name)” have one colour, (\(colour.red), \(colour.green), "
            + "\(colour.blue)); each needs its own")
      }
    }
    self.names = names
    self.colours = colours
  }
}
