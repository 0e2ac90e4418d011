public import CFCN
import FCNSwift

@_cdecl("fcn_labels_save")
public func fcn_labels_save(
  _ labels: UnsafePointer<UInt8>?, _ width: Int32, _ height: Int32, _ model: OpaquePointer?,
  _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let map = try labelMap(labels, "labels", width: Int(width), height: Int(height))
    let encoded = try map.encodedPNG(palette: try model.map { try palette(of: $0) } ?? [])
    try File.write(encoded, to: try pathString(path, "path"))
  }
}

@_cdecl("fcn_labels_save_grey")
public func fcn_labels_save_grey(
  _ labels: UnsafePointer<UInt8>?, _ width: Int32, _ height: Int32, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let map = try labelMap(labels, "labels", width: Int(width), height: Int(height))
    try File.write(map.encodedGreyPNG(), to: try pathString(path, "path"))
  }
}

@_cdecl("fcn_overlay")
public func fcn_overlay(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ picture: UnsafePointer<fcn_pixels>?,
  _ labels: UnsafePointer<UInt8>?, _ label_count: Int, _ model: OpaquePointer?, _ opacity: Float
) -> fcn_status {
  attempt {
    try ImageObject.create(out) {
      let picture = try PixelView(try required(picture, "picture").pointee)
      let map = try labelMap(labels, "labels", count: label_count, of: picture)
      let palette = try ModelObject.from(model).model.description.palette
      return try ImageObject(
        picture.image().overlaying(map, palette: palette, opacity: opacity))
    }
  }
}

@_cdecl("fcn_sheet")
public func fcn_sheet(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ picture: UnsafePointer<fcn_pixels>?,
  _ labels: UnsafePointer<UInt8>?, _ truth: UnsafePointer<UInt8>?, _ label_count: Int,
  _ model: OpaquePointer?, _ caption: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    try ImageObject.create(out) {
      let picture = try PixelView(try required(picture, "picture").pointee)
      let row = Sheet.Row(
        caption: try optionalString(caption, "caption") ?? "", input: try picture.image(),
        prediction: try labelMap(labels, "labels", count: label_count, of: picture),
        truth: try truth.map { try labelMap($0, "truth", count: label_count, of: picture) })
      let description = try ModelObject.from(model).model.description
      let sheet = Sheet(
        rows: [row], classNames: description.classNames, palette: description.palette,
        showsShares: true)
      return try ImageObject(sheet.image())
    }
  }
}

/// A copy of the `count` labels of `picture`'s pixels.
private func labelMap(
  _ labels: UnsafePointer<UInt8>?, _ name: StaticString, count: Int, of picture: PixelView
) throws -> LabelMap {
  guard count == picture.width * picture.height else {
    throw FCNError(
      .shapeMismatch,
      "label_count is \(count); the picture has \(picture.width)×\(picture.height) pixels")
  }
  return try labelMap(labels, name, width: picture.width, height: picture.height)
}

/// A copy of `width` · `height` labels, once the size has been found sane.
private func labelMap(
  _ labels: UnsafePointer<UInt8>?, _ name: StaticString, width: Int, height: Int
) throws -> LabelMap {
  var map = try LabelMap(width: width, height: height)
  let labels = try required(labels, name)
  map.labels.withUnsafeMutableBufferPointer {
    $0.baseAddress?.update(from: labels, count: width * height)
  }
  return map
}

private func palette(of model: OpaquePointer) throws -> [RGB] {
  try ModelObject.from(model).model.description.palette
}
