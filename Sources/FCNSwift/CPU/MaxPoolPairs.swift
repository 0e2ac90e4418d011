/// 2×2 pooling with stride 2 of inputs whose every window is whole: two rows at a time.
final class MaxPoolPairs: PreparedTrainingForm {
  private let input: Shape
  private let output: Shape

  init?(_ window: Window, _ input: Shape, _ output: Shape) {
    guard window == Window(kernel: 2, stride: 2, padding: 0, dilation: 1),
      output.h * 2 <= input.h, output.w * 2 <= input.w
    else { return nil }
    self.input = input
    self.output = output
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input, call.output)
    call.workers.run(output.n * output.c) { [input, output] plane, _ in
      for y in 0..<output.h {
        let above = source.pointer + plane * input.planeCount + 2 * y * input.w
        let below = above + input.w
        let results = target.pointer + plane * output.planeCount + y * output.w
        for x in 0..<output.w {
          results[x] = larger(
            larger(above[2 * x], above[2 * x + 1]), larger(below[2 * x], below[2 * x + 1]))
        }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    let (source, result, upstream) = (call.input, call.output, call.outputGradient)
    call.workers.run(output.n * output.c) { [input, output] plane, _ in
      let to = gradient.pointer + plane * input.planeCount
      if output.h * 2 < input.h || output.w * 2 < input.w {
        to.update(repeating: 0, count: input.planeCount)
      }
      for y in 0..<output.h {
        let row = plane * input.planeCount + 2 * y * input.w
        let (above, below) = (source.pointer + row, source.pointer + row + input.w)
        let (toAbove, toBelow) = (gradient.pointer + row, gradient.pointer + row + input.w)
        let resultRow = result.pointer + plane * output.planeCount + y * output.w
        let from = upstream.pointer + plane * output.planeCount + y * output.w
        for x in 0..<output.w {
          let (best, value) = (resultRow[x], from[x])
          let first = above[2 * x] == best
          let second = !first && above[2 * x + 1] == best
          let third = !first && !second && below[2 * x] == best
          toAbove[2 * x] = first ? value : 0
          toAbove[2 * x + 1] = second ? value : 0
          toBelow[2 * x] = third ? value : 0
          toBelow[2 * x + 1] = first || second || third ? 0 : value
        }
      }
    }
  }
}

/// The larger of two floats; a NaN counts as largest.
@inline(__always)
private func larger(_ a: Float, _ b: Float) -> Float { a < b || b.isNaN ? b : a }
