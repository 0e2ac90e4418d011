/// Transposed convolution as its definition reads: every input value spreads over the output.
final class TransposedConvolutionReference: PreparedTrainingForm {
  private let operation: TransposedConvolution
  private let input: Shape
  private let output: Shape

  init(_ operation: TransposedConvolution, _ input: Shape, _ output: Shape) {
    self.operation = operation
    self.input = input
    self.output = output
  }

  func forward(_ call: ForwardCall) {
    let weight = call.parameters[0]
    for n in 0..<output.n {
      for o in 0..<output.c {
        let bias = operation.bias ? call.parameters[1].pointer[o] : 0
        call.output.plane(n, o).update(repeating: bias, count: output.planeCount)
      }
      forEachTap { i, y, x, o, outputChannel, j, k, row, column in
        call.output[n, outputChannel, row, column] += weight[i, o, j, k] * call.input[n, i, y, x]
      }
    }
  }

  func backward(_ call: BackwardCall) {
    let weight = call.parameters[0]
    let upstream = call.outputGradient
    for case let gradient? in call.inputGradients + call.parameterGradients {
      gradient.pointer.update(repeating: 0, count: gradient.shape.count)
    }
    for n in 0..<output.n {
      forEachTap { i, y, x, o, outputChannel, j, k, row, column in
        let value = upstream[n, outputChannel, row, column]
        if let gradient = call.inputGradients[0] {
          gradient[n, i, y, x] += weight[i, o, j, k] * value
        }
        if let gradient = call.parameterGradients[0] {
          gradient[i, o, j, k] += call.input[n, i, y, x] * value
        }
      }
      guard operation.bias, let gradient = call.parameterGradients[1] else { continue }
      for o in 0..<output.c {
        for p in 0..<output.planeCount { gradient.pointer[o] += upstream.plane(n, o)[p] }
      }
    }
  }

  /// Calls `body` for every pair of an input value and an output value that a weight joins: input
  /// channel, row and column, output channel within the group and in all, kernel row and column,
  /// output row and column.
  private func forEachTap(_ body: (Int, Int, Int, Int, Int, Int, Int, Int, Int) -> Void) {
    let window = operation.window
    let channelsPerGroup = output.c / operation.groups
    for i in 0..<input.c {
      let firstChannel = i / (input.c / operation.groups) * channelsPerGroup
      for y in 0..<input.h {
        for x in 0..<input.w {
          for o in 0..<channelsPerGroup {
            for j in 0..<window.kernel.h {
              let row = y * window.stride.h + j - window.padding.h
              guard (0..<output.h).contains(row) else { continue }
              for k in 0..<window.kernel.w {
                let column = x * window.stride.w + k - window.padding.w
                guard (0..<output.w).contains(column) else { continue }
                body(i, y, x, o, firstChannel + o, j, k, row, column)
              }
            }
          }
        }
      }
    }
  }
}
