import FCNLoopTypes

/// A resize of sixteen channels at a time.
final class BlockedResize: PreparedForm {
  private let axes: (rows: ResizeAxis, columns: ResizeAxis)
  /// Of a bilinear one.
  private let bilinear: (rows: BilinearAxis, columns: BilinearAxis)?
  private let input: Shape
  private let output: Shape

  init?(_ operation: Resize, _ request: FormRequest) {
    // The network's own output is wanted planar.
    guard request.epilogue == Epilogue(), !request.makesScores else { return nil }
    (input, output) = (request.inputs[0], request.output)
    axes = operation.axes(input, output)
    bilinear = operation.interpolation == .bilinear ? operation.bilinearAxes(input, output) : nil
  }

  func forward(_ call: ForwardCall) {
    let (input, output, axes, bilinear) = (input, output, axes, bilinear)
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    call.workers.run(blockedPlaneCount(output) * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let (pixels, results) = (source + plane * input.planeCount, target + task * output.w)
      if let (rows, columns) = bilinear {
        let above = pixels + rows.low[y] * input.w
        let below = pixels + rows.high[y] * input.w
        let down = rows.fraction[y]
        for x in 0..<output.w {
          let (low, high, right) = (columns.low[x], columns.high[x], columns.fraction[x])
          let top = above[low] + (above[high] - above[low]) * right
          let bottom = below[low] + (below[high] - below[low]) * right
          results[x] = top + (bottom - top) * down
        }
      } else if axes.rows.tapCount == 1 {
        let line = pixels + axes.rows.taps[y] * input.w
        for x in 0..<output.w { results[x] = line[axes.columns.taps[x]] }
      } else {
        for x in 0..<output.w {
          var total = SIMD16<Float>()
          for j in y * axes.rows.tapCount..<(y + 1) * axes.rows.tapCount {
            let line = pixels + axes.rows.taps[j] * input.w
            var part = SIMD16<Float>()
            for k in x * axes.columns.tapCount..<(x + 1) * axes.columns.tapCount {
              part += line[axes.columns.taps[k]] * axes.columns.weights[k]
            }
            total += part * axes.rows.weights[j]
          }
          results[x] = total
        }
      }
    }
  }
}
