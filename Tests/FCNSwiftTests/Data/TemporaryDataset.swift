import FCNSwift
import FCNTestSupport
import Foundation

extension TemporaryFolder {
  /// Writes a text file, and the folders that it needs.
  func write(_ text: String, to name: String) throws {
    try write(Array(text.utf8), to: name)
  }

  /// Writes a file, and the folders that it needs.
  func write(_ bytes: [UInt8], to name: String) throws {
    try File.makeFolder((file(name) as NSString).deletingLastPathComponent)
    try File.write(bytes, to: file(name))
  }

  /// Writes a picture and its labels in VOC layout; label values run from 0 over `classes`.
  func writePair(
    _ name: String, width: Int = 8, height: Int = 6, classes: Int = 3, shade: UInt8 = 90
  ) throws {
    let image = try Image(width: width, height: height, colour: RGB(shade, 40, 200))
    var labels = try LabelMap(width: width, height: height)
    for index in labels.labels.indices { labels.labels[index] = UInt8(index % classes) }
    try write(try image.encodedPNG(), to: "JPEGImages/\(name).png")
    try write(
      try labels.encodedPNG(palette: Palette.voc(count: 21)), to: "SegmentationClass/\(name).png")
  }
}

/// The error that `body` throws, or nil where it throws none or another.
func errorOf(_ body: () throws -> Void) -> FCNError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FCNError
  }
}
