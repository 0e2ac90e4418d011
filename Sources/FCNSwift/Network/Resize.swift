/// Resizing of each channel. Where an output pixel stands on the input follows from `coordinates`; what
/// it becomes there from `interpolation`. Beyond the outermost pixel centres the edge goes on. No
/// smoothing when shrinking, as PyTorch's `interpolate` without `antialias`.
public struct Resize: Operation {
  /// What the output's size is taken from.
  public enum Size: Sendable, Hashable {
    /// The second input's height and width.
    case likeSecondInput
    /// The input's size times a whole factor.
    case scaled(by: Extent)
    /// A fixed size.
    case exact(Extent)
    /// The input's size times a factor, rounded down. The factor itself, not what the rounding makes of
    /// it, says where pixels stand, but with corners aligned.
    case scaledAndRounded(h: Float, w: Float)
  }

  /// What an output pixel becomes.
  public enum Interpolation: Sendable, Hashable {
    /// The input pixel that is nearest, in the sense of `Rounding`.
    case nearest(Rounding)
    /// The mean of two by two, weighted by their nearness.
    case bilinear
    /// The sum of four by four, by Keys' cubic kernel of a = −0.75.
    case cubic
  }

  /// Which whole number is nearest.
  public enum Rounding: String, Sendable, Hashable, CaseIterable {
    /// The next below. With asymmetric coordinates, PyTorch's `nearest`.
    case floor
    /// The next above.
    case ceil
    /// The nearest, of two the lower.
    case preferFloor = "round_prefer_floor"
    /// The nearest, of two the higher. With half pixels, PyTorch's `nearest-exact`.
    case preferCeil = "round_prefer_ceil"
  }

  /// Where output pixel i of `out` stands on an axis of `in` input pixels.
  public enum Coordinates: String, Sendable, Hashable, CaseIterable {
    /// (i + ½) · in/out − ½: the outer edges lie on each other.
    case halfPixel = "half_pixel"
    /// The same, but 0 where the output has a single pixel.
    case pytorchHalfPixel = "pytorch_half_pixel"
    /// i · (in − 1)/(out − 1): the outermost pixels lie on each other; 0 where the output has but one.
    case alignCorners = "align_corners"
    /// i · in/out: the first pixels lie on each other.
    case asymmetric
  }

  public static let name = "resize"
  /// What the output's size is taken from.
  public let size: Size
  /// What an output pixel becomes.
  public let interpolation: Interpolation
  /// Where an output pixel stands.
  public let coordinates: Coordinates

  /// Makes a resize to `size`; bilinear, corners not aligned, unless told otherwise.
  public init(
    to size: Size, _ interpolation: Interpolation = .bilinear,
    coordinates: Coordinates = .halfPixel
  ) {
    self.size = size
    self.interpolation = interpolation
    self.coordinates = coordinates
  }

  public var inputCount: ClosedRange<Int> { size == .likeSecondInput ? 2...2 : 1...1 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    let (height, width): (Int?, Int?)
    switch size {
    case .likeSecondInput: (height, width) = (inputs[1].h, inputs[1].w)
    case .exact(let size): (height, width) = (size.h, size.w)
    case .scaled(let factor):
      (height, width) = (checkedProduct(input.h, factor.h), checkedProduct(input.w, factor.w))
    case .scaledAndRounded(let h, let w):
      // As runtimes multiply, in float32.
      (height, width) = (
        Int(exactly: (Float(input.h) * h).rounded(.down)),
        Int(exactly: (Float(input.w) * w).rounded(.down))
      )
    }
    guard let height, let width, (1...Self.most).contains(height), (1...Self.most).contains(width)
    else {
      throw FCNError(
        .shapeMismatch,
        "a resize \(described) of \(input) makes too much or nothing; wanted sides of 1…\(Self.most)"
      )
    }
    return Shape(input.n, input.c, height, width)
  }

  /// The longest side.
  static let most = 1 << 22

  private var described: String {
    switch size {
    case .likeSecondInput: "to the second input's size"
    case .exact(let size): "to \(size)"
    case .scaled(let factor): "by \(factor)"
    case .scaledAndRounded(let h, let w): "by \(h)×\(w)"
    }
  }

  /// Whether it is the resize that every backend has: bilinear, corners not aligned, by sizes.
  var isPlain: Bool { interpolation == .bilinear && coordinates == .halfPixel && factors == nil }

  /// The factors that say where pixels stand, where sizes do not.
  private var factors: (h: Float, w: Float)? {
    if case .scaledAndRounded(let h, let w) = size { (h, w) } else { nil }
  }

  /// How rows and columns of `input` become those of `output`.
  func axes(_ input: Shape, _ output: Shape) -> (rows: ResizeAxis, columns: ResizeAxis) {
    (
      ResizeAxis(self, from: input.h, to: output.h, factor: factors?.h),
      ResizeAxis(self, from: input.w, to: output.w, factor: factors?.w)
    )
  }

  /// The same as weights of two by two; not for cubic ones.
  func bilinearAxes(
    _ input: Shape, _ output: Shape
  ) -> (rows: BilinearAxis, columns: BilinearAxis) {
    guard !isPlain else {
      return (
        BilinearAxis(from: input.h, to: output.h), BilinearAxis(from: input.w, to: output.w)
      )
    }
    let axes = axes(input, output)
    return (BilinearAxis(axes.rows, of: input.h), BilinearAxis(axes.columns, of: input.w))
  }

  public var readsFirstInputOnly: Bool { true }
  public var reference: ReferenceForm {
    ReferenceForm { inputs, output in
      if interpolation == .bilinear {
        return BilinearReference(bilinearAxes(inputs[0], output))
      }
      return ResizeReference(axes(inputs[0], output))
    }
  }
}
