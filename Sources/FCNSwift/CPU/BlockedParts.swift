import FCNLoopTypes

/// Rows and columns added or cut off, sixteen channels at a time.
final class BlockedPad: PreparedForm {
  private let rows: [Int?]
  private let columns: [Int?]
  private let input: Shape
  private let output: Shape

  init?(_ operation: Pad, _ request: FormRequest) {
    // Other numbers would stand in channels that only fill a block, too.
    if case .constant(let value) = operation.filling, value != 0 { return nil }
    guard request.epilogue == Epilogue() else { return nil }
    (input, output) = (request.inputs[0], request.output)
    let axes = operation.axes(of: input)
    rows = (0..<output.h).map(axes.rows.source)
    columns = (0..<output.w).map(axes.columns.source)
  }

  func forward(_ call: ForwardCall) {
    let (input, output, rows, columns) = (input, output, rows, columns)
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    call.workers.run(blockedPlaneCount(output) * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let results = target + task * output.w
      guard let row = rows[y] else {
        results.update(repeating: SIMD16(), count: output.w)
        return
      }
      let pixels = source + (plane * input.h + row) * input.w
      for x in 0..<output.w { results[x] = columns[x].map { pixels[$0] } ?? SIMD16() }
    }
  }
}

/// Whole blocks of channels, and some of the rows and columns.
final class BlockedSlice: PreparedForm {
  private let part: (channels: Range<Int>, rows: Range<Int>, columns: Range<Int>)
  private let input: Shape
  private let output: Shape

  init?(_ operation: Slicing, _ request: FormRequest) {
    (input, output) = (request.inputs[0], request.output)
    part = operation.part(of: input)
    let end = part.channels.upperBound
    guard request.epilogue == Epilogue(), part.channels.lowerBound % channelBlock == 0,
      end % channelBlock == 0 || end == input.c
    else { return nil }
  }

  func forward(_ call: ForwardCall) {
    let (part, input, output) = (part, input, output)
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    // Blocks lie outside pictures.
    let first = part.channels.lowerBound / channelBlock * input.n
    call.workers.run(blockedPlaneCount(output) * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let row = (first + plane) * input.h + part.rows.lowerBound + y
      (target + task * output.w).update(
        from: source + row * input.w + part.columns.lowerBound, count: output.w)
    }
  }
}

/// A learned factor and offset, or slope, of each channel, sixteen channels at a time.
final class BlockedChannelwise: PreparedForm {
  enum Function {
    case affine
    /// A leaky rectifier with a slope a channel, or one for all.
    case rectifier(isShared: Bool)
  }

  private let function: Function
  private let shape: Shape

  init?(_ function: Function, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    self.function = function
    shape = request.output
  }

  func forward(_ call: ForwardCall) {
    let (function, shape) = (function, shape)
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    let parameters = call.parameters.map(\.pointer)
    call.workers.run(blockedPlaneCount(shape) * shape.h) { task, _ in
      let block = task / shape.h / shape.n
      let (pixels, results) = (source + task * shape.w, target + task * shape.w)
      func numbers(_ index: Int) -> SIMD16<Float> {
        channelNumbers(parameters[index], block, of: shape)
      }
      switch function {
      case .affine:
        let (factors, offsets) = (numbers(0), numbers(1))
        for x in 0..<shape.w { results[x] = pixels[x] * factors + offsets }
      case .rectifier(let isShared):
        let slopes = isShared ? SIMD16(repeating: parameters[0][0]) : numbers(0)
        for x in 0..<shape.w {
          results[x] = pixels[x].replacing(
            with: pixels[x] * slopes, where: pixels[x] .< SIMD16<Float>())
        }
      }
    }
  }
}
