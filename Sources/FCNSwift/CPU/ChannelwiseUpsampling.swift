import FCNLoopTypes

/// Transposed convolution of each channel by itself: every output pixel is a sum over the few taps
/// of the kernel that reach it. Of what is cropped after it, only the part that stays is made.
final class ChannelwiseUpsampling: PreparedForm {
  private let operation: TransposedConvolution
  private let loops: LoopTable
  private let input: Shape
  private let output: Shape
  /// Rows and columns of the whole output before the first that is made.
  private let margin: Extent

  init?(_ operation: TransposedConvolution, _ request: FormRequest) {
    let input = request.inputs[0]
    guard operation.groups == input.c, input.c == request.output.c, let kept = request.kept
    else { return nil }
    (self.operation, self.input, output) = (operation, input, kept.shape)
    loops = request.loops
    let padding = operation.window.padding
    margin = Extent(padding.h + kept.offset.h, padding.w + kept.offset.w)
  }

  /// Floats from a class's line to the next where labels are made of them.
  private var lineStride: Int { roundUp(output.w, toMultipleOf: channelBlock) }
  var workspacePerWorker: Int { (output.c + 1) * lineStride }

  func forward(_ call: ForwardCall) { forward(call, pictures: 0..<output.n) }

  func forward(_ call: ForwardCall, pictures: Range<Int>) {
    let output = output
    call.workers.run(pictures.count * output.c * output.h) { [self] task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      makeLine(
        call, plane: pictures.lowerBound * output.c + plane, y,
        to: call.output.pointer + task * output.w)
    }
  }

  /// Writes row `y` of a plane of the output.
  private func makeLine(
    _ call: ForwardCall, plane: Int, _ y: Int, to line: UnsafeMutablePointer<Float>
  ) {
    let (kernel, step, padding) = (operation.window.kernel, operation.window.stride, margin)
    let channel = plane % output.c
    let bias = operation.bias ? call.parameters[1].pointer[channel] : 0
    line.update(repeating: bias, count: output.w)
    var j = (y + padding.h) % step.h
    while j < kernel.h {
      defer { j += step.h }
      let row = (y + padding.h - j) / step.h
      guard y + padding.h >= j, row < input.h else { continue }
      let values = call.input.pointer + (plane * input.h + row) * input.w
      let taps = call.parameters[0].pointer + (channel * kernel.h + j) * kernel.w
      // From the last tap to the first, so that what adds to a pixel comes in the input's order.
      var k = kernel.w
      while k > 0 {
        let count = k >= 8 ? 8 : k >= 4 ? 4 : 1
        k -= count
        switch count {
        case 8: add(taps + k, SIMD8<Float>.self, values, at: k - padding.w, to: line)
        case 4: add(taps + k, SIMD4<Float>.self, values, at: k - padding.w, to: line)
        default: add(taps + k, values, input.w, lanes: 1, at: k - padding.w, to: line)
        }
      }
    }
  }

  /// Adds what neighbouring taps make of all values of a line of the input, of the first of which the first
  /// tap falls on column `left`.
  @inline(__always)
  private func add<V: SIMD<Float>>(
    _ taps: UnsafePointer<Float>, _: V.Type, _ values: UnsafePointer<Float>, at left: Int,
    to line: UnsafeMutablePointer<Float>
  ) {
    let (step, lanes) = (operation.window.stride.w, V.scalarCount)
    // Values all of whose columns are there.
    let first = min(input.w, max(0, (step - 1 - left) / step))
    let room = output.w - lanes - left
    let end = max(first, min(input.w, room < 0 ? 0 : room / step + 1))
    let taken = UnsafeRawPointer(taps).loadUnaligned(as: V.self)
    for x in first..<end {
      let place = UnsafeMutableRawPointer(line + left + x * step)
      place.storeBytes(of: place.loadUnaligned(as: V.self) + taken * values[x], as: V.self)
    }
    add(taps, values, first, lanes: lanes, at: left, to: line)
    add(
      taps, values + end, input.w - end, lanes: lanes, at: left + end * step, to: line)
  }

  /// The same of `count` values, of which columns may be missing.
  private func add(
    _ taps: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ count: Int, lanes: Int,
    at left: Int, to line: UnsafeMutablePointer<Float>
  ) {
    for x in 0..<count {
      let left = left + x * operation.window.stride.w
      let first = max(0, -left)
      for k in first..<max(first, min(lanes, output.w - left)) {
        line[left + k] += values[x] * taps[k]
      }
    }
  }
}

extension ChannelwiseUpsampling: RankingForm {
  var ranks: Bool { true }

  func rank(_ call: ForwardCall, to labels: UnsafeMutablePointer<UInt8>) {
    let (output, stride) = (output, lineStride)
    call.workers.run(output.n * output.h) { [self] task, lines in
      let (picture, y) = (task / output.h, task % output.h)
      for channel in 0..<output.c {
        let line = lines + channel * stride
        makeLine(call, plane: picture * output.c + channel, y, to: line)
        (line + output.w).update(repeating: 0, count: stride - output.w)
      }
      let made = UnsafeMutableRawPointer(lines + output.c * stride)
        .bindMemory(to: UInt8.self, capacity: stride)
      loops.rank(lines, lines, stride, output.c, 0, stride, made)
      (labels + task * output.w).update(from: made, count: output.w)
    }
  }

  func gain(_ call: ForwardCall) -> Float {
    let kernel = operation.window.kernel
    return Self.gain(
      weights: UnsafeBufferPointer(
        start: call.parameters[0].pointer, count: call.parameters[0].shape.count),
      terms: kernel.h * kernel.w,
      bias: operation.bias
        ? UnsafeBufferPointer(start: call.parameters[1].pointer, count: output.c) : nil)
  }
}
