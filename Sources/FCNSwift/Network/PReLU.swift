/// The leaky rectifier with learned slopes: x where x is above 0, else weight · x (He et al., 2015).
public struct PReLU: Operation {
  public static let name = "prelu"
  /// Whether all channels have one slope in common.
  public let isShared: Bool

  /// Makes the operation with a slope a channel, or one for all.
  public init(isShared: Bool = false) { self.isShared = isShared }

  public func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }

  public func parameters(inputChannels: Int) -> [ParameterSpecification] {
    [
      // Decay would pull the slopes to a rectifier's.
      ParameterSpecification(
        name: "weight", shape: [isShared ? 1 : inputChannels], role: .bias,
        initializer: .constant(0.25))
    ]
  }

  public var reference: ReferenceForm {
    ReferenceForm { inputs, _ in PReLUReference(isShared: isShared, inputs[0]) }
  }
}

final class PReLUReference: PreparedTrainingForm {
  private let isShared: Bool
  private let shape: Shape

  init(isShared: Bool, _ shape: Shape) {
    self.isShared = isShared
    self.shape = shape
  }

  func forward(_ call: ForwardCall) {
    let (source, target, slopes) = (
      call.input.pointer, call.output.pointer, call.parameters[0].pointer
    )
    call.workers.run(shape.n * shape.c) { [shape, isShared] plane, _ in
      let slope = slopes[isShared ? 0 : plane % shape.c]
      let start = plane * shape.planeCount
      for i in start..<start + shape.planeCount {
        target[i] = source[i] < 0 ? slope * source[i] : source[i]
      }
    }
  }

  /// Each plane's part of its slope's gradient, as double.
  var sharedWorkspace: Int { 2 * shape.n * shape.c }

  func backward(_ call: BackwardCall) {
    let (source, upstream) = (call.input.pointer, call.outputGradient.pointer)
    let slopes = call.parameters[0].pointer
    let inputGradient = call.inputGradients[0]?.pointer
    let slopeGradient = call.parameterGradients[0]?.pointer
    let parts = UnsafeMutableRawPointer(call.workers.shared)
    call.workers.run(shape.n * shape.c) { [shape, isShared] plane, _ in
      let start = plane * shape.planeCount
      if let inputGradient {
        let slope = slopes[isShared ? 0 : plane % shape.c]
        for i in start..<start + shape.planeCount {
          inputGradient[i] = source[i] > 0 ? upstream[i] : slope * upstream[i]
        }
      }
      guard slopeGradient != nil else { return }
      let part = dotWithNegatives(upstream + start, source + start, shape.planeCount)
      parts.storeBytes(
        of: part, toByteOffset: plane * MemoryLayout<Double>.stride, as: Double.self)
    }
    guard let slopeGradient else { return }
    // In the order of the planes, whoever made them.
    for slope in 0..<(isShared ? 1 : shape.c) {
      var total = 0.0
      for n in 0..<shape.n {
        for c in isShared ? 0..<shape.c : slope..<slope + 1 {
          total += parts.load(
            fromByteOffset: (n * shape.c + c) * MemoryLayout<Double>.stride, as: Double.self)
        }
      }
      slopeGradient[slope] = Float(total)
    }
  }
}
