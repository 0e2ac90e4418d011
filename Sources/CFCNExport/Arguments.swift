import CFCN
import FCNSwift

/// `pointer`, which the host calls `name`, unless it is NULL.
func required<Pointee>(
  _ pointer: UnsafePointer<Pointee>?, _ name: StaticString
) throws -> UnsafePointer<Pointee> {
  guard let pointer else { throw FCNError(.invalidArgument, "\(name) is NULL") }
  return pointer
}

/// `pointer`, which the host calls `name`, unless it is NULL.
func required<Pointee>(
  _ pointer: UnsafeMutablePointer<Pointee>?, _ name: StaticString
) throws -> UnsafeMutablePointer<Pointee> {
  guard let pointer else { throw FCNError(.invalidArgument, "\(name) is NULL") }
  return pointer
}

/// The `size` bytes at `pointer`, which the host calls `name`.
func hostBytes(
  _ pointer: UnsafeRawPointer?, size: Int, _ name: StaticString
) throws -> UnsafeRawBufferPointer {
  guard let pointer else { throw FCNError(.invalidArgument, "\(name) is NULL") }
  // A size_t beyond half of the address space arrives as a negative number.
  guard size > 0 else {
    throw FCNError(
      .invalidArgument, "the size of \(name) is \(UInt(bitPattern: size)); it must be 1…2^63 - 1")
  }
  return UnsafeRawBufferPointer(start: pointer, count: size)
}

/// Writes a result of `count` elements to the host's buffer as the header's section on results says.
func deliver<Element>(
  _ count: Int, to buffer: UnsafeMutablePointer<Element>?, capacity: Int,
  needed: UnsafeMutablePointer<Int>?,
  _ write: (UnsafeMutableBufferPointer<Element>) throws -> Void
) throws {
  needed?.pointee = count
  guard let buffer else {
    guard capacity == 0, needed != nil else {
      throw FCNError(
        .invalidArgument,
        "buffer is NULL; to ask for the size alone pass capacity 0 and a place for the size")
    }
    return
  }
  guard capacity < 0 || capacity >= count else {
    throw FCNError(
      .bufferTooSmall, "the buffer holds \(capacity) elements; the result has \(count)")
  }
  try write(UnsafeMutableBufferPointer(start: buffer, count: count))
}

/// What `code`, which the host calls `name`, stands for among `choices`.
func choice<Value>(
  _ code: Int32, _ name: StaticString, _ choices: [Int: Value]
) throws -> Value {
  guard let value = choices[Int(code)] else {
    throw FCNError(
      .invalidArgument,
      "\(name) is \(code); it must be one of "
        + choices.keys.sorted().map(String.init).joined(separator: ", "))
  }
  return value
}

/// Throws unless `value`, which the host calls `name`, is in `range`.
func check<Value: Comparable>(
  _ value: Value, _ name: StaticString, _ range: ClosedRange<Value>
) throws {
  guard range.contains(value) else {
    throw FCNError(
      .invalidArgument,
      "\(name) is \(value); it must be \(range.lowerBound) to \(range.upperBound)")
  }
}

extension PixelView {
  /// The pixels that the host describes.
  init(_ pixels: fcn_pixels) throws {
    guard let base = pixels.data else { throw FCNError(.invalidArgument, "pixels.data is NULL") }
    guard pixels.reserved == 0 else {
      throw FCNError(.invalidArgument, "pixels.reserved is \(pixels.reserved); it must be 0")
    }
    let format = try Format(code: pixels.format)
    // A stride beyond half of the address space arrives as a negative number and is refused.
    let rowStride =
      pixels.row_stride == 0 ? Int(pixels.width) * format.bytesPerPixel : pixels.row_stride
    try self.init(
      base: base, width: Int(pixels.width), height: Int(pixels.height), rowStride: rowStride,
      format: format)
  }
}

extension PixelView.Format {
  init(code: Int32) throws {
    switch Int(code) {
    case FCN_PIXELS_RGB8: self = .rgb8
    case FCN_PIXELS_BGR8: self = .bgr8
    case FCN_PIXELS_RGBA8: self = .rgba8
    case FCN_PIXELS_BGRA8: self = .bgra8
    case FCN_PIXELS_GREY8: self = .grey8
    default:
      throw FCNError(
        .invalidArgument,
        "the pixel format is \(code); it must be FCN_PIXELS_RGB8 or another of "
          + "that enumeration, 1…5")
    }
  }
}
