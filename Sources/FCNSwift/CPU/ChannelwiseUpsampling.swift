/// Transposed convolution of each channel by itself: every output pixel is a sum over the few taps
/// of the kernel that reach it. Of what is cropped after it, only the part that stays is made.
final class ChannelwiseUpsampling: PreparedForm {
  private let operation: TransposedConvolution
  private let input: Shape
  private let output: Shape
  /// Rows and columns of the whole output before the first that is made.
  private let margin: Extent

  init?(_ operation: TransposedConvolution, _ request: FormRequest) {
    let input = request.inputs[0]
    guard operation.groups == input.c, input.c == request.output.c, let kept = request.kept
    else { return nil }
    (self.operation, self.input, output) = (operation, input, kept.shape)
    let padding = operation.window.padding
    margin = Extent(padding.h + kept.offset.h, padding.w + kept.offset.w)
  }

  func forward(_ call: ForwardCall) {
    let (window, input, output) = (operation.window, input, output)
    let (source, target) = (call.input.pointer, call.output.pointer)
    let weight = call.parameters[0].pointer
    let bias = operation.bias ? call.parameters[1].pointer : nil
    let (kernel, step, padding) = (window.kernel, window.stride, margin)
    call.workers.run(output.n * output.c * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let channel = plane % output.c
      let line = target + task * output.w
      line.update(repeating: bias?[channel] ?? 0, count: output.w)
      var j = (y + padding.h) % step.h
      while j < kernel.h {
        defer { j += step.h }
        let row = (y + padding.h - j) / step.h
        guard y + padding.h >= j, row < input.h else { continue }
        let values = source + (plane * input.h + row) * input.w
        let taps = weight + (channel * kernel.h + j) * kernel.w
        for x in 0..<input.w {
          let left = x * step.w - padding.w
          let value = values[x]
          if left >= 0, left + kernel.w <= output.w {
            for k in 0..<kernel.w { line[left + k] += value * taps[k] }
          } else {
            for k in max(0, -left)..<max(max(0, -left), min(kernel.w, output.w - left)) {
              line[left + k] += value * taps[k]
            }
          }
        }
      }
    }
  }
}
