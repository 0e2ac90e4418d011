import Glibc

@testable import FCNSwift

// What annotation tools write.
extension FuzzTarget {
  static let annotations = [labelme, coco, panoptic, cvat, cvatxml]

  private static let labelme = FuzzTarget(name: "labelme") { bytes in
    let folder = try FuzzFiles.annotated("labelme")
    try FuzzFiles.write(bytes, "labelme/a.json")
    try convert(Conversion(.labelme, inputs: [folder]))
  }

  private static let coco = FuzzTarget(name: "coco") { bytes in
    let folder = try FuzzFiles.annotated("coco")
    try FuzzFiles.write(bytes, "coco/instances.json")
    var conversion = Conversion(.coco, inputs: ["\(folder)/instances.json"])
    conversion.images = folder
    try convert(conversion)
  }

  /// A picture whose colours are numbered segments lies beside it.
  private static let panoptic = FuzzTarget(name: "panoptic") { bytes in
    let folder = try FuzzFiles.annotated("panoptic")
    if !File.exists("\(folder)/segments.png") {
      let segments = try Image(width: 16, height: 12, colour: RGB(7, 1, 0))
      try File.write(segments.encodedPNG(), to: "\(folder)/segments.png")
    }
    try FuzzFiles.write(bytes, "panoptic/panoptic.json")
    try convert(Conversion(.coco, inputs: ["\(folder)/panoptic.json"]))
  }

  private static let cvatxml = FuzzTarget(name: "cvatxml") { bytes in
    let folder = try FuzzFiles.annotated("cvatxml")
    try FuzzFiles.write(bytes, "cvatxml/annotations.xml")
    try convert(Conversion(.cvat, inputs: ["\(folder)/annotations.xml"]))
  }

  /// A zip archive.
  private static let cvat = FuzzTarget(name: "cvat") { bytes in
    let path = try FuzzFiles.write(bytes, "cvat.zip")
    try convert(Conversion(.cvat, inputs: [path]))
  }

  /// Surveys and writes it.
  private static func convert(_ conversion: Conversion) throws {
    var conversion = conversion
    conversion.validationShare = 0
    let survey = try conversion.survey(threads: 1)
    let output = "\(FuzzFiles.folder)/converted"
    try survey.write(to: output, leavingOutFaulty: true, overwrite: true, threads: 1)
    let folder = try VOCFolder(path: output)
    for name in ["train", "val"] {
      guard let split = try? VOCSplit(folder, split: name) else { continue }
      for index in 0..<min(split.count, 4) { _ = try split.picture(at: index) }
    }
  }
}

extension FuzzFiles {
  /// A folder that has a picture `a.png`, 16×12.
  static func annotated(_ name: String) throws -> String {
    let path = "\(folder)/\(name)"
    if mkdir(path, 0o700) == 0 {
      let image = try Image(width: 16, height: 12, colour: RGB(1, 2, 3))
      try File.write(image.encodedPNG(), to: "\(path)/a.png")
    }
    return path
  }
}
