/// The products of all channels of the first input with all of the second, each summed over the pixels: what
/// attention between channels takes its weights of (Fu et al., 2019, DANet; El-Nouby et al., 2021, XCiT).
///
///     output[c, 0, j] = Σ_p first[c, p] · second[j, p]
///
/// The first's channels are those of the output, the second's its columns. Channels are divided into heads,
/// parts that follow each other, of which each has products of its own.
public struct ChannelProducts: Operation {
  public static let name = "channel_products"
  /// Into how many heads the channels of both are divided.
  public let heads: Int

  /// Makes the operation.
  public init(heads: Int = 1) { self.heads = heads }

  public var inputCount: ClosedRange<Int> { 2...2 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let (first, second) = (inputs[0], inputs[1])
    guard first.n == second.n, first.h == second.h, first.w == second.w else {
      throw FCNError(
        .shapeMismatch,
        "products of channels are of \(first) and \(second); pictures, rows and columns must agree")
    }
    guard heads > 0, first.c % heads == 0, second.c % heads == 0 else {
      throw FCNError(
        .shapeMismatch, "\(first.c) and \(second.c) channels do not divide into \(heads) heads")
    }
    return Shape(first.n, first.c, 1, second.c / heads)
  }

  public var reference: ReferenceForm {
    ReferenceForm { [heads] inputs, _ in
      ChannelProductsReference(
        ChannelMatrices(
          heads: inputs[0].n * heads, outer: inputs[0].c / heads, inner: inputs[1].c / heads,
          pixels: inputs[0].planeCount))
    }
  }
}

/// The channels of the second input, mixed with weights that the first holds for each picture: the values of
/// attention between channels.
///
///     output[c, p] = Σ_j weight[c, 0, j] · value[j, p], or, transposed, Σ_j weight[j, 0, c] · value[j, p]
///
/// Channels are divided into heads, parts that follow each other, of which each has weights of its own.
public struct ChannelMixing: Operation {
  public static let name = "channel_mixing"
  /// Into how many heads the channels of both are divided.
  public let heads: Int
  /// Whether the weights' channels are the values', and their columns the output's.
  public let isTransposed: Bool

  /// Makes the operation.
  public init(heads: Int = 1, isTransposed: Bool = false) {
    (self.heads, self.isTransposed) = (heads, isTransposed)
  }

  public var inputCount: ClosedRange<Int> { 2...2 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let (weight, value) = (inputs[0], inputs[1])
    guard heads > 0, weight.n == value.n, weight.h == 1, weight.c % heads == 0,
      value.c == (isTransposed ? weight.c : checkedProduct(weight.w, heads))
    else {
      throw FCNError(
        .shapeMismatch,
        "channels of \(value) cannot be mixed with weights of \(weight) in \(heads) heads; wanted "
          + "\(isTransposed ? "channels" : "columns of a head") for each channel of the values, in one row"
      )
    }
    guard let channels = isTransposed ? checkedProduct(weight.w, heads) : weight.c else {
      throw FCNError(.shapeMismatch, "\(heads) heads of \(weight.w) channels cannot be counted")
    }
    return Shape(value.n, channels, value.h, value.w)
  }

  public var reference: ReferenceForm {
    ReferenceForm { [heads, isTransposed] inputs, _ in
      ChannelMixingReference(
        ChannelMatrices(
          heads: inputs[0].n * heads, outer: inputs[0].c / heads, inner: inputs[0].w,
          pixels: inputs[1].planeCount), isTransposed)
    }
  }
}

/// As many products of matrices as there are pictures times heads, of outer × inner, outer × pixels and
/// inner × pixels.
struct ChannelMatrices {
  let heads, outer, inner, pixels: Int

  /// products[o, i] = Σ_p first[o, p] · second[i, p]. A task is a row.
  func multiply(
    _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>,
    to products: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    workers.run(heads * outer) { [self] row, _ in
      let other = second + row / outer * inner * pixels
      for i in 0..<inner {
        products[row * inner + i] = Float(dot(first + row * pixels, other + i * pixels, pixels))
      }
    }
  }

  /// mixed[o, p] = Σ_i weight[o, i] · values[i, p]. A task is a row.
  func mix(
    _ weight: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
    to mixed: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    workers.run(heads * outer) { [self] row, _ in
      let (target, source) = (mixed + row * pixels, values + row / outer * inner * pixels)
      add(inner, to: target) { (source + $0 * pixels, weight[row * inner + $0]) }
    }
  }

  /// mixed[i, p] = Σ_o weight[o, i] · values[o, p]. A task is a row.
  func mixTransposed(
    _ weight: UnsafePointer<Float>, _ values: UnsafePointer<Float>,
    to mixed: UnsafeMutablePointer<Float>, _ workers: Workers
  ) {
    workers.run(heads * inner) { [self] row, _ in
      let (head, column) = (row / inner, row % inner)
      let (target, source) = (mixed + row * pixels, values + head * outer * pixels)
      add(outer, to: target) {
        (source + $0 * pixels, weight[(head * outer + $0) * inner + column])
      }
    }
  }

  /// The sum of `count` lines of pixels, each times its factor.
  private func add(
    _ count: Int, to target: UnsafeMutablePointer<Float>,
    _ line: (Int) -> (UnsafePointer<Float>, Float)
  ) {
    target.update(repeating: 0, count: pixels)
    for index in 0..<count {
      let (source, factor) = line(index)
      for p in 0..<pixels { target[p] += factor * source[p] }
    }
  }
}

final class ChannelProductsReference: PreparedTrainingForm {
  private let matrices: ChannelMatrices

  init(_ matrices: ChannelMatrices) { self.matrices = matrices }

  func forward(_ call: ForwardCall) {
    matrices.multiply(
      call.inputs[0].pointer, call.inputs[1].pointer, to: call.output.pointer, call.workers)
  }

  func backward(_ call: BackwardCall) {
    let upstream = call.outputGradient.pointer
    if let gradient = call.inputGradients[0]?.pointer {
      matrices.mix(upstream, call.inputs[1].pointer, to: gradient, call.workers)
    }
    if let gradient = call.inputGradients[1]?.pointer {
      matrices.mixTransposed(upstream, call.inputs[0].pointer, to: gradient, call.workers)
    }
  }
}

final class ChannelMixingReference: PreparedTrainingForm {
  private let matrices: ChannelMatrices
  private let isTransposed: Bool

  init(_ matrices: ChannelMatrices, _ isTransposed: Bool) {
    (self.matrices, self.isTransposed) = (matrices, isTransposed)
  }

  func forward(_ call: ForwardCall) {
    let (weight, values) = (call.inputs[0].pointer, call.inputs[1].pointer)
    if isTransposed {
      matrices.mixTransposed(weight, values, to: call.output.pointer, call.workers)
    } else {
      matrices.mix(weight, values, to: call.output.pointer, call.workers)
    }
  }

  func backward(_ call: BackwardCall) {
    let (weight, values) = (call.inputs[0].pointer, call.inputs[1].pointer)
    let upstream = call.outputGradient.pointer
    if let gradient = call.inputGradients[0]?.pointer {
      matrices.multiply(
        isTransposed ? values : upstream, isTransposed ? upstream : values, to: gradient,
        call.workers)
    }
    if let gradient = call.inputGradients[1]?.pointer {
      if isTransposed {
        matrices.mix(weight, upstream, to: gradient, call.workers)
      } else {
        matrices.mixTransposed(weight, upstream, to: gradient, call.workers)
      }
    }
  }
}
