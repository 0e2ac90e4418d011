import CIntrinsics
import FCNLoopTypes

/// The largest value under a sliding window, sixteen channels at a time.
final class BlockedMaxPool: PreparedTrainingForm {
  private let window: Window
  private let input: Shape
  private let output: Shape

  init?(_ window: Window, _ request: FormRequest) {
    guard request.epilogue == Epilogue(), window.dilation == 1 else { return nil }
    self.window = window
    input = request.inputs[0]
    output = request.output
  }

  func forward(_ call: ForwardCall) {
    let (window, input, output) = (window, input, output)
    let blocks = (input.c + channelBlock - 1) / channelBlock
    let (source, target) = (call.input.pointer, call.output.pointer)
    call.workers.run(output.n * blocks * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let pixels = UnsafeRawPointer(source + plane * input.planeCount * channelBlock)
        .assumingMemoryBound(to: SIMD16<Float>.self)
      let results = UnsafeMutableRawPointer(target + task * output.w * channelBlock)
        .assumingMemoryBound(to: SIMD16<Float>.self)
      let top = y * window.stride.h - window.padding.h
      for x in 0..<output.w {
        let left = x * window.stride.w - window.padding.w
        var best = pixels[max(top, 0) * input.w + max(left, 0)]
        for row in max(top, 0)..<min(top + window.kernel.h, input.h) {
          for column in max(left, 0)..<min(left + window.kernel.w, input.w) {
            best = fcn_larger(best, pixels[row * input.w + column])
          }
        }
        results[x] = best
      }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    let (window, input, output) = (window, input, output)
    let (values, results) = (call.input.pointer.pixels, call.output.pointer.pixels)
    let (upstream, target) = (call.outputGradient.pointer.pixels, gradient.pointer.pixels)
    // Windows side by side write each pixel once, and where they are all there is, all pixels.
    let isDivided =
      window == Window(kernel: 2, stride: 2, padding: 0, dilation: 1)
      && output.h * 2 == input.h && output.w * 2 == input.w
    call.workers.run(blockedPlaneCount(output)) { plane, _ in
      let (pixels, to) = (values + plane * input.planeCount, target + plane * input.planeCount)
      if !isDivided { to.update(repeating: SIMD16(), count: input.planeCount) }
      for y in 0..<output.h {
        let top = y * window.stride.h - window.padding.h
        for x in 0..<output.w {
          let place = (plane * output.h + y) * output.w + x
          let best = results[place]
          // Of equal values the first one gets it, and nothing is left for the others.
          var left = upstream[place]
          func give(_ pixel: Int) -> SIMD16<Float> {
            let part = fcn_where_best(left, pixels[pixel], best)
            left = fcn_without(left, part)
            return part
          }
          if isDivided {
            let (first, second) = (2 * y * input.w + 2 * x, (2 * y + 1) * input.w + 2 * x)
            to[first] = give(first)
            to[first + 1] = give(first + 1)
            to[second] = give(second)
            to[second + 1] = left
            continue
          }
          let start = x * window.stride.w - window.padding.w
          for row in max(top, 0)..<min(top + window.kernel.h, input.h) {
            for column in max(start, 0)..<min(start + window.kernel.w, input.w) {
              to[row * input.w + column] += give(row * input.w + column)
            }
          }
        }
      }
    }
  }
}
