/// One axis of a resize: where each output position stands, and for the resizes that are not bilinear
/// which input positions count there, and how much.
struct ResizeAxis {
  /// Where on the input each output position stands; may lie outside.
  let positions: [Double]
  /// Input positions that count for each output position: 1 or 4.
  let tapCount: Int
  /// For each output position those, one after the other; the edge where they would lie outside.
  private(set) var taps: [Int] = []
  /// How much each counts.
  private(set) var weights: [Float] = []

  /// `factor` says where positions stand, if there is one; else the sizes do.
  init(_ resize: Resize, from input: Int, to output: Int, factor: Float?) {
    positions = (0..<output).map {
      resize.coordinates.position(
        of: $0, from: input, to: output, factor,
        isNearest: resize.interpolation.isNearest)
    }
    switch resize.interpolation {
    case .bilinear: tapCount = 0
    case .nearest(let rounding):
      tapCount = 1
      taps = positions.map { min(max(rounding.apply($0), 0), input - 1) }
      weights = [Float](repeating: 1, count: output)
    case .cubic:
      tapCount = 4
      for position in positions {
        let first = position.rounded(.down)
        let fraction = position - first
        for tap in -1...2 {
          taps.append(min(max(Int(first) + tap, 0), input - 1))
          weights.append(Float(cubicKernel(abs(fraction - Double(tap)))))
        }
      }
    }
  }
}

extension Resize.Interpolation {
  fileprivate var isNearest: Bool { if case .nearest = self { true } else { false } }
}

extension Resize.Coordinates {
  /// Where output position `index` stands. Quotients of whole numbers are exact where they are whole; by
  /// a factor the nearest is found in float32, as runtimes do.
  fileprivate func position(
    of index: Int, from input: Int, to output: Int, _ factor: Float?, isNearest: Bool
  ) -> Double {
    switch self {
    case .pytorchHalfPixel where output == 1: return 0
    case .halfPixel, .pytorchHalfPixel:
      guard let factor else {
        // Sides have at most 2^40 pixels in files, and in memory far less.
        return Double(2 * index + 1) * Double(input) / Double(2 * output) - 0.5
      }
      return isNearest
        ? Double((Float(index) + 0.5) / factor - 0.5)
        : (Double(index) + 0.5) / Double(factor) - 0.5
    case .alignCorners:
      return output == 1 ? 0 : Double(index) * Double(input - 1) / Double(output - 1)
    case .asymmetric:
      guard let factor else { return Double(index) * Double(input) / Double(output) }
      return isNearest ? Double(Float(index) / factor) : Double(index) / Double(factor)
    }
  }
}

extension Resize.Rounding {
  /// The whole number nearest to `position`, which is no larger than sides of pictures are.
  fileprivate func apply(_ position: Double) -> Int {
    switch self {
    case .floor: Int(position.rounded(.down))
    case .ceil: Int(position.rounded(.up))
    case .preferFloor: Int((position - 0.5).rounded(.up))
    case .preferCeil: Int((position + 0.5).rounded(.down))
    }
  }
}

/// Keys' kernel of a = −0.75 at a distance of 0…2 (Keys, 1981).
private func cubicKernel(_ x: Double) -> Double {
  let a = -0.75
  return x <= 1
    ? ((a + 2) * x - (a + 3)) * x * x + 1
    : ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
}

/// A resize whose output pixels are sums over a few rows and columns.
final class ResizeReference: PreparedTrainingForm {
  private let rows: ResizeAxis
  private let columns: ResizeAxis

  init(_ axes: (rows: ResizeAxis, columns: ResizeAxis)) { (rows, columns) = axes }

  func forward(_ call: ForwardCall) {
    let (input, output, rows, columns) = (call.input, call.output, rows, columns)
    call.workers.run(output.shape.n * output.shape.c) { plane, _ in
      let source = input.pointer + plane * input.shape.planeCount
      let target = output.pointer + plane * output.shape.planeCount
      for y in 0..<output.shape.h {
        for x in 0..<output.shape.w {
          var total: Float = 0
          for j in y * rows.tapCount..<(y + 1) * rows.tapCount {
            let line = source + rows.taps[j] * input.shape.w
            var part: Float = 0
            for k in x * columns.tapCount..<(x + 1) * columns.tapCount {
              part += line[columns.taps[k]] * columns.weights[k]
            }
            total += part * rows.weights[j]
          }
          target[y * output.shape.w + x] = total
        }
      }
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
        for x in 0..<upstream.shape.w {
          let value = source[y * upstream.shape.w + x]
          for j in y * rows.tapCount..<(y + 1) * rows.tapCount {
            let line = target + rows.taps[j] * gradient.shape.w
            for k in x * columns.tapCount..<(x + 1) * columns.tapCount {
              line[columns.taps[k]] += value * rows.weights[j] * columns.weights[k]
            }
          }
        }
      }
    }
  }
}
