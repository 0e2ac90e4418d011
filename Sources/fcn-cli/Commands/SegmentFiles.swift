import FCNSwift

/// The pictures that `segment` is given.
struct SegmentInputs {
  /// Paths of pictures, or `-`.
  let paths: [String]
  /// Whether one picture was named, not a folder and not several.
  let isSingle: Bool

  /// Takes files as they are, and of folders the pictures in them by name.
  init(_ operands: [String]) throws {
    paths = try operands.flatMap { operand in
      guard operand != "-", File.isFolder(operand) else { return [operand] }
      let folder = operand.hasSuffix("/") ? String(operand.dropLast()) : operand
      let names = try File.names(inFolder: operand).filter(isPicture)
      guard !names.isEmpty else {
        throw FCNError(.notFound, "\(operand): the folder holds no .jpg, .jpeg or .png")
      }
      return names.map { "\(folder)/\($0)" }
    }
    isSingle = operands.count == 1 && !(operands[0] != "-" && File.isFolder(operands[0]))
  }

  /// Reads one of the pictures.
  static func read(_ path: String) throws -> Image {
    guard path == "-" else { return try Image(contentsOf: path) }
    return try Image(descriptor: 0, named: "standard input")
  }

  /// Throws where two pictures would be written under one name.
  func checkNamesDiffer() throws {
    var seen: [String: String] = [:]
    for path in paths {
      if let other = seen.updateValue(path, forKey: stem(path)) {
        throw UsageError(
          "\(other) and \(path) would be written under one name; segment them one after another")
      }
    }
  }
}

/// Where one kind of result goes: a file, standard output, or a folder of files.
struct SegmentOutput {
  private let path: String
  private let isFolder: Bool
  private let fileExtension: String

  /// `text` is what the option said; for several pictures it is a folder, which is made.
  init(_ option: Option, _ text: String, fileExtension: String, for inputs: SegmentInputs) throws {
    isFolder = !inputs.isSingle || text.hasSuffix("/") || File.isFolder(text)
    self.fileExtension = fileExtension
    path = isFolder && text.hasSuffix("/") ? String(text.dropLast()) : text
    guard isFolder else { return }
    guard text != "-" else {
      throw UsageError("--\(option.name) - is for one picture; name a folder for several")
    }
    try inputs.checkNamesDiffer()
    try File.makeFolder(path)
  }

  var isStandardOutput: Bool { path == "-" && !isFolder }

  /// The folder of a folder of files.
  var folder: String? { isFolder ? path : nil }

  /// Where the result of the picture at `input` goes.
  func destination(for input: String) -> String {
    isFolder ? "\(path)/\(stem(input)).\(fileExtension)" : path
  }

  /// Writes the result of the picture at `input`.
  func write(_ bytes: [UInt8], for input: String) throws {
    if isStandardOutput {
      try Terminal.write(bytes)
    } else {
      try File.write(bytes, to: destination(for: input))
    }
  }
}

/// A path's last part without its extension.
private func stem(_ path: String) -> String {
  guard path != "-" else { return "stdin" }
  let name = path.split(separator: "/").last.map(String.init) ?? path
  guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
  return String(name[..<dot])
}

private func isPicture(_ name: String) -> Bool {
  let name = name.lowercased()
  return [".jpg", ".jpeg", ".png"].contains { name.hasSuffix($0) }
}
