/// A picture in memory: 8 bits each of red, green and blue, rows from the top, no gap between rows.
public struct Image: Sendable, Hashable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `width · height · 3` bytes: R, G, B of the first row's first pixel, and so on.
  public var pixels: [UInt8]

  /// Most pixels a picture may have, 2^28 (about 16,000 × 16,000): what a file may claim before any
  /// memory is spent on it.
  public static let largestPixelCount = 1 << 28

  /// A picture of one colour.
  public init(width: Int, height: Int, colour: RGB = RGB(0, 0, 0)) throws {
    let count = try Image.pixelCount(width: width, height: height)
    try requireMemory(count * 3)
    self.width = width
    self.height = height
    pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { buffer, initialized in
      for i in 0..<count {
        buffer[3 * i] = colour.red
        buffer[3 * i + 1] = colour.green
        buffer[3 * i + 2] = colour.blue
      }
      initialized = count * 3
    }
  }

  /// A picture of the given RGB bytes; throws unless there are `width · height · 3` of them.
  public init(width: Int, height: Int, pixels: [UInt8]) throws {
    let count = try Image.pixelCount(width: width, height: height)
    guard pixels.count == count * 3 else {
      throw FCNError(
        .invalidArgument,
        "\(pixels.count) bytes were given for a picture of \(width)×\(height) RGB, which has "
          + "\(count * 3)")
    }
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// `width · height`, or an error that says which rule the size breaks.
  static func pixelCount(
    width: Int, height: Int, atMost largest: Int = largestPixelCount
  ) throws -> Int {
    guard width > 0, height > 0 else {
      throw FCNError(
        .invalidArgument, "a picture of \(width)×\(height) has no pixels; both must be positive")
    }
    let count = checkedProduct(width, height)
    guard let count, count <= largest else {
      let has = count.map { ", \($0) pixels," } ?? ""
      throw FCNError.beyondLimit(
        "a picture of \(width)×\(height)\(has) is beyond the limit of \(largest) pixels; make it smaller "
          + "first")
    }
    return count
  }
}

/// A colour, 8 bits a channel.
public struct RGB: Sendable, Hashable {
  /// Red, 0…255.
  public var red: UInt8
  /// Green, 0…255.
  public var green: UInt8
  /// Blue, 0…255.
  public var blue: UInt8

  /// Makes a colour of its three channels.
  public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }
}
