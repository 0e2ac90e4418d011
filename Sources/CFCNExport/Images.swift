public import CFCN
import FCNSwift

/// What an fcn_image stands for. Its pixels have a fixed address, since hosts borrow them.
final class ImageObject: HandledObject {
  static var handleName: StaticString { "fcn_image" }
  static var handleMark: UInt64 { 0x6661_696D_6167_6531 }

  let width: Int
  let height: Int
  private let pixels: UnsafeMutableBufferPointer<UInt8>

  init(_ image: Image) {
    (width, height) = (image.width, image.height)
    pixels = .allocate(capacity: image.pixels.count)
    _ = pixels.initialize(fromContentsOf: image.pixels)
  }

  deinit { pixels.deallocate() }

  /// The pixels as hosts see them.
  var borrowed: fcn_pixels {
    fcn_pixels(
      data: UnsafeRawPointer(pixels.baseAddress), width: Int32(width), height: Int32(height),
      row_stride: width * 3, format: Int32(FCN_PIXELS_RGB8), reserved: 0)
  }

  func image() throws -> Image {
    try Image(width: width, height: height, pixels: [UInt8](pixels))
  }
}

@c @implementation
public func fcn_image_open(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    try ImageObject.create(out) { ImageObject(try Image(contentsOf: try string(path, "path"))) }
  }
}

@c @implementation
public func fcn_image_decode(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafeRawPointer?, _ size: Int
) -> fcn_status {
  attempt {
    try ImageObject.create(out) {
      ImageObject(try Image(decoding: try hostBytes(bytes, size: size, "bytes")))
    }
  }
}

@c @implementation
public func fcn_image_copy(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ pixels: UnsafePointer<fcn_pixels>?
) -> fcn_status {
  attempt {
    try ImageObject.create(out) {
      ImageObject(try PixelView(try required(pixels, "pixels").pointee).image())
    }
  }
}

@c @implementation
public func fcn_image_pixels(
  _ out: UnsafeMutablePointer<fcn_pixels>?, _ image: OpaquePointer?
) -> fcn_status {
  attempt { try required(out, "out").pointee = try ImageObject.from(image).borrowed }
}

@c @implementation
public func fcn_image_save(
  _ image: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let encoded = try ImageObject.from(image).image().encodedPNG()
    try File.write(encoded, to: try string(path, "path"))
  }
}

@c @implementation
public func fcn_image_free(_ image: OpaquePointer?) { ImageObject.free(image) }
