import FCNSwift

/// The log of a training: columns of numbers by name.
struct LogFile {
  /// What tells it from other logs: the folder it lies in, or the file's own name.
  let name: String
  private let columns: [String: [Double]]

  /// Reads a log.csv, or the one in the folder `path`. An empty field is NaN.
  init(path: String) throws {
    let file = LogFile.path(path)
    let parts = file.split(separator: "/").map(String.init)
    let isNamedByFolder = parts.last == "log.csv" && parts.count > 1
    name = (isNamedByFolder ? parts.dropLast().last : parts.last) ?? file
    let lines = String(decoding: try File.read(file), as: UTF8.self).split(
      whereSeparator: \.isNewline)
    let names = LogFile.fields(lines.first ?? "")
    guard names.contains("epoch"), lines.count > 1 else {
      throw FCNError(
        .corrupt,
        "\(file): is not the log of a training: wanted columns, one of them epoch, and rows")
    }
    if let name = names.enumerated().first(where: { names[..<$0].contains($1) })?.element {
      throw FCNError(.corrupt, "\(file): has two columns of one name, \"\(name)\"")
    }
    var columns: [String: [Double]] = [:]
    for (number, line) in zip(2..., lines.dropFirst()) {
      let fields = LogFile.fields(line)
      guard fields.count == names.count else {
        throw FCNError(
          .corrupt, "\(file): line \(number) has \(fields.count) fields; wanted \(names.count)")
      }
      for (name, field) in zip(names, fields) {
        guard let value = field.isEmpty ? .nan : Double(field) else {
          throw FCNError(.corrupt, "\(file): line \(number): \(name) is no number: \"\(field)\"")
        }
        columns[name, default: []].append(value)
      }
    }
    self.columns = columns
  }

  /// The file that `path`, a log or the folder of a training, stands for.
  static func path(_ path: String) -> String {
    File.isFolder(path) ? "\(path)/log.csv" : path
  }

  /// The column `name` over the epochs, without the epochs where it is empty; nil where there is no
  /// such column or nothing in it.
  func points(_ name: String) -> [(x: Double, y: Double)]? {
    guard let epochs = columns["epoch"], let values = columns[name] else { return nil }
    let points = zip(epochs, values).filter { !$0.1.isNaN }.map { (x: $0, y: $1) }
    return points.isEmpty ? nil : points
  }

  /// The columns of the log at `path` as they stand there, without the epochs after `epoch`, which a
  /// resumed training does again; none where there is no log yet.
  static func columns(of path: String, upTo epoch: Int) throws -> [String: [Double]] {
    guard epoch > 0, File.exists(path) else { return [:] }
    let columns = try LogFile(path: path).columns
    let count = columns["epoch"]?.prefix { $0 <= Double(epoch) }.count ?? 0
    return columns.mapValues { Array($0.prefix(count)) }
  }

  private static func fields(_ line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}
