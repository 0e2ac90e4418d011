/// The part of the first input that has the second input's height and width, from row `offset.h` and
/// column `offset.w` on.
public struct Crop: Operation {
  public static let name = "crop"
  /// First row and column kept.
  public let offset: Extent

  /// Makes a crop from `offset` on.
  public init(offset: Extent) { self.offset = offset }

  public var inputCount: ClosedRange<Int> { 2...2 }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let (source, like) = (inputs[0], inputs[1])
    let room = (source.h - like.h, source.w - like.w)
    guard offset.h >= 0, offset.w >= 0, room.0 >= offset.h, room.1 >= offset.w,
      source.n == like.n
    else {
      throw FCNError(
        .shapeMismatch,
        "a crop to \(like.h)×\(like.w) at offset \(offset) does not fit into \(source)")
    }
    return Shape(source.n, source.c, like.h, like.w)
  }

  public var readsFirstInputOnly: Bool { true }
  public var reference: ReferenceForm { ReferenceForm { [offset] _, _ in CropReference(offset) } }
}

final class CropReference: PreparedTrainingForm {
  private let offset: Extent

  init(_ offset: Extent) { self.offset = offset }

  func forward(_ call: ForwardCall) {
    let (input, output, offset) = (call.input, call.output, offset)
    call.workers.run(output.shape.n * output.shape.c) { plane, _ in
      let source = input.pointer + plane * input.shape.planeCount
      let target = output.pointer + plane * output.shape.planeCount
      for y in 0..<output.shape.h {
        (target + y * output.shape.w).update(
          from: source + (y + offset.h) * input.shape.w + offset.w, count: output.shape.w)
      }
    }
  }

  func backward(_ call: BackwardCall) {
    if let like = call.inputGradients[1] {
      like.pointer.update(repeating: 0, count: like.shape.count)
    }
    guard let gradient = call.inputGradients[0] else { return }
    let (upstream, offset) = (call.outputGradient, offset)
    call.workers.run(upstream.shape.n * upstream.shape.c) { plane, _ in
      let source = upstream.pointer + plane * upstream.shape.planeCount
      let target = gradient.pointer + plane * gradient.shape.planeCount
      target.update(repeating: 0, count: gradient.shape.planeCount)
      for y in 0..<upstream.shape.h {
        (target + (y + offset.h) * gradient.shape.w + offset.w).update(
          from: source + y * upstream.shape.w, count: upstream.shape.w)
      }
    }
  }
}
