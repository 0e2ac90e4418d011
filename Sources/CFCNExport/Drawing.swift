public import CFCN
import FCNSwift

@_cdecl("fcn_labels_save")
public func fcn_labels_save(
  _ labels: UnsafePointer<UInt8>?, _ width: Int32, _ height: Int32, _ model: OpaquePointer?,
  _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let labels = try labelView(labels, "labels", width: Int(width), height: Int(height))
    try labels.withEncodedPNG(palette: try model.map { try palette(of: $0) } ?? []) {
      try File.write([$0], to: try pngPathString(path))
    }
  }
}

@_cdecl("fcn_labels_save_grey")
public func fcn_labels_save_grey(
  _ labels: UnsafePointer<UInt8>?, _ width: Int32, _ height: Int32, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let labels = try labelView(labels, "labels", width: Int(width), height: Int(height))
    try labels.withEncodedGreyPNG { try File.write([$0], to: try pngPathString(path)) }
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
      let labels = try labelView(labels, "labels", count: label_count, of: picture)
      let palette = try ModelObject.from(model).model.description.palette
      return ImageObject(
        try HeldPicture(overlaying: labels, on: picture, palette: palette, opacity: opacity))
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
      let row = SheetPictures(
        caption: try optionalString(caption, "caption") ?? "", input: picture,
        prediction: try labelView(labels, "labels", count: label_count, of: picture),
        truth: try truth.map { try labelView($0, "truth", count: label_count, of: picture) })
      let description = try ModelObject.from(model).model.description
      return ImageObject(
        try row.sheet(classNames: description.classNames, palette: description.palette))
    }
  }
}

/// The `count` labels of `picture`'s pixels.
private func labelView(
  _ labels: UnsafePointer<UInt8>?, _ name: StaticString, count: Int, of picture: PixelView
) throws -> LabelView {
  guard count == picture.width * picture.height else {
    throw FCNError(
      .shapeMismatch,
      "label_count is \(count); the picture has \(picture.width)×\(picture.height) pixels")
  }
  return try labelView(labels, name, width: picture.width, height: picture.height)
}

/// `width` · `height` labels.
private func labelView(
  _ labels: UnsafePointer<UInt8>?, _ name: StaticString, width: Int, height: Int
) throws -> LabelView {
  try LabelView(base: try required(labels, name), width: width, height: height)
}

private func palette(of model: OpaquePointer) throws -> [RGB] {
  try ModelObject.from(model).model.description.palette
}
