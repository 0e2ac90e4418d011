/// A pair of numbers for the two axes of a picture: a kernel's size, a stride, a padding.
public struct Extent: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Along the rows.
  public var h: Int
  /// Along the columns.
  public var w: Int

  /// `h` vertically, `w` horizontally.
  public init(_ h: Int, _ w: Int) {
    self.h = h
    self.w = w
  }

  /// The same both ways.
  public init(integerLiteral value: Int) { self.init(value, value) }

  public var description: String { "\(h)×\(w)" }
}

/// Where a sliding window lies: the geometry that convolution, its transpose and pooling share.
struct Window: Sendable, Hashable {
  var kernel: Extent
  var stride: Extent
  var padding: Extent
  var dilation: Extent

  /// Rows and columns that one position covers, holes of the dilation included.
  var span: Extent {
    Extent(dilation.h * (kernel.h - 1) + 1, dilation.w * (kernel.w - 1) + 1)
  }

  /// Positions along an axis of `size`, ⌊(size + 2·padding − span) / stride⌋ + 1.
  func positions(height: Int, width: Int) throws -> Extent {
    let room = Extent(height + 2 * padding.h - span.h, width + 2 * padding.w - span.w)
    guard room.h >= 0, room.w >= 0 else {
      throw FCNError(
        .shapeMismatch,
        "the input of \(height)×\(width) with padding \(padding) is smaller than the window of "
          + "\(span); give it a larger picture")
    }
    return Extent(room.h / stride.h + 1, room.w / stride.w + 1)
  }

  /// The same in ceil mode, as Caffe's pools count: a last window that hangs over the end counts too, if
  /// it starts inside the input or its left padding. The input must not be smaller than the window.
  func ceiledPositions(height: Int, width: Int) throws -> Extent {
    _ = try positions(height: height, width: width)
    func ceiled(_ size: Int, _ span: Int, _ stride: Int, _ padding: Int) -> Int {
      let count = (size + 2 * padding - span + stride - 1) / stride + 1
      // A window that would start in the right padding sees nothing.
      return (count - 1) * stride >= size + padding ? count - 1 : count
    }
    return Extent(
      ceiled(height, span.h, stride.h, padding.h), ceiled(width, span.w, stride.w, padding.w))
  }

  /// Throws unless every setting can be computed with: kernels and strides positive, and all small
  /// enough that no product of them overflows.
  func validate() throws {
    let positive = [kernel.h, kernel.w, stride.h, stride.w, dilation.h, dilation.w]
    guard positive.allSatisfy({ (1...4096).contains($0) }),
      [padding.h, padding.w].allSatisfy({ (0...4096).contains($0) })
    else {
      throw FCNError(
        .invalidArgument,
        "kernel \(kernel), stride \(stride), dilation \(dilation) must be 1…4096 and padding "
          + "\(padding) 0…4096")
    }
  }
}
