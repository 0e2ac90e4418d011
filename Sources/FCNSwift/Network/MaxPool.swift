/// The largest value under a sliding window. The padding holds no values.
///
/// In ceil mode, as Caffe's, a last window that starts inside the input (or its left padding) but
/// hangs over the end counts too.
public struct MaxPool: Operation {
  public static let name = "max_pool"
  let window: Window
  let ceilMode: Bool

  /// Makes a pool of its settings; pairs are rows, columns.
  public init(
    kernel: Extent, stride: Extent, padding: Extent = 0, dilation: Extent = 1,
    ceilMode: Bool = false
  ) {
    window = Window(kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    self.ceilMode = ceilMode
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    try window.validate()
    guard window.padding.h * 2 <= window.kernel.h, window.padding.w * 2 <= window.kernel.w else {
      throw FCNError(
        .invalidArgument,
        "a pool's padding \(window.padding) must be at most half its kernel \(window.kernel)")
    }
    let positions =
      ceilMode
      ? try window.ceiledPositions(height: input.h, width: input.w)
      : try window.positions(height: input.h, width: input.w)
    try window.checkValues(height: input.h, width: input.w, at: positions)
    return Shape(input.n, input.c, positions.h, positions.w)
  }

  /// Whether it takes the largest of each 2×2.
  var halves: Bool { window == Window(kernel: 2, stride: 2, padding: 0, dilation: 1) }

  public var backwardReadsOutput: Bool { true }

  public var reference: ReferenceForm {
    ReferenceForm { [window] in MaxPoolReference(window, $0[0], $1) }
  }
}

/// Max pooling as its definition reads. Where values are equal the first one wins, and gets the
/// gradient.
final class MaxPoolReference: PreparedTrainingForm {
  private let window: Window
  private let input: Shape
  private let output: Shape

  init(_ window: Window, _ input: Shape, _ output: Shape) {
    self.window = window
    self.input = input
    self.output = output
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input, call.output)
    call.workers.run(output.n * output.c) { [self] plane, _ in
      let values = source.pointer + plane * input.planeCount
      let results = target.pointer + plane * output.planeCount
      for y in 0..<output.h {
        for x in 0..<output.w { results[y * output.w + x] = values[winner(values, y, x)] }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    let (source, upstream) = (call.input, call.outputGradient)
    call.workers.run(output.n * output.c) { [self] plane, _ in
      let values = source.pointer + plane * input.planeCount
      let from = upstream.pointer + plane * output.planeCount
      let to = gradient.pointer + plane * input.planeCount
      to.update(repeating: 0, count: input.planeCount)
      for y in 0..<output.h {
        for x in 0..<output.w { to[winner(values, y, x)] += from[y * output.w + x] }
      }
    }
  }

  /// Where in its plane the largest value under the window at (`y`, `x`) stands; a NaN is largest.
  private func winner(_ plane: UnsafePointer<Float>, _ y: Int, _ x: Int) -> Int {
    let top = y * window.stride.h - window.padding.h
    let left = x * window.stride.w - window.padding.w
    let (down, across) = (window.dilation.h, window.dilation.w)
    let (first, start) = (Window.within(top, down), Window.within(left, across))
    var best = first * input.w + start
    for row in stride(from: first, to: min(top + window.span.h, input.h), by: down) {
      for column in stride(from: start, to: min(left + window.span.w, input.w), by: across) {
        let here = row * input.w + column
        if !(plane[here] <= plane[best]) && !plane[best].isNaN { best = here }
      }
    }
    return best
  }
}

extension Window {
  /// The first of `first`, `first` + `step`, … that is not below 0.
  static func within(_ first: Int, _ step: Int) -> Int {
    first >= 0 ? first : first + (step - 1 - first) / step * step
  }

  /// Throws where a window at one of `positions` holds no value at all, as those with holes may.
  fileprivate func checkValues(height: Int, width: Int, at positions: Extent) throws {
    guard dilation != 1 else { return }
    for (size, count, stride, padding, dilation) in [
      (height, positions.h, stride.h, padding.h, dilation.h),
      (width, positions.w, stride.w, padding.w, dilation.w),
    ] {
      // Those farther in begin within the input.
      for position in 0..<min(count, padding / stride + 1)
      where Self.within(position * stride - padding, dilation) >= size {
        throw FCNError(
          .shapeMismatch,
          "of the input of \(height)×\(width) a window with holes holds no value; give it a larger picture"
        )
      }
    }
  }
}
