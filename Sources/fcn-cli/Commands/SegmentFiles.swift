import FCNSwift

/// The pictures that `segment` is given.
struct SegmentInputs {
  /// Paths of pictures, or `-`.
  let paths: [String]
  /// Whether one picture was named, not a folder and not several.
  let isSingle: Bool

  private let operands: [String]

  /// Takes files as they are, and of folders the pictures in them by name.
  init(_ operands: [String]) throws {
    paths = try operands.flatMap { operand in
      guard operand != "-", File.isFolder(operand) else { return [operand] }
      let folder = operand.hasSuffix("/") ? String(operand.dropLast()) : operand
      let names = try File.names(inFolder: operand).filter(isPicture)
      guard !names.isEmpty else {
        throw FCNError(
          .notFound, "\(operand): the folder holds no .jpg, .jpeg, .png, .tif or .tiff")
      }
      return names.map { "\(folder)/\($0)" }
    }
    self.operands = operands
    isSingle = operands.count == 1 && !(operands[0] != "-" && File.isFolder(operands[0]))
  }

  /// Tells `files` what will be read.
  func claim(_ files: inout OutputGuard) {
    for path in paths { files.reads(path, as: "a picture") }
    for operand in operands where operand != "-" && File.isFolder(operand) {
      files.reads(operand, as: "the folder of pictures")
    }
  }

  /// Reads one of the pictures, which may have `largest` pixels.
  static func read(
    _ path: String, atMost largest: Int = Image.largestPixelCount
  ) throws -> Image {
    guard path == "-" else { return try Image(contentsOf: path, atMost: largest) }
    return try Image(descriptor: 0, named: "standard input", atMost: largest)
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
  private let name: String
  private let path: String
  private let isFolder: Bool
  private let fileExtension: String

  /// `text` is what the option said; for several pictures it is a folder.
  init(_ option: Option, _ text: String, _ format: OutputFormat?, for inputs: SegmentInputs) throws
  {
    fileExtension = format?.suffixes.first ?? "png"
    isFolder = !inputs.isSingle || text.hasSuffix("/") || File.isFolder(text)
    name = "--\(option.name)"
    path = isFolder && text.hasSuffix("/") ? String(text.dropLast()) : text
    guard isFolder else {
      try format?.check(path, of: option)
      return
    }
    guard text != "-" else {
      throw UsageError("--\(option.name) - is for one picture; name a folder for several")
    }
    try inputs.checkNamesDiffer()
  }

  var isStandardOutput: Bool { path == "-" && !isFolder }

  /// Tells `files` what will be written for `inputs`.
  func claim(_ files: inout OutputGuard, for inputs: SegmentInputs) {
    if isFolder { files.writes(intoFolder: path, as: name) }
    for input in inputs.paths { files.writes(destination(for: input), as: name) }
  }

  /// Makes the folder of a folder of files.
  func makeFolder() throws {
    if isFolder { try File.makeFolder(path) }
  }

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
  return [".jpg", ".jpeg", ".png", ".tif", ".tiff"].contains { name.hasSuffix($0) }
}
