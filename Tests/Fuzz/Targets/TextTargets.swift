import Glibc
@testable import FCNCommand
@testable import FCNSwift

// Text that people and programs write.
extension FuzzTarget {
  static let texts = [json, xml, classes, list, log]

  private static let json = FuzzTarget(name: "json") { bytes in
    let value = try JSON(parsing: bytes)
    let text = value.compactText
    let again = try JSON(parsing: text)
    require(again == value, "JSON changes where it is written and read again: \(text)")
  }

  /// Elements end in the order in which they began, and nothing is larger than the text.
  private static let xml = FuzzTarget(name: "xml") { bytes in
    var reader = try XMLReader(bytes)
    var open: [String] = []
    var size = 0
    while let piece = try reader.next() {
      switch piece {
      case .start(let name, let attributes):
        open.append(name)
        size += attributes.reduce(name.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count }
      case .text(let text): size += text.utf8.count
      case .end(let name): require(open.popLast() == name, "the end of \(name) out of turn")
      }
      require(open.count <= XMLReader.deepestNesting, "\(open.count) levels")
    }
    require(open.isEmpty, "\(open.count) elements have no end")
    require(size <= bytes.count, "\(size) bytes of \(bytes.count)")
  }

  private static let classes = FuzzTarget(name: "classes") { bytes in
    let lines = try TextLines.of(Array(bytes))
    let list = try ClassList(lines: lines)
    require((1...255).contains(list.names.count), "\(list.names.count) classes")
    require(Set(list.names).count == list.names.count, "two classes of one name")
    _ = try ClassList(names: list.names)
  }

  /// A split's list of pictures.
  private static let list = FuzzTarget(name: "list") { bytes in
    try FuzzFiles.makeDataset()
    try FuzzFiles.write(bytes, "data/ImageSets/Segmentation/train.txt")
    let folder = try VOCFolder(path: "\(FuzzFiles.folder)/data")
    let split = try VOCSplit(folder, split: "train")
    for index in 0..<min(split.count, 4) { _ = try split.picture(at: index) }
  }

  /// A training's log, as a resumed training and charts read it.
  private static let log = FuzzTarget(name: "log") { bytes in
    let path = try FuzzFiles.write(bytes, "log.csv")
    let columns = try LogFile.columns(of: path, upTo: 5)
    try checkRows(path, columns["epoch"] ?? [])
    require(Set(columns.values.map(\.count)).count <= 1, "columns of different lengths")
    let log = try LogFile(path: path)
    let series = ["train_loss", "val_loss", "val_mean_iu", "a"].compactMap { name in
      log.points(name).map { LearningCurves.Series(name: name, points: $0) }
    }
    guard !series.isEmpty else { return }
    let curves = LearningCurves(panels: [LearningCurves.Panel(title: "loss", series: series)])
    _ = curves.svg()
    _ = try curves.image(scale: 1)
  }
}

extension FuzzTarget {
  /// A training that goes on after epoch 5 keeps the rows of the epochs before it.
  private static func checkRows(_ path: String, _ epochs: [Double]) throws {
    let text = String(decoding: try File.read(path), as: UTF8.self)
    let fields = text.split(whereSeparator: \.isNewline).dropFirst().map { $0.prefix { $0 != "," } }
    guard fields.map(String.init).compactMap(Int.init).map(Double.init) == epochs,
      fields.count == epochs.count
    else { return }
    var log = try TrainingLog(path: path, header: "epoch,a", keeping: 5)
    try log.append("6,0")
    let rows = try File.read(path).filter { $0 == UInt8(ascii: "\n") }.count - 2
    require(rows == epochs.count, "of \(epochs.count) rows of a log \(rows) are kept")
  }
}

extension FuzzFiles {
  /// A dataset of two pictures, 16×12, in the folder `data`.
  static func makeDataset() throws {
    try dataset.get()
  }

  private static let dataset = Result {
    let data = "\(folder)/data"
    for name in ["", "/JPEGImages", "/SegmentationClass", "/ImageSets", "/ImageSets/Segmentation"] {
      mkdir(data + name, 0o700)
    }
    for (number, name) in ["a", "b"].enumerated() {
      let image = try Image(
        width: 16, height: 12,
        pixels: (0..<16 * 12 * 3).map { UInt8(truncatingIfNeeded: $0 * (number + 3) / 2) })
      try File.write(image.encodedPNG(), to: "\(data)/JPEGImages/\(name).png")
      let labels = try LabelMap(
        width: 16, height: 12, labels: (0..<16 * 12).map { UInt8($0 / 50 % 3) })
      try File.write(
        labels.encodedPNG(palette: Palette.voc(count: 3)),
        to: "\(data)/SegmentationClass/\(name).png")
    }
    try File.write(Array("background\nb\nc\n".utf8), to: "\(data)/class_names.txt")
    try File.write(Array("a\nb\n".utf8), to: "\(data)/ImageSets/Segmentation/train.txt")
    try File.write(Array("b\n".utf8), to: "\(data)/ImageSets/Segmentation/val.txt")
  }
}
