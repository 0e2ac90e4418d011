import FCNSwift

/// Everything that a call of `fcn` reads and writes. `check` is called before either begins, so
/// that nothing that is read is written over, and no result by another one.
struct OutputGuard {
  private struct Claim {
    /// How messages speak of it.
    let name: String
    let path: String
    let place: FilePlace
  }

  private var inputs: [FilePlace: Claim] = [:]
  /// Folders whose whole contents are data that is read.
  private var dataFolders: [Claim] = []
  private var outputs: [Claim] = []
  /// Folders that results go into, under names that are not known yet.
  private var outputFolders: [Claim] = []
  private var inputStreams = 0
  private var outputStreams: [String] = []

  /// Notes that `path` is read as `name`: "a picture", "the weights". `-` is standard input.
  mutating func reads(_ path: String?, as name: String) {
    guard let path else { return }
    if path == "-" {
      inputStreams += 1
    } else if let claim = claim(name, path) {
      inputs[claim.place] = claim
    }
  }

  /// Notes that a model is read: the one that is named, else the default one.
  mutating func reads(model path: String?) {
    reads(path ?? (try? DefaultModel.path()), as: "the model")
  }

  /// Notes that what `text`, `DIR` or `DIR:SPLIT`, names is read: the folder's lists, pictures and
  /// labels, but not other folders in it.
  mutating func reads(data text: String) {
    let path = DataName.parts(text).folder
    reads(path, as: "data")
    for name in (try? File.names(inFolder: path)) ?? [] {
      let part = "\(path)/\(name)"
      guard let claim = claim("data", part) else { continue }
      if !File.isFolder(part) {
        // What a training that was told to write here left is none of the data.
        guard !["csv", "safetensors"].contains(fileSuffix(name)) else { continue }
        inputs[claim.place] = claim
      } else if ["ImageSets", "JPEGImages", "SegmentationClass"].contains(name) {
        dataFolders.append(claim)
      }
    }
    for folder in OutputGuard.foldersInLists(of: path) {
      if let claim = claim("data", "\(path)/\(folder)") { dataFolders.append(claim) }
    }
  }

  /// The folders in `path` that its lists name files in, such as `images` and `masks`.
  private static func foldersInLists(of path: String) -> [String] {
    let lists = "\(path)/ImageSets/Segmentation"
    var tops: Set<Substring> = []
    for name in (try? File.names(inFolder: lists)) ?? [] where fileSuffix(name) == "txt" {
      guard let bytes = try? File.read("\(lists)/\(name)") else { continue }
      let text = String(decoding: bytes, as: UTF8.self)
      for line in text.split(whereSeparator: \.isNewline) {
        // A path may begin at any word, and folders have spaces in their names.
        var rest = line
        while rest.contains("/") {
          if let top = rest.split(separator: "/").first(where: { $0 != "." }) { tops.insert(top) }
          guard let space = rest.firstIndex(where: \.isWhitespace) else { break }
          rest = rest[space...].drop(while: \.isWhitespace)
        }
      }
    }
    return tops.map(String.init).filter { $0 != ".." && File.isFolder("\(path)/\($0)") }.sorted()
  }

  /// Notes that the result `name`, an option as a rule, goes to `path`. `-` is standard output.
  mutating func writes(_ path: String?, as name: String) {
    guard let path else { return }
    if path == "-" {
      outputStreams.append(name)
    } else if let claim = claim(name, path) {
      outputs.append(claim)
    }
  }

  /// Notes that results go into the folder `path`, which `name` gives.
  mutating func writes(intoFolder path: String?, as name: String) {
    if let path, let claim = claim(name, path) { outputFolders.append(claim) }
  }

  /// Notes that `name` prints on standard output.
  mutating func prints(_ name: String) { outputStreams.append(name) }

  /// Throws where an output is an input, lies in a folder that is read, or is another output too.
  func check() throws {
    if inputStreams > 1 {
      throw UsageError("standard input (-) is named twice; it can be read only once")
    }
    if outputStreams.count > 1 {
      throw UsageError(
        "only one of \(outputStreams.joined(separator: " and ")) can go to standard output")
    }
    for output in outputFolders + outputs {
      if let input = inputs[output.place] {
        throw UsageError(
          "\(output.name) \(output.path) is also read, as \(input.name)"
            + (input.path == output.path ? "" : " (\(input.path))")
            + ", and would be written over; name another place")
      }
      if let folder = dataFolders.first(where: { output.place.isWithin($0.place) }) {
        throw UsageError(
          "\(output.name) \(output.path) lies in \(folder.path), whose files are read; name "
            + "another place")
      }
    }
    // What processes that were killed left beside what is going to be written.
    for folder in Set(outputs.map { File.folder(of: $0.path) } + outputFolders.map(\.path)) {
      File.removeStale(inFolder: folder)
    }
    var written: [FilePlace: Claim] = [:]
    for output in outputs {
      guard let other = written.updateValue(output, forKey: output.place) else { continue }
      throw UsageError(
        other.name == output.name
          ? "\(output.name) would write \(output.path) twice; name another place"
          : "\(other.name) and \(output.name) would both write \(output.path); name two places")
    }
  }

  private func claim(_ name: String, _ path: String) -> Claim? {
    guard !FilePlace.isSpecial(path) else { return nil }
    return FilePlace(path).map { Claim(name: name, path: path, place: $0) }
  }
}

extension OutputGuard {
  /// Checks the files of a training: `data` and `folder` are what the options say, `report` and `events`
  /// where others than models go, the rest the files that it starts from.
  static func checkTraining(
    data: [String], start: String?, source: String?, graph: String?, classes: String?,
    classWeights: String?, folder: String, report: String? = nil, events: String? = nil
  ) throws {
    var files = OutputGuard()
    for text in data { files.reads(data: text) }
    files.reads(start, as: "the model to start from")
    files.reads(source, as: "the file of weights")
    files.reads(graph, as: "the network")
    files.reads(classes, as: "the class names")
    files.reads(classWeights, as: "the class weights")
    var names = [
      "model.safetensors", "best.safetensors", "checkpoint.safetensors", "log.csv", "class-iu.csv",
    ]
    // Models of single epochs, of which a new training writes its own.
    for path in [start, source].compactMap({ $0 }) {
      let name = path.split(separator: "/").last.map(String.init) ?? ""
      if name.hasPrefix("epoch-"), name.hasSuffix(".safetensors") { names.append(name) }
    }
    for name in names { files.writes("\(folder)/\(name)", as: "--output") }
    files.writes(report, as: "--report")
    files.writes(intoFolder: events, as: "--tensorboard")
    try files.check()
  }
}
