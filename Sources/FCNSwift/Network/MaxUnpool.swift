/// Which place of its window holds what `MaxPool` of the same kernel takes: 0…kernel.h · kernel.w − 1, row
/// by row, as float32; the first where several are equal, and a NaN is largest. For `MaxUnpool`.
///
/// Windows lie side by side and cover the input whole, so that a place means the same wherever its window
/// stands. Places do not change with the input, but for jumps: no gradient goes through it.
public struct MaxPoolIndices: Operation {
  public static let name = "max_pool_indices"
  let window: Window

  /// Makes the operation; the stride must be the kernel. Pairs are rows, columns.
  public init(kernel: Extent, stride: Extent) {
    window = Window(kernel: kernel, stride: stride, padding: 0, dilation: 1)
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let (input, side) = (inputs[0], window.kernel)
    try window.checkTiles()
    guard input.h % side.h == 0, input.w % side.w == 0 else {
      throw FCNError(
        .shapeMismatch,
        "the input of \(input.h)×\(input.w) is no whole number of windows of \(side), and unpooling would "
          + "not make its size again; give the network a stride whose multiples are")
    }
    return Shape(input.n, input.c, input.h / side.h, input.w / side.w)
  }

  public var reference: ReferenceForm {
    ReferenceForm { [window] inputs, output in
      MaxPoolIndicesReference(window.kernel, inputs[0], output)
    }
  }
}

/// The inverse of max pooling (Zeiler and Fergus, 2014; Badrinarayanan et al., 2017): each value of the
/// first input stands at the place of its window that the second input, made by `MaxPoolIndices`, names.
/// All else is zero, as is a window whose place is none of it. The gradient goes to the values alone.
public struct MaxUnpool: Operation {
  public static let name = "max_unpool"
  let window: Window

  /// Makes the operation; the stride must be the kernel. Pairs are rows, columns.
  public init(kernel: Extent, stride: Extent) {
    window = Window(kernel: kernel, stride: stride, padding: 0, dilation: 1)
  }

  public var inputCount: ClosedRange<Int> { 2...2 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let (input, side) = (inputs[0], window.kernel)
    try window.checkTiles()
    guard inputs[1] == input else {
      throw FCNError(
        .shapeMismatch,
        "the values are \(input), their places \(inputs[1]); wanted a place for each value")
    }
    guard let height = checkedProduct(input.h, side.h), let width = checkedProduct(input.w, side.w)
    else {
      throw FCNError(.shapeMismatch, "\(input) times \(side) is more than can be counted")
    }
    return Shape(input.n, input.c, height, width)
  }

  public var reference: ReferenceForm {
    ReferenceForm { [window] inputs, output in
      MaxUnpoolReference(window.kernel, inputs[0], output)
    }
  }
}

extension Window {
  /// Throws unless its positions lie side by side.
  fileprivate func checkTiles() throws {
    try validate()
    guard kernel == stride else {
      throw FCNError(
        .invalidArgument,
        "the kernel is \(kernel), the stride \(stride); places are kept of windows side by side, whose "
          + "stride is their kernel")
    }
  }
}

/// Places as their definition reads.
final class MaxPoolIndicesReference: PreparedTrainingForm {
  private let side: Extent
  private let input: Shape
  private let output: Shape

  init(_ side: Extent, _ input: Shape, _ output: Shape) {
    (self.side, self.input, self.output) = (side, input, output)
  }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    call.workers.run(output.n * output.c) { [side, input, output] plane, _ in
      for y in 0..<output.h {
        let rows = source + (plane * input.h + y * side.h) * input.w
        let places = target + (plane * output.h + y) * output.w
        for x in 0..<output.w {
          let corner = rows + x * side.w
          var (best, place) = (corner[0], 0)
          for j in 0..<side.h {
            for k in 0..<side.w {
              let value = corner[j * input.w + k]
              if !(value <= best) && !best.isNaN { (best, place) = (value, j * side.w + k) }
            }
          }
          places[x] = Float(place)
        }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    forEachChunk(of: gradient.shape.count, call.workers) {
      (gradient.pointer + $0.lowerBound).update(repeating: 0, count: $0.count)
    }
  }
}

/// Unpooling as its definition reads.
final class MaxUnpoolReference: PreparedTrainingForm {
  private let side: Extent
  private let input: Shape
  private let output: Shape

  init(_ side: Extent, _ input: Shape, _ output: Shape) {
    (self.side, self.input, self.output) = (side, input, output)
  }

  func forward(_ call: ForwardCall) {
    let (values, places) = (call.inputs[0].pointer, call.inputs[1].pointer)
    let target = call.output.pointer
    forEachLine(call.workers) { [side, input] line, first, row, start in
      for k in 0..<side.w {
        let place = Float(first + k)
        let results = target + row + k
        for x in 0..<input.w {
          results[x * side.w] = places[start + x] == place ? values[start + x] : 0
        }
      }
    }
  }

  func backward(_ call: BackwardCall) {
    if let gradient = call.inputGradients[1] {
      gradient.pointer.update(repeating: 0, count: gradient.shape.count)
    }
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let (places, upstream) = (call.inputs[1].pointer, call.outputGradient.pointer)
    forEachLine(call.workers) { [side, input] line, first, row, start in
      if line == 0 { (gradient + start).update(repeating: 0, count: input.w) }
      for k in 0..<side.w {
        let place = Float(first + k)
        let gradients = upstream + row + k
        for x in 0..<input.w where places[start + x] == place {
          gradient[start + x] = gradients[x * side.w]
        }
      }
    }
  }

  /// Calls `body` for each line of each window's row: its number in the windows, its first place, where
  /// it begins in the output, and where the windows' row does in the input. A task is a plane.
  private func forEachLine(
    _ workers: Workers,
    _ body: @escaping (_ line: Int, _ first: Int, _ row: Int, _ start: Int) -> Void
  ) {
    workers.run(input.n * input.c) { [side, input, output] plane, _ in
      for y in 0..<input.h {
        for line in 0..<side.h {
          body(
            line, line * side.w, (plane * output.h + y * side.h + line) * output.w,
            (plane * input.h + y) * input.w)
        }
      }
    }
  }
}
