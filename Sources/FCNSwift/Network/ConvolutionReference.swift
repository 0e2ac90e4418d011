/// Convolution as its definition reads, one sum at a time.
final class ConvolutionReference: PreparedTrainingForm {
  private let operation: Convolution
  private let input: Shape
  private let output: Shape

  init(_ operation: Convolution, _ input: Shape, _ output: Shape) {
    self.operation = operation
    self.input = input
    self.output = output
  }

  func forward(_ call: ForwardCall) {
    let weight = call.parameters[0]
    for n in 0..<output.n {
      for o in 0..<output.c {
        let bias = operation.bias ? call.parameters[1].pointer[o] : 0
        for y in 0..<output.h {
          for x in 0..<output.w {
            var sum = bias
            forEachTap(o, y, x) { i, inputChannel, j, k, row, column in
              sum += weight[o, i, j, k] * call.input[n, inputChannel, row, column]
            }
            call.output[n, o, y, x] = sum
          }
        }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    let weight = call.parameters[0]
    for case let gradient? in call.inputGradients + call.parameterGradients {
      gradient.pointer.update(repeating: 0, count: gradient.shape.count)
    }
    let inputGradient = call.inputGradients[0]
    let weightGradient = call.parameterGradients[0]
    let biasGradient = operation.bias ? call.parameterGradients[1] : nil
    for n in 0..<output.n {
      for o in 0..<output.c {
        for y in 0..<output.h {
          for x in 0..<output.w {
            let upstream = call.outputGradient[n, o, y, x]
            if let biasGradient { biasGradient.pointer[o] += upstream }
            forEachTap(o, y, x) { i, inputChannel, j, k, row, column in
              if let inputGradient {
                inputGradient[n, inputChannel, row, column] += weight[o, i, j, k] * upstream
              }
              if let weightGradient {
                weightGradient[o, i, j, k] += call.input[n, inputChannel, row, column] * upstream
              }
            }
          }
        }
      }
    }
  }

  /// Calls `body` for each weight of output channel `o` that meets the input when the window stands
  /// at (`y`, `x`): channel within the group, channel of the input, kernel row and column, input row
  /// and column.
  private func forEachTap(
    _ o: Int, _ y: Int, _ x: Int, _ body: (Int, Int, Int, Int, Int, Int) -> Void
  ) {
    let window = operation.window
    let channelsPerGroup = input.c / operation.groups
    let firstChannel = o / (output.c / operation.groups) * channelsPerGroup
    for i in 0..<channelsPerGroup {
      for j in 0..<window.kernel.h {
        let row = y * window.stride.h + j * window.dilation.h - window.padding.h
        guard (0..<input.h).contains(row) else { continue }
        for k in 0..<window.kernel.w {
          let column = x * window.stride.w + k * window.dilation.w - window.padding.w
          guard (0..<input.w).contains(column) else { continue }
          body(i, firstChannel + i, j, k, row, column)
        }
      }
    }
  }
}
