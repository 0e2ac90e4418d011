public import CFCN
import FCNSwift

/// What an fcn_image stands for. Its pixels have a fixed address, since hosts borrow them.
final class ImageObject: HandledObject {
  static var handleName: StaticString { "fcn_image" }
  static var handleMark: UInt64 { 0x6661_696D_6167_6531 }

  let picture: HeldPicture

  init(_ picture: HeldPicture) { self.picture = picture }

  convenience init(_ image: Image) throws {
    self.init(try image.withPixelView { try HeldPicture(copying: $0) })
  }

  /// The pixels as hosts see them.
  var borrowed: fcn_pixels {
    fcn_pixels(
      data: UnsafeRawPointer(picture.pixels), width: Int32(picture.width),
      height: Int32(picture.height), row_stride: picture.width * 3,
      format: Int32(FCN_PIXELS_RGB8), reserved: 0)
  }
}

@_cdecl("fcn_image_open")
public func fcn_image_open(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    try ImageObject.create(out) { try ImageObject(Image(contentsOf: try pathString(path, "path"))) }
  }
}

@_cdecl("fcn_image_decode")
public func fcn_image_decode(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafeRawPointer?, _ size: Int
) -> fcn_status {
  attempt {
    try ImageObject.create(out) {
      try ImageObject(Image(decoding: try hostBytes(bytes, size: size, "bytes")))
    }
  }
}

@_cdecl("fcn_image_copy")
public func fcn_image_copy(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ pixels: UnsafePointer<fcn_pixels>?
) -> fcn_status {
  attempt {
    try ImageObject.create(out) {
      let view = try PixelView(try required(pixels, "pixels").pointee)
      return ImageObject(try HeldPicture(copying: view))
    }
  }
}

@_cdecl("fcn_image_pixels")
public func fcn_image_pixels(
  _ out: UnsafeMutablePointer<fcn_pixels>?, _ image: OpaquePointer?
) -> fcn_status {
  attempt { try required(out, "out").pointee = try ImageObject.from(image).borrowed }
}

@_cdecl("fcn_image_save")
public func fcn_image_save(
  _ image: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    try ImageObject.from(image).picture.withEncodedPNG {
      try File.write([$0], to: try pngPathString(path))
    }
  }
}

@_cdecl("fcn_image_free")
public func fcn_image_free(_ image: OpaquePointer?) { ImageObject.free(image) }
