import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

/// A convolution with what follows it, by every algorithm that serves it and in the loops of every
/// instruction set that this machine has, against the reference forms one after the other.
struct BlockedConvolutionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let operation: Convolution
    let input: Shape
    var residual = false
    var activation = Activation.identity
    /// nil without pooling; whether windows that hang over the edge count.
    var poolsCeiling: Bool?

    init(
      _ name: String, _ operation: Convolution, _ input: Shape, residual: Bool = false,
      activation: Activation = .identity, poolsCeiling: Bool? = nil
    ) {
      testDescription = name
      (self.operation, self.input) = (operation, input)
      (self.residual, self.activation, self.poolsCeiling) = (residual, activation, poolsCeiling)
    }
  }

  static let cases: [Case] =
    [
      Case("3×3", Convolution(20, kernel: 3, padding: 1), Shape(2, 19, 13, 17)),
      Case(
        "3×3 without padding", Convolution(16, kernel: 3), Shape(1, 16, 9, 8), activation: .relu),
      Case("3×3 widely padded", Convolution(70, kernel: 3, padding: 5), Shape(1, 3, 7, 9)),
      Case("no larger than its kernel", Convolution(5, kernel: 3), Shape(3, 40, 3, 3)),
      Case(
        "deep", Convolution(130, kernel: 3, padding: 1), Shape(1, 530, 10, 11), activation: .relu),
      Case(
        "many tiles", Convolution(64, kernel: 3, padding: 1), Shape(1, 64, 61, 83),
        activation: .relu, poolsCeiling: false),
      Case(
        "pooled, odd", Convolution(33, kernel: 3, padding: 1), Shape(2, 17, 15, 21),
        activation: .relu, poolsCeiling: false),
      Case(
        "pooled, odd, ceiling", Convolution(33, kernel: 3, padding: 1), Shape(2, 17, 15, 21),
        activation: .relu, poolsCeiling: true),
      Case(
        "dilated by 2", Convolution(24, kernel: 3, padding: 2, dilation: 2), Shape(1, 32, 17, 23),
        residual: true, activation: .relu),
      Case(
        "dilated by 4", Convolution(32, kernel: 3, padding: 4, dilation: 4), Shape(2, 16, 19, 13)),
      Case(
        "dilated unevenly",
        Convolution(16, kernel: 3, padding: Extent(3, 1), dilation: Extent(3, 1)),
        Shape(1, 8, 20, 11)),
      Case(
        "dilated beyond most", Convolution(68, kernel: 3, padding: 12, dilation: 12),
        Shape(2, 270, 17, 19), residual: true, activation: .relu),
      Case(
        "dilated beyond some", Convolution(24, kernel: 3, padding: 7, dilation: 7),
        Shape(1, 20, 15, 18), activation: .hardSwish),
      Case(
        "dilated beyond all", Convolution(16, kernel: 2, padding: 9, dilation: 18),
        Shape(1, 16, 6, 5)),
      Case(
        "dilated unevenly beyond most",
        Convolution(33, kernel: Extent(3, 5), padding: Extent(9, 2), dilation: Extent(9, 1)),
        Shape(1, 17, 11, 13)),
      Case(
        "dilated beyond most, many phases", Convolution(20, kernel: 3, padding: 20, dilation: 20),
        Shape(2, 20, 47, 60), residual: true, activation: .relu),
      Case(
        "dilated beyond most, wide",
        Convolution(9, kernel: 3, padding: Extent(2, 350), dilation: Extent(2, 350)),
        Shape(1, 8, 5, 690)),
      Case("7×7", Convolution(40, kernel: 7), Shape(1, 35, 12, 15), activation: .relu),
      Case("7×7 padded", Convolution(16, kernel: 7, padding: 3), Shape(2, 16, 9, 10)),
      Case(
        "7×7 by 2 from 3", Convolution(64, kernel: 7, stride: 2, padding: 3), Shape(2, 3, 41, 38)),
      Case(
        "3×3 by 2 from 3, wide", Convolution(16, kernel: 3, stride: 2, padding: 1),
        Shape(2, 3, 7, 131), activation: .hardSwish),
      Case("3×3 by 2", Convolution(48, kernel: 3, stride: 2, padding: 1), Shape(1, 50, 21, 18)),
      Case(
        "1×1", Convolution(21, kernel: 1), Shape(3, 37, 9, 11), residual: true, activation: .relu),
      Case("1×1 to one block", Convolution(14, kernel: 1), Shape(2, 40, 13, 17)),
      Case("1×1 to three blocks", Convolution(40, kernel: 1), Shape(1, 24, 15, 9), residual: true),
      Case("1×1, deep", Convolution(256, kernel: 1), Shape(2, 600, 13, 19), residual: true),
      Case("1×1 by 2", Convolution(32, kernel: 1, stride: 2), Shape(1, 64, 15, 16)),
      Case(
        "uneven", Convolution(18, kernel: Extent(1, 5), padding: Extent(0, 2)), Shape(1, 20, 9, 31)),
      Case(
        "without bias", Convolution(30, kernel: 3, padding: 1, bias: false), Shape(1, 31, 12, 12)),
      Case(
        "eleven by four", Convolution(40, kernel: 11, stride: 4), Shape(1, 3, 63, 59),
        activation: .relu),
      // Of whole blocks of channels, for 16-bit integers.
      Case("3×3, whole blocks", Convolution(40, kernel: 3, padding: 1), Shape(2, 48, 14, 19)),
      Case(
        "3×3, whole blocks, deep", Convolution(96, kernel: 3, padding: 1), Shape(1, 528, 11, 13),
        activation: .relu, poolsCeiling: true),
      Case(
        "3×3, whole blocks, few tiles", Convolution(416, kernel: 3, padding: 1),
        Shape(2, 288, 7, 9), activation: .relu),
      Case(
        "3×3, whole blocks, many tiles", Convolution(64, kernel: 3, padding: 1),
        Shape(1, 64, 61, 83),
        residual: true),
      Case(
        "dilated by 2, whole blocks", Convolution(32, kernel: 3, padding: 2, dilation: 2),
        Shape(1, 144, 17, 23), activation: .relu),
      Case("7×7, whole blocks", Convolution(40, kernel: 7), Shape(1, 160, 12, 15)),
      Case(
        "3×3 by 2, whole blocks", Convolution(48, kernel: 3, stride: 2, padding: 1),
        Shape(1, 64, 21, 18)),
      Case(
        "1×1, whole blocks", Convolution(150, kernel: 1), Shape(2, 272, 13, 19), residual: true,
        activation: .relu),
      // Groups that fill blocks, and those that do so together, of which some may be left.
      Case(
        "2 groups of whole blocks", Convolution(64, kernel: 5, padding: 2, groups: 2),
        Shape(2, 96, 13, 17), activation: .relu),
      Case(
        "groups of 4", Convolution(48, kernel: 3, padding: 1, groups: 12), Shape(2, 48, 14, 19),
        residual: true, activation: .relu),
      Case(
        "groups of 8, one left", Convolution(24, kernel: 3, padding: 1, groups: 3),
        Shape(2, 24, 15, 21), activation: .relu, poolsCeiling: true),
      Case(
        "groups of 24, one left",
        Convolution(72, kernel: 3, stride: 2, padding: 1, groups: 3, bias: false),
        Shape(2, 72, 11, 10), activation: .silu),
      Case(
        "groups of 6 to 10, fewer than fill a block", Convolution(20, kernel: 3, groups: 2),
        Shape(3, 12, 9, 8)),
      Case(
        "1×1 in 4 groups", Convolution(128, kernel: 1, groups: 4), Shape(2, 64, 13, 17),
        residual: true),
      Case(
        "groups of 1 to 2", Convolution(38, kernel: 3, padding: 1, groups: 19),
        Shape(1, 19, 12, 15)),
      Case(
        "3×3 in 2 deep groups, dilated",
        Convolution(288, kernel: 3, padding: 2, dilation: 2, groups: 2), Shape(1, 544, 10, 11)),
    ]
    + Activation.others.flatMap { activation in
      [
        Case(
          "3×3 with \(activation)", Convolution(20, kernel: 3, padding: 1), Shape(2, 17, 9, 14),
          residual: true, activation: activation),
        Case(
          "1×1 with \(activation)", Convolution(33, kernel: 1), Shape(1, 18, 7, 5),
          activation: activation),
      ]
        + (activation.isMonotonic
          ? [
            Case(
              "pooled with \(activation)", Convolution(16, kernel: 3, padding: 1),
              Shape(1, 16, 9, 12), activation: activation, poolsCeiling: true)
          ] : [])
    }

  @Test(arguments: cases)
  func everyAlgorithmAgreesWithTheReferenceForms(_ layer: Case) throws {
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    let input = try Tensor.random(layer.input, seed: 5)
    let shape = try layer.operation.outputShape(of: [layer.input])
    let residual = layer.residual ? try Tensor.random(shape, seed: 6) : nil
    let expected = try reference(layer, input, parameters, residual)
    let scale = expected.elements.map(abs).max() ?? 0
    var epilogue = Epilogue(addsResidual: layer.residual, activation: layer.activation)
    if layer.poolsCeiling != nil { epilogue.pooled = expected.shape }
    var served = 0
    for (loops, precision) in Loops.available.flatMap({ loops in
      ConvolutionPrecision.allCases.map { (loops, $0) }
    }) {
      for algorithm in ConvolutionAlgorithm.allCases {
        let request = FormRequest(
          inputs: [layer.input] + (layer.residual ? [shape] : []), output: shape,
          epilogue: epilogue, loops: loops)
        guard let kernel = form(layer.operation, request, algorithm, precision) else { continue }
        served += 1
        let name = "\(algorithm), \(precision), \(loops.name)"
        let one = try run(kernel, algorithm, input, residual, parameters, expected.shape, 1, name)
        switch precision {
        case .float32:
          expectClose(one, expected, absolute: scale * algorithm.tolerance, name)
        // Of bytes and of what becomes bytes: `ByteConvolutionTests`, `TileFloatTests`.
        case .int8, .bfloat16: break
        case .int16:
          let error = rootMeanSquare(zip(one.elements, expected.elements).map { $0 - $1 })
          let relative = error / rootMeanSquare(expected.elements)
          #expect(relative < algorithm.integerTolerance, "\(name): \(relative)")
        }
        let three = try run(kernel, algorithm, input, residual, parameters, expected.shape, 3, name)
        #expect(one.bits == three.bits, "\(name): threads change bits")
      }
    }
    #expect(served >= Loops.available.count)
  }

  private func form(
    _ operation: Convolution, _ request: FormRequest, _ algorithm: ConvolutionAlgorithm,
    _ precision: ConvolutionPrecision
  ) -> (any PreparedForm)? {
    guard operation.groups > 1 else {
      return BlockedConvolution(operation, request, algorithm, precision)
    }
    return precision == .float32 ? GroupedConvolution(operation, request, algorithm) : nil
  }

  /// Those of which most pixels see padding under some of their taps, tap by tap, and of fewer products.
  @Test(arguments: cases.filter { $0.testDescription.hasPrefix("dilated") })
  func tapsAgreeWithTheReferenceForms(_ layer: Case) throws {
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    let input = try Tensor.random(layer.input, seed: 5)
    let shape = try layer.operation.outputShape(of: [layer.input])
    let residual = layer.residual ? try Tensor.random(shape, seed: 6) : nil
    let expected = try reference(layer, input, parameters, residual)
    let scale = expected.elements.map(abs).max() ?? 0
    for loops in Loops.available {
      let request = FormRequest(
        inputs: [layer.input] + (layer.residual ? [shape] : []), output: shape,
        epilogue: Epilogue(addsResidual: layer.residual, activation: layer.activation),
        loops: loops)
      let taps = TapConvolution(layer.operation, request)
      let toeplitz = ToeplitzConvolution(layer.operation, request)
      let isBeyond = layer.testDescription.contains("beyond")
      #expect(taps != nil || !isBeyond)
      #expect(toeplitz != nil || !isBeyond || layer.operation.window.kernel != 3)
      let forms: [(String, (any PreparedForm)?, Float)] = [
        ("taps", taps, 5e-6), ("toeplitz", toeplitz, 1e-5),
      ]
      for (form, kernel, tolerance) in forms {
        guard let kernel else { continue }
        let name = "\(form), \(loops.name)"
        let one = try run(kernel, .unfolded, input, residual, parameters, expected.shape, 1, name)
        expectClose(one, expected, absolute: scale * tolerance, name)
        let three = try run(
          kernel, .unfolded, input, residual, parameters, expected.shape, 3, name)
        #expect(one.bits == three.bits, "\(name): threads change bits")
      }
    }
  }

  private func rootMeanSquare(_ values: [Float]) -> Float {
    (values.reduce(0) { $0 + $1 * $1 } / Float(values.count)).squareRoot()
  }

  func run(
    _ kernel: any PreparedForm, _ algorithm: ConvolutionAlgorithm, _ input: Tensor,
    _ residual: Tensor?, _ parameters: [Tensor], _ shape: Shape, _ threads: Int, _ name: String
  ) throws -> Tensor {
    let memory = GuardedAllocator()
    let output = try GuardedTensor(shape, .blocked)
    try {
      let workers = try Workers(
        pool: WorkerPool(threads: threads), forms: [kernel], allocator: memory.allocator)
      let inputs =
        [try input.laidOut(algorithm == .planar ? .planar : .blocked)]
        + (try residual.map { [try $0.laidOut(.blocked)] } ?? [])
      kernel.forward(
        ForwardCall(
          inputs: inputs, output: output.tensor, parameters: parameters,
          packed: try kernel.pack(parameters, workers.pool), workers: workers))
    }()
    #expect(output.isIntact, "\(name) wrote beyond its output")
    #expect(memory.overrunCount == 0, "\(name) wrote beyond its scratch memory")
    return try output.tensor.laidOut(.planar)
  }

  func reference(
    _ layer: Case, _ input: Tensor, _ parameters: [Tensor], _ residual: Tensor?
  ) throws -> Tensor {
    func last(_ operation: any Operation, _ inputs: [Tensor], _ parameters: [Tensor] = []) throws
      -> Tensor
    {
      let form = operation.forms[operation.forms.count - 1]
      let run = try #require(
        try LayerRun(operation, form, inputs: inputs, parameters: parameters))
      return try run.forward()
    }
    var value = try last(layer.operation, [input], parameters)
    if let residual { value = try last(Sum(), [value, residual]) }
    if let operation = layer.activation.operation { value = try last(operation, [value]) }
    if let ceiling = layer.poolsCeiling {
      value = try last(MaxPool(kernel: 2, stride: 2, ceilMode: ceiling), [value])
    }
    return value
  }
}

extension ConvolutionAlgorithm {
  /// Errors that its transforms may make, relative to the largest value.
  fileprivate var tolerance: Float {
    switch self {
    case .pointwise, .unfolded, .planar, .shifted: 5e-6
    case .winograd4, .winograd6, .winograd2of7: 5e-5
    case .winograd8: 5e-4
    }
  }

  /// Errors of rounding to 13 bits, both taken as root mean squares: half as much again as was seen.
  fileprivate var integerTolerance: Float {
    switch self {
    case .pointwise, .unfolded: 4e-4
    case .winograd4: 3e-3
    case .winograd6: 6e-3
    case .winograd2of7: 8e-3
    case .planar, .winograd8, .shifted: 0
    }
  }
}
