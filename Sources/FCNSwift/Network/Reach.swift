/// Rows or columns.
enum PictureAxis: CaseIterable {
  case rows, columns

  /// The extent of `shape` along it.
  func count(_ shape: Shape) -> Int { self == .rows ? shape.h : shape.w }

  /// Of a pair that which belongs to it.
  func of(_ extent: Extent) -> Int { self == .rows ? extent.h : extent.w }
}

/// Which positions of its inputs an operation's output depends on, along one axis.
enum Reach {
  /// Position i on position i.
  case same
  /// A window that slides: i on the `span` positions from i · stride − padding on.
  case window(stride: Int, padding: Int, span: Int)
  /// The transpose of that: j is spread over the `span` positions from j · stride − padding on.
  case spread(stride: Int, padding: Int, span: Int)
  /// Each position becomes `factor`.
  case enlarged(factor: Int)
  /// i on i + offset.
  case cropped(offset: Int)
  /// Lines are added or cut off.
  case padded(Pad.Axis)
  /// Where each output position stands, and the first and last input positions that count for it.
  case resized(ResizedPositions)

  /// For every output position of a resize where it stands on the input, within it, and between which
  /// positions that is.
  struct ResizedPositions {
    let positions: [Double]
    let first, last: [Int]
    /// Input positions.
    let inputCount: Int
  }

  /// The positions of an input of `count` that `output` depends on.
  func seen(by output: Range<Int>, of count: Int) -> Range<Int> {
    guard let first = output.first, let last = output.last else { return 0..<0 }
    let seen: ClosedRange<Int>
    switch self {
    case .same: seen = first...last
    case .window(let stride, let padding, let span):
      seen = first * stride - padding...last * stride - padding + span - 1
    case .spread(let stride, let padding, let span):
      let low = (first + padding - span + stride).flooredQuotient(stride)
      let high = (last + padding).flooredQuotient(stride)
      // Where windows are farther apart than they are long, nothing is spread.
      guard low <= high else { return 0..<0 }
      seen = low...high
    case .enlarged(let factor): seen = first / factor...last / factor
    case .cropped(let offset): seen = first + offset...last + offset
    case .padded(let axis):
      let shift = axis.cut - axis.before
      var (low, high) = (first + shift, last + shift)
      // What is reflected lies as far inside as it would lie outside.
      let (begin, end) = (axis.cut, axis.cut + axis.kept - 1)
      if case .constant = axis.filling {
      } else {
        if low < begin { high = max(high, 2 * begin - low) }
        if high > end { low = min(low, 2 * end - high) }
      }
      seen = low...high
    case .resized(let resized):
      let range = output.clamped(to: resized.positions.indices)
      guard let first = range.first, let last = range.last else { return 0..<0 }
      seen = resized.first[first]...resized.last[last]
    }
    return Range(seen).clamped(to: 0..<count)
  }

  /// Where the output's position 0 lies on that of the `whole`, when the input's position 0 lies at
  /// position `offset` of the whole input; nil where the two do not lie on each other.
  func offset(of offset: Int, in whole: Reach) -> Int? {
    switch (self, whole) {
    case (.same, .same): return offset
    case (.window(let stride, _, _), .window):
      return offset.isMultiple(of: stride) ? offset / stride : nil
    case (.spread(let stride, _, _), .spread): return offset * stride
    case (.enlarged(let factor), .enlarged): return offset * factor
    case (.cropped(let own), .cropped(let whole)): return offset + own - whole
    case (.padded(let own), .padded(let whole)):
      return offset + (own.cut - own.before) - (whole.cut - whole.before)
    case (.resized(let own), .resized):
      let product = offset * own.positions.count
      return product.isMultiple(of: own.inputCount) ? product / own.inputCount : nil
    default: return nil
    }
  }

  /// Whether the output positions `range` of the whole are made of the same input positions here, when input
  /// and output lie at the given offsets of the whole.
  func agrees(
    with whole: Reach, for range: Range<Int>, input inputOffset: Int, output outputOffset: Int
  ) -> Bool {
    guard case .resized(let own) = self, case .resized(let other) = whole else { return true }
    return range.allSatisfy {
      let index = $0 - outputOffset
      guard own.positions.indices.contains(index), other.positions.indices.contains($0) else {
        return false
      }
      // Quotients are rounded, and a neighbour that counts for nothing may differ.
      return abs(own.positions[index] + Double(inputOffset) - other.positions[$0]) < 1e-6
    }
  }
}

extension Int {
  /// The largest whole number that is not above the quotient.
  fileprivate func flooredQuotient(_ divisor: Int) -> Int {
    self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
  }
}

/// An operation whose output depends, position by position, on a part of its inputs. Of others every
/// position may depend on everything.
protocol LocalOperation: Operation {
  /// What it sees of every input it reads.
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach
}

extension LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach { .same }
}

// By pixels.
extension ReLU: LocalOperation {}
extension LeakyReLU: LocalOperation {}
extension ClippedReLU: LocalOperation {}
extension Sigmoid: LocalOperation {}
extension HardSigmoid: LocalOperation {}
extension HardSwish: LocalOperation {}
extension SiLU: LocalOperation {}
extension Tanh: LocalOperation {}
extension ELU: LocalOperation {}
extension Softplus: LocalOperation {}
extension Mish: LocalOperation {}
extension Clip: LocalOperation {}
extension Exponential: LocalOperation {}
extension GELU: LocalOperation {}
extension ErrorFunction: LocalOperation {}
extension Power: LocalOperation {}
extension PReLU: LocalOperation {}
extension Affine: LocalOperation {}
extension BatchNorm: LocalOperation {}
extension Scale: LocalOperation {}
extension Dropout: LocalOperation {}
extension LocalResponseNormalization: LocalOperation {}
extension Softmax: LocalOperation {}
extension ChannelShuffle: LocalOperation {}
extension Concatenation: LocalOperation {}
extension Sum: LocalOperation {}
extension Product: LocalOperation {}
extension Difference: LocalOperation {}
extension Quotient: LocalOperation {}
extension Maximum: LocalOperation {}
extension Minimum: LocalOperation {}

// By windows.
extension Window {
  fileprivate func reach(_ axis: PictureAxis) -> Reach {
    .window(stride: axis.of(stride), padding: axis.of(padding), span: axis.of(span))
  }
}

extension Convolution: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach { window.reach(axis) }
}

extension MaxPool: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach { window.reach(axis) }
}

extension MaxPoolIndices: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach { window.reach(axis) }
}

extension AveragePool: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach { window.reach(axis) }
}

extension SpaceToDepth: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    .window(stride: block, padding: 0, span: block)
  }
}

extension TransposedConvolution: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    .spread(
      stride: axis.of(window.stride), padding: axis.of(window.padding), span: axis.of(window.span))
  }
}

extension MaxUnpool: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    .enlarged(factor: axis.of(window.kernel))
  }
}

extension DepthToSpace: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    .enlarged(factor: block)
  }
}

// By shifted or resized lines.
extension Crop: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    .cropped(offset: axis.of(offset))
  }
}

extension Slicing: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    let lines = axis == .rows ? rows : columns
    return .cropped(offset: lines.range(of: axis.count(input)).lowerBound)
  }
}

extension Pad: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    let axes = axes(of: input)
    return .padded(axis == .rows ? axes.rows : axes.columns)
  }
}

extension Resize: LocalOperation {
  func reach(_ axis: PictureAxis, _ input: Shape, _ output: Shape) -> Reach {
    guard interpolation == .cubic else {
      let axes = bilinearAxes(input, output)
      return .resized(
        Reach.ResizedPositions(axis == .rows ? axes.rows : axes.columns, axis.count(input)))
    }
    let axes = axes(input, output)
    let own = axis == .rows ? axes.rows : axes.columns
    return .resized(
      Reach.ResizedPositions(
        positions: own.positions,
        first: own.positions.indices.map { own.taps[own.tapCount * $0] },
        last: own.positions.indices.map { own.taps[own.tapCount * $0 + own.tapCount - 1] },
        inputCount: axis.count(input)))
  }
}

extension Reach.ResizedPositions {
  init(_ axis: BilinearAxis, _ inputCount: Int) {
    self.init(
      positions: zip(axis.low, axis.fraction).map { Double($0) + Double($1) }, first: axis.low,
      last: axis.high, inputCount: inputCount)
  }
}
