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

  /// Of its parts.
  init(low: [Int], high: [Int], fraction: [Float]) {
    (self.low, self.high, self.fraction) = (low, high, fraction)
  }

  /// Of an axis of a bilinear resize, over `count` input positions, or of one to the nearest, which takes
  /// all of one position.
  init(_ axis: ResizeAxis, of count: Int) {
    guard axis.tapCount == 0 else {
      (low, high) = (axis.taps, axis.taps)
      fraction = axis.taps.map { _ in 0 }
      return
    }
    let positions = axis.positions.map { min(max($0, 0), Double(count - 1)) }
    low = positions.map { Int($0) }
    high = low.map { min($0 + 1, count - 1) }
    fraction = zip(positions, low).map { Float($0 - Double($1)) }
  }
}

/// A bilinear resize.
final class BilinearReference: PreparedTrainingForm {
  private let rows: BilinearAxis
  private let columns: BilinearAxis

  init(_ axes: (rows: BilinearAxis, columns: BilinearAxis)) { (rows, columns) = axes }

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
      columns, columns.low.indices, to: target + y * columns.low.count)
  }
}

/// The columns `span` of a row of a bilinear resize, `down` of the way from the row `above` to the row
/// `below`.
func interpolateRow(
  above: UnsafePointer<Float>, below: UnsafePointer<Float>, _ down: Float,
  _ columns: BilinearAxis, _ span: Range<Int>, to result: UnsafeMutablePointer<Float>
) {
  for x in span {
    let (low, high, right) = (columns.low[x], columns.high[x], columns.fraction[x])
    let top = above[low] + (above[high] - above[low]) * right
    let bottom = below[low] + (below[high] - below[low]) * right
    result[x - span.lowerBound] = top + (bottom - top) * down
  }
}

/// The columns `span` of a row that is resized along itself alone.
func interpolateColumns(
  _ row: UnsafePointer<Float>, _ columns: BilinearAxis, _ span: Range<Int>,
  to result: UnsafeMutablePointer<Float>
) {
  columns.low.withUnsafeBufferPointer { lows in
    columns.high.withUnsafeBufferPointer { highs in
      columns.fraction.withUnsafeBufferPointer { fractions in
        for x in span {
          let low = row[lows[x]]
          result[x - span.lowerBound] = low + (row[highs[x]] - low) * fractions[x]
        }
      }
    }
  }
}
