import FCNLoopTypes

/// The largest byte under a sliding window; bytes are the larger the larger what they stand for is.
final class ByteMaxPool: PreparedForm {
  private let window: Window
  private let input: Shape
  private let output: Shape
  let makesBytes = true

  init?(_ window: Window, _ request: FormRequest) {
    guard request.epilogue == Epilogue(), window.dilation == 1,
      let bytes = request.bytes.input, bytes == request.bytes.output
    else { return nil }
    self.window = window
    (input, output) = (request.inputs[0], request.output)
  }

  func forward(_ call: ForwardCall) {
    let (window, input, output) = (window, input, output)
    let source = UnsafeRawPointer(call.input.pointer).assumingMemoryBound(to: SIMD16<UInt8>.self)
    let target = UnsafeMutableRawPointer(call.output.pointer)
      .assumingMemoryBound(to: SIMD16<UInt8>.self)
    let step = window.stride.w
    call.workers.run(blockedPlaneCount(output) * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let (pixels, results) = (source + plane * input.planeCount, target + task * output.w)
      let top = y * window.stride.h - window.padding.h
      results.update(repeating: SIMD16(), count: output.w)
      // What a place of the window sees of a line, for all of its windows at a time.
      for row in max(top, 0)..<min(top + window.kernel.h, input.h) {
        for place in 0..<window.kernel.w {
          let shift = place - window.padding.w
          let first = max(0, (step - 1 - shift) / step)
          let end = max(first, min(output.w, (input.w - shift + step - 1) / step))
          let line = pixels + row * input.w + shift
          for x in first..<end { results[x] = pointwiseMax(results[x], line[x * step]) }
        }
      }
    }
  }
}

/// Sums of blocked tensors, or a multiple or a function of one: element by element, so order does not matter.
final class BlockedElementwise: PreparedTrainingForm {
  enum Function {
    case sum
    case scale(Float)
    case activation(Activation)
  }

  private let function: Function
  private let count: Int
  private let loops: LoopTable

  init?(_ function: Function, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    self.function = function
    loops = request.loops
    count = Layout.blocked.count(request.output)
  }

  func forward(_ call: ForwardCall) {
    let target = call.output.pointer
    let sources = call.inputs.map(\.pointer)
    let (function, loops) = (function, loops)
    forEachChunk(of: count, call.workers) { range in
      switch function {
      case .activation(let activation):
        loops.activate(
          sources[0] + range.lowerBound, target + range.lowerBound, range.count, activation)
      case .scale(let factor):
        for i in range { target[i] = sources[0][i] * factor }
      case .sum:
        for i in range { target[i] = sources[0][i] + sources[1][i] }
        for source in sources.dropFirst(2) {
          for i in range { target[i] += source[i] }
        }
      }
    }
  }
  func backward(_ call: BackwardCall) {
    switch function {
    case .activation(let activation):
      activation.backward(call, count)
    case .scale(let factor):
      guard let gradient = call.inputGradients[0]?.pointer else { return }
      let upstream = call.outputGradient.pointer
      forEachChunk(of: count, call.workers) { range in
        for i in range { gradient[i] = upstream[i] * factor }
      }
    case .sum:
      let upstream = call.outputGradient.pointer
      for case let gradient? in call.inputGradients.map({ $0?.pointer }) {
        forEachChunk(of: count, call.workers) { range in
          (gradient + range.lowerBound).update(
            from: upstream + range.lowerBound, count: range.count)
        }
      }
    }
  }
}
