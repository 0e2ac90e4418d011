/// The same numbers, pixel by pixel and each with all its channels, read as if they lay channel by channel:
/// what a program makes that moves channels to the end and gives the result the old shape without moving
/// them back, as MA-Net's does.
public struct PixelsAsChannels: Operation {
  public static let name = "pixels_as_channels"

  /// Makes the operation; it has no settings.
  public init() {}

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PixelsAsChannelsReference(inputs[0]) }
  }
}

final class PixelsAsChannelsReference: PreparedTrainingForm {
  private let shape: Shape

  init(_ shape: Shape) { self.shape = shape }

  func forward(_ call: ForwardCall) {
    let (source, target) = (call.input.pointer, call.output.pointer)
    forEachElement(call.workers) { target[$0] = source[$1] }
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0]?.pointer else { return }
    let upstream = call.outputGradient.pointer
    forEachElement(call.workers) { gradient[$1] = upstream[$0] }
  }

  /// Calls `body` with the places of each element in the output and in the input. A task is a pixel of the
  /// input.
  private func forEachElement(_ workers: Workers, _ body: @escaping (Int, Int) -> Void) {
    let (channels, pixels) = (shape.c, shape.planeCount)
    workers.run(shape.n * pixels) { task, _ in
      let (picture, pixel) = (task / pixels, task % pixels)
      let first = picture * channels * pixels
      for c in 0..<channels { body(first + pixel * channels + c, first + c * pixels + pixel) }
    }
  }
}
