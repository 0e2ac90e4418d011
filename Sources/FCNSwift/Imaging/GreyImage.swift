import CImageCodecs

/// A picture of one byte a pixel: a mask, or how sure a model is.
public struct GreyImage: Sendable, Hashable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `width · height` greys, row by row from the top; 0 is black.
  public let pixels: [UInt8]

  /// A picture of the given greys; throws unless there are `width · height` of them.
  public init(width: Int, height: Int, pixels: [UInt8]) throws {
    let count = try Image.pixelCount(width: width, height: height)
    guard pixels.count == count else {
      throw FCNError(
        .invalidArgument,
        "\(pixels.count) greys were given for a picture of \(width)×\(height), which has \(count)")
    }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The picture as a PNG of 8-bit grey.
  public func encodedPNG() throws -> [UInt8] {
    try collectCodecOutput("the PNG cannot be made") { output, message in
      pixels.withUnsafeBufferPointer {
        fcncodec_write_grey_png($0.baseAddress, UInt32(width), UInt32(height), output, message)
      }
    }
  }
}

extension LabelMap {
  /// White where a pixel is of one of `classes`, black elsewhere.
  public func mask(ofAny classes: [Int]) throws -> GreyImage {
    var greys = [UInt8](repeating: 0, count: 256)
    for label in classes where greys.indices.contains(label) { greys[label] = 255 }
    try requireMemory(labels.count)
    return try GreyImage(width: width, height: height, pixels: labels.map { greys[Int($0)] })
  }
}

extension Image {
  /// The picture's bytes with `alpha` after each pixel's: R, G, B, A, not multiplied in. Throws
  /// `shapeMismatch` where the sizes differ.
  public func rgba(alpha: GreyImage) throws -> [UInt8] {
    guard alpha.width == width, alpha.height == height else {
      throw FCNError(
        .shapeMismatch,
        "an alpha of \(alpha.width)×\(alpha.height) was given for a picture of \(width)×\(height)")
    }
    let count = width * height
    try requireMemory(4 * count)
    return [UInt8](unsafeUninitializedCapacity: 4 * count) { output, initialized in
      pixels.withUnsafeBufferPointer { pixels in
        alpha.pixels.withUnsafeBufferPointer { alpha in
          for i in 0..<count {
            output[4 * i] = pixels[3 * i]
            output[4 * i + 1] = pixels[3 * i + 1]
            output[4 * i + 2] = pixels[3 * i + 2]
            output[4 * i + 3] = alpha[i]
          }
        }
      }
      initialized = 4 * count
    }
  }

  /// The picture as a PNG of 8-bit RGB with `alpha`, 255 being opaque. What is transparent keeps its
  /// colours, so that an edge can be moved later. Throws `shapeMismatch` where the sizes differ.
  public func encodedPNG(alpha: GreyImage) throws -> [UInt8] {
    let bytes = try rgba(alpha: alpha)
    return try collectCodecOutput("the PNG cannot be made") { output, message in
      bytes.withUnsafeBufferPointer {
        fcncodec_write_rgba_png($0.baseAddress, UInt32(width), UInt32(height), output, message)
      }
    }
  }
}
