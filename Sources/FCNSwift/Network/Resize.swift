/// Bilinear resizing with corners not aligned: output pixel x stands at (x + ½) · in/out − ½ of the
/// input, and beyond the outermost pixel centres the edge goes on. No smoothing when shrinking, as
/// PyTorch's `interpolate(align_corners=False)`.
public struct Resize: Operation {
  /// What the output's size is taken from.
  public enum Size: Sendable, Hashable {
    /// The second input's height and width.
    case likeSecondInput
    /// The input's size times a whole factor.
    case scaled(by: Extent)
    /// A fixed size.
    case exact(Extent)
  }

  public static let name = "resize"
  /// What the output's size is taken from.
  public let size: Size

  /// Makes a resize to `size`.
  public init(to size: Size) { self.size = size }

  public var inputCount: ClosedRange<Int> { size == .likeSecondInput ? 2...2 : 1...1 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    switch size {
    case .likeSecondInput: return Shape(input.n, input.c, inputs[1].h, inputs[1].w)
    case .exact(let size): return Shape(input.n, input.c, size.h, size.w)
    case .scaled(let factor):
      guard let height = checkedProduct(input.h, factor.h),
        let width = checkedProduct(input.w, factor.w)
      else { throw FCNError(.shapeMismatch, "a resize by \(factor) of \(input) is too large") }
      return Shape(input.n, input.c, height, width)
    }
  }

  public var readsFirstInputOnly: Bool { true }
  public var reference: ReferenceForm { ReferenceForm { ResizeReference($0[0], $1) } }
}

/// One axis of a bilinear resize: for each output position two input positions and their weights.
struct BilinearAxis {
  let low: [Int]
  let high: [Int]
  /// The weight of `high`; `low` has the rest.
  let fraction: [Float]

  /// Throws `outOfMemory` where there is no room for the axes of a picture, with what is made on the way.
  static func requireMemory(height: Int, width: Int) throws {
    guard let bytes = checkedProduct(max(height, width), 2 * 40) else {
      throw FCNError(.outOfMemory, "\(height)×\(width) pixels cannot be addressed")
    }
    try FCNSwift.requireMemory(bytes)
  }

  init(from input: Int, to output: Int) {
    let scale = Double(input) / Double(output)
    let positions = (0..<output).map {
      min(max((Double($0) + 0.5) * scale - 0.5, 0), Double(input - 1))
    }
    low = positions.map { Int($0) }
    high = low.map { min($0 + 1, input - 1) }
    fraction = zip(positions, low).map { Float($0 - Double($1)) }
  }
}

final class ResizeReference: PreparedTrainingForm {
  private let rows: BilinearAxis
  private let columns: BilinearAxis

  init(_ input: Shape, _ output: Shape) {
    rows = BilinearAxis(from: input.h, to: output.h)
    columns = BilinearAxis(from: input.w, to: output.w)
  }

  func forward(_ call: ForwardCall) {
    let (input, output, rows, columns) = (call.input, call.output, rows, columns)
    call.workers.run(output.shape.n * output.shape.c) { plane, _ in
      resizePlane(
        input.pointer + plane * input.shape.planeCount, width: input.shape.w,
        to: output.pointer + plane * output.shape.planeCount, rows, columns)
    }
  }

  func backward(_ call: BackwardCall) {
    if let like = call.inputGradients.dropFirst().first ?? nil {
      like.pointer.update(repeating: 0, count: like.shape.count)
    }
    guard let gradient = call.inputGradients[0] else { return }
    let (upstream, rows, columns) = (call.outputGradient, rows, columns)
    call.workers.run(upstream.shape.n * upstream.shape.c) { plane, _ in
      let source = upstream.pointer + plane * upstream.shape.planeCount
      let target = gradient.pointer + plane * gradient.shape.planeCount
      target.update(repeating: 0, count: gradient.shape.planeCount)
      for y in 0..<upstream.shape.h {
        let above = target + rows.low[y] * gradient.shape.w
        let below = target + rows.high[y] * gradient.shape.w
        for x in 0..<upstream.shape.w {
          let value = source[y * upstream.shape.w + x]
          let (down, right) = (rows.fraction[y], columns.fraction[x])
          above[columns.low[x]] += value * (1 - down) * (1 - right)
          above[columns.high[x]] += value * (1 - down) * right
          below[columns.low[x]] += value * down * (1 - right)
          below[columns.high[x]] += value * down * right
        }
      }
    }
  }
}

/// Resizes one plane whose rows are `width` long to the size of the axes.
func resizePlane(
  _ source: UnsafePointer<Float>, width: Int, to target: UnsafeMutablePointer<Float>,
  _ rows: BilinearAxis, _ columns: BilinearAxis
) {
  for y in rows.low.indices {
    interpolateRow(
      above: source + rows.low[y] * width, below: source + rows.high[y] * width, rows.fraction[y],
      columns, to: target + y * columns.low.count)
  }
}

/// One row of a bilinear resize, `down` of the way from the row `above` to the row `below`.
func interpolateRow(
  above: UnsafePointer<Float>, below: UnsafePointer<Float>, _ down: Float,
  _ columns: BilinearAxis, to result: UnsafeMutablePointer<Float>
) {
  for x in columns.low.indices {
    let (low, high, right) = (columns.low[x], columns.high[x], columns.fraction[x])
    let top = above[low] + (above[high] - above[low]) * right
    let bottom = below[low] + (below[high] - below[low]) * right
    result[x] = top + (bottom - top) * down
  }
}
