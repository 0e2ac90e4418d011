/// The extents of a four-dimensional tensor, N×C×H×W: pictures, channels, rows, columns.
public struct Shape: Sendable, Hashable, CustomStringConvertible {
  /// Pictures in the batch.
  public var n: Int
  /// Channels, or classes in a score tensor.
  public var c: Int
  /// Rows.
  public var h: Int
  /// Columns.
  public var w: Int

  /// Makes the shape n×c×h×w.
  public init(_ n: Int, _ c: Int, _ h: Int, _ w: Int) {
    self.n = n
    self.c = c
    self.h = h
    self.w = w
  }

  /// Elements in all. Only meaningful for a shape that `validate()` has accepted.
  public var count: Int { n * c * h * w }
  /// Elements of one picture, C·H·W.
  public var pictureCount: Int { c * h * w }
  /// Elements of one channel, H·W.
  public var planeCount: Int { h * w }

  /// The same of another number of channels.
  func withChannels(_ c: Int) -> Shape { Shape(n, c, h, w) }

  public var description: String { "\(n)×\(c)×\(h)×\(w)" }

  /// Throws unless every extent is positive and the tensor's bytes can be counted.
  func validate() throws {
    guard n > 0, c > 0, h > 0, w > 0 else {
      throw FCNError(
        .shapeMismatch,
        "the shape \(self) has an extent that is not positive; the input is too small")
    }
    guard let bytes = checkedProduct(n, c, h, w, MemoryLayout<Float>.stride),
      bytes <= Self.largestByteCount
    else {
      throw FCNError(
        .outOfMemory, "a tensor of \(self) float32 is beyond the limit of 2^40 bytes")
    }
  }

  private static let largestByteCount = 1 << 40
}
