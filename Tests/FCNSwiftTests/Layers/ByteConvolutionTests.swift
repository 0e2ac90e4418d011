import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

/// Convolutions of bytes, in the loops of every instruction set that this machine has, against the
/// reference form on what the bytes stand for.
struct ByteConvolutionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let operation: Convolution
    let input: Shape
    var residual = false
    var activation = Activation.identity
    var pools = false
    var ceilMode = false
  }

  private static let cases = [
    Case(
      testDescription: "3×3", operation: Convolution(20, kernel: 3, padding: 1),
      input: Shape(2, 32, 13, 17), activation: .relu),
    Case(
      testDescription: "3×3, pooled", operation: Convolution(33, kernel: 3, padding: 1),
      input: Shape(2, 16, 15, 22), activation: .relu, pools: true),
    // Tiles at the edges are a row high and a column wide.
    Case(
      testDescription: "3×3, pooled, a row and a column in no window",
      operation: Convolution(33, kernel: 3, padding: 1),
      input: Shape(2, 16, 13, 17), activation: .relu, pools: true),
    Case(
      testDescription: "3×3, pooled, windows over the edges",
      operation: Convolution(33, kernel: 3, padding: 1),
      input: Shape(2, 16, 13, 17), activation: .relu, pools: true, ceilMode: true),
    Case(
      testDescription: "3×3, dilated",
      operation: Convolution(24, kernel: 3, padding: 2, dilation: 2),
      input: Shape(1, 32, 17, 23), residual: true, activation: .relu),
    Case(
      testDescription: "3×3, deep", operation: Convolution(130, kernel: 3, padding: 1),
      input: Shape(1, 304, 10, 11), activation: .hardSwish),
    // So many weights that kernels are kept and transformed when they are used.
    Case(
      testDescription: "3×3, kernels kept", operation: Convolution(400, kernel: 3, padding: 1),
      input: Shape(2, 304, 6, 7), activation: .relu),
    Case(
      testDescription: "3×3 by 2", operation: Convolution(70, kernel: 3, stride: 2, padding: 1),
      input: Shape(1, 48, 14, 9), activation: .relu),
    Case(
      testDescription: "3×3 by 2, dilated",
      operation: Convolution(32, kernel: 3, stride: 2, padding: 2, dilation: 2),
      input: Shape(2, 64, 15, 38), residual: true, activation: .relu),
    Case(
      testDescription: "5×5 without padding", operation: Convolution(17, kernel: 5),
      input: Shape(1, 80, 11, 40), activation: .relu),
    // More padding than windows need.
    Case(
      testDescription: "3×3, wide padding", operation: Convolution(48, kernel: 3, padding: 4),
      input: Shape(2, 512, 5, 3)),
    Case(
      testDescription: "1×1 by 2", operation: Convolution(40, kernel: 1, stride: 2),
      input: Shape(2, 64, 9, 70), activation: .silu),
    Case(
      testDescription: "1×1", operation: Convolution(67, kernel: 1),
      input: Shape(3, 64, 7, 9), residual: true, activation: .relu),
  ]

  @Test(arguments: cases)
  func bytesAreMultipliedAsWhatTheyStandFor(_ layer: Case) throws {
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    let input = try Bytes(random: layer.input, seed: 5)
    let shape = try layer.operation.outputShape(of: [layer.input])
    let residual = layer.residual ? try Bytes(random: shape, seed: 6) : nil
    var expected = try reference(layer.operation, [input.values], parameters)
    if let residual { expected = try reference(Sum(), [expected, residual.values]) }
    if let activation = layer.activation.operation {
      expected = try reference(activation, [expected])
    }
    if layer.pools {
      let pool = MaxPool(kernel: 2, stride: 2, ceilMode: layer.ceilMode)
      expected = try reference(pool, [expected])
    }
    // What is made as bytes has a scale that its values fill.
    let scaling = ByteScaling(
      (0..<shape.c).map { c in
        let values = (0..<shape.n).flatMap { n in
          (0..<expected.shape.planeCount).map { expected.plane(n, c)[$0] }
        }
        return min(0, values.min() ?? 0)...max(0, values.max() ?? 0)
      })
    var served = 0
    for loops in Loops.availableWithTiles {
      for algorithm in ConvolutionAlgorithm.allCases where algorithm.multiplies(.int8) {
        for output in [nil, scaling] {
          var request = FormRequest(
            inputs: [layer.input] + (layer.residual ? [shape] : []), output: shape,
            epilogue: Epilogue(
              addsResidual: layer.residual, activation: layer.activation,
              pooled: layer.pools ? expected.shape : nil), loops: loops)
          request.bytes = RequestedBytes(
            input: input.scaling, output: output, residual: residual?.scaling)
          guard let kernel = BlockedConvolution(layer.operation, request, algorithm, .int8) else {
            continue
          }
          served += 1
          let name = "\(algorithm), \(loops.name), \(output == nil ? "floats" : "bytes")"
          #expect(kernel.makesBytes == (output != nil))
          let one = try run(kernel, input, residual, parameters, expected.shape, output, 1, name)
          let range = expected.elements.map(abs).max() ?? 0
          let step = output?.scales.max() ?? 0
          // Weights of 13 bits, or of 8.
          let bound: Float =
            switch algorithm {
            case .winograd4: 6e-3
            case .shifted: 3e-2
            default: loops.multipliesBytes ? 3e-2 : 1e-3
            }
          expectClose(one, expected, absolute: 0.51 * step + range * bound, name)
          let three = try run(kernel, input, residual, parameters, expected.shape, output, 3, name)
          #expect(one.bits == three.bits, "\(name): threads change bits")
        }
      }
    }
    // By tiles besides by pixels or by Winograd's.
    #expect(served >= 4 * Loops.available.count || layer.pools)
  }

  /// Bytes by whole weights, where the processor has products of bytes, padding by other zeros than 0.
  @Test(arguments: [
    Convolution(37, kernel: 1), Convolution(80, kernel: 1, stride: 2),
    Convolution(20, kernel: 3, stride: 2, padding: 1),
  ])
  func wholeWeightsAreMultipliedExactly(_ operation: Convolution) throws {
    let shape = Shape(2, 48, 9, 11)
    var generator = SeededGenerator(seed: 4)
    let input = try Bytes(shape, ByteScaling(scale: 0.5, zero: 129, count: 48)) { _, _ in
      UInt8(truncatingIfNeeded: generator.next())
    }
    let specification = operation.parameters(inputChannels: 48)
    let weight = try Tensor(specification[0].tensorShape)
    for i in 0..<weight.shape.count {
      weight.pointer[i] = Float(generator.integer(in: 0..<255)) - 127
    }
    for output in 0..<weight.shape.n { weight.plane(output, 9)[0] = 127 }
    let parameters = [weight, try Tensor(specification[1].tensorShape, filledWith: 3)]
    let expected = try reference(operation, [input.values], parameters)
    for loops in Loops.availableWithTiles {
      for algorithm in [ConvolutionAlgorithm.pointwise, .unfolded, .shifted]
      where loops.multipliesBytes || algorithm == .shifted {
        var request = FormRequest(inputs: [shape], output: expected.shape, loops: loops)
        request.bytes.input = input.scaling
        guard let kernel = BlockedConvolution(operation, request, algorithm, .int8) else {
          continue
        }
        let made = try run(kernel, input, nil, parameters, expected.shape, nil, 2, loops.name)
        let range = expected.elements.map(abs).max() ?? 0
        expectClose(made, expected, absolute: 1e-6 * range, "\(algorithm), \(loops.name)")
      }
    }
  }

  /// Tap by tap, where 0 stands for 0: of several pictures, channels that fill no block and blocks that fill
  /// no panel, more terms than are summed at a time.
  @Test(arguments: [
    Case(
      testDescription: "deep", operation: Convolution(37, kernel: 3, padding: 12, dilation: 12),
      input: Shape(2, 1040, 17, 19), activation: .relu),
    Case(
      testDescription: "by the third",
      operation: Convolution(80, kernel: 3, padding: 7, dilation: 7),
      input: Shape(1, 32, 15, 18), activation: .hardSwish),
    Case(
      testDescription: "of a column",
      operation: Convolution(
        16, kernel: Extent(3, 1), padding: Extent(9, 0), dilation: Extent(9, 1)),
      input: Shape(3, 48, 11, 5)),
  ])
  func tapsOfBytesAreWhatTheyStandFor(_ layer: Case) throws {
    let (operation, shape, activation) = (layer.operation, layer.input, layer.activation)
    var generator = SeededGenerator(seed: 8)
    let scaling = ByteScaling((0..<shape.c).map { 0...(0.2 + 2 * Float($0 % 7)) })
    let input = try Bytes(shape, scaling) { _, _ in UInt8(truncatingIfNeeded: generator.next()) }
    let parameters = try LayerCase("", operation, shape).makeParameters()
    let output = try operation.outputShape(of: [shape])
    let residual = try Bytes(random: output, seed: 6)
    var expected = try reference(operation, [input.values], parameters)
    expected = try reference(Sum(), [expected, residual.values])
    if let activation = activation.operation { expected = try reference(activation, [expected]) }
    let range = expected.elements.map(abs).max() ?? 0
    let made = ByteScaling(scale: range / 127, zero: 128, count: output.c)
    for loops in Loops.available {
      for wanted in [nil, made] {
        var request = FormRequest(
          inputs: [shape, output], output: output,
          epilogue: Epilogue(addsResidual: true, activation: activation), loops: loops)
        request.bytes = RequestedBytes(
          input: scaling, output: wanted, residual: residual.scaling)
        let kernel = TapConvolution(operation, request, .int8)
        #expect((kernel != nil) == loops.multipliesBytes)
        guard let kernel else { continue }
        let name = "\(loops.name), \(wanted == nil ? "floats" : "bytes")"
        let one = try run(kernel, input, residual, parameters, output, wanted, 1, name)
        let step = wanted?.scales.max() ?? 0
        expectClose(one, expected, absolute: 0.51 * step + range * 3e-2, name)
        let three = try run(kernel, input, residual, parameters, output, wanted, 3, name)
        #expect(one.bits == three.bits, "\(name): threads change bits")
        // Bytes of which another stands for 0 would be missed where they are not seen.
        request.bytes.input = ByteScaling(scale: 1, zero: 3, count: shape.c)
        #expect(TapConvolution(operation, request, .int8) == nil)
      }
    }
  }

  /// Where neighbouring pixels are alike, errors of rounded weights cancel: in an even area they are a small
  /// part of what the nearest whole numbers make.
  @Test(arguments: [
    Convolution(32, kernel: 1, bias: false), Convolution(32, kernel: 3, bias: false),
  ])
  func errorsOfWeightsCancelInEvenAreas(_ operation: Convolution) throws {
    let (inputs, shape) = (64, Shape(1, 64, 7, 9))
    let input = try Bytes(shape, ByteScaling(scale: 0.01, zero: 0, count: inputs)) { _, _ in 200 }
    let output = try operation.outputShape(of: [shape])
    let parameters = try LayerCase("", operation, shape).makeParameters()
    let (weight, taps) = (parameters[0], operation.window.kernel.h * operation.window.kernel.w)
    let expected = try reference(operation, [input.values], parameters)
    var nearest: Float = 0
    for channel in 0..<output.c {
      let weights = (0..<inputs * taps).map { weight.pointer[channel * inputs * taps + $0] }
      let step = (weights.map(abs).max() ?? 0) / 127
      let error = weights.reduce(0) { $0 + ($1 / step).rounded() * step - $1 } * 2
      nearest += error * error
    }
    for loops in Loops.availableWithTiles {
      for algorithm in [ConvolutionAlgorithm.pointwise, .unfolded, .shifted]
      where loops.multipliesBytes || algorithm == .shifted {
        var request = FormRequest(inputs: [shape], output: output, loops: loops)
        request.bytes.input = input.scaling
        guard let kernel = BlockedConvolution(operation, request, algorithm, .int8) else {
          continue
        }
        let made = try run(kernel, input, nil, parameters, output, nil, 1, loops.name)
        var errors: Float = 0
        for channel in 0..<output.c {
          let error = made.plane(0, channel)[0] - expected.plane(0, channel)[0]
          errors += error * error
        }
        #expect(errors < 0.1 * nearest, "\(algorithm), \(loops.name): \(errors) of \(nearest)")
      }
    }
  }

  /// The largest bytes times the largest weights, as many as a sum may have.
  @Test(arguments: [UInt8(0), 255]) func sumsOfTilesDoNotOverflow(_ zero: UInt8) throws {
    let inputs = ConvolutionJob.tileTerms / 16 * 16
    let operation = Convolution(16, kernel: 1, bias: false)
    let shape = Shape(1, inputs, 1, 17)
    for value in [UInt8(0), 255] {
      let input = try Bytes(shape, ByteScaling(scale: 1, zero: zero, count: inputs)) { _, _ in value
      }
      for sign in [Float(1), -1] {
        let weight = try Tensor(Shape(16, inputs, 1, 1), filledWith: sign)
        let wanted = sign * Float(inputs) * (Float(value) - Float(zero))
        for loops in Loops.availableWithTiles {
          var request = FormRequest(inputs: [shape], output: shape.with(16), loops: loops)
          request.bytes.input = input.scaling
          let kernel = try #require(BlockedConvolution(operation, request, .shifted, .int8))
          let made = try run(kernel, input, nil, [weight], shape.with(16), nil, 2, loops.name)
          for element in made.elements {
            #expect(abs(element - wanted) <= 1e-5 * abs(wanted), "\(loops.name)")
          }
        }
      }
    }
    let larger = Shape(1, inputs + 16, 1, 17)
    var request = FormRequest(
      inputs: [larger], output: larger.with(16), loops: Loops.availableWithTiles[0])
    request.bytes.input = ByteScaling(scale: 1, zero: zero, count: inputs + 16)
    #expect(BlockedConvolution(operation, request, .shifted, .int8) == nil)
  }

  /// The values that F(4×4, 3×3) makes most of, times weights of one sign: sums beyond 32 bits would change
  /// their sign. Of transformed kernels, and of so many that they are kept.
  @Test(arguments: [(288, 16), (304, 400)])
  func sumsOfTheLargestValuesDoNotOverflow(_ inputs: Int, _ outputs: Int) throws {
    let operation = Convolution(outputs, kernel: 3, padding: 1, bias: false)
    let shape = Shape(1, inputs, 8, 8)
    for zero in [UInt8(0), 255] {
      for pattern in 0..<3 {
        let input = try Bytes(shape, ByteScaling(scale: 1, zero: zero, count: inputs)) { y, x in
          switch pattern {
          case 0: 255
          case 1: y % 2 == x % 2 ? 255 : 0
          default: (y / 2 + x / 2) % 2 == 0 ? 255 : 0
          }
        }
        for sign in [Float(1), -1] {
          let weight = try Tensor(Shape(outputs, inputs, 3, 3), filledWith: sign)
          for o in 0..<outputs {
            for i in 0..<inputs {
              for tap in 0..<9 where tap % 2 == o % 2 { weight.plane(o, i)[tap] *= 0.5 }
            }
          }
          let expected = try reference(operation, [input.values], [weight])
          let range = max(1, expected.elements.map(abs).max() ?? 0)
          for loops in Loops.available {
            var request = FormRequest(inputs: [shape], output: shape.with(outputs), loops: loops)
            request.bytes.input = input.scaling
            let kernel = try #require(BlockedConvolution(operation, request, .winograd4, .int8))
            let made = try run(kernel, input, nil, [weight], expected.shape, nil, 2, loops.name)
            expectClose(
              made, expected, absolute: 2e-2 * range, "\(loops.name), zero \(zero), \(pattern)")
          }
        }
      }
    }
  }

  /// Bytes become floats and bytes again; what is beyond them becomes the nearest.
  @Test(arguments: [Layout.planar, .blocked])
  func bytesAndFloatsBecomeEachOther(_ layout: Layout) throws {
    let bytes = try Bytes(random: Shape(2, 19, 5, 3), seed: 9)
    func change(_ value: Tensor, to target: Layout) throws -> Tensor {
      let form = try #require(
        ByteChange(value.shape, from: value.layout, to: target, bytes.scaling))
      let made = try GuardedTensor(value.shape, target)
      form.forward(
        ForwardCall(
          inputs: [value], output: made.tensor, parameters: [],
          workers: try Workers(pool: WorkerPool(threads: 2), forms: [form])))
      #expect(made.isIntact)
      return made.tensor
    }
    let floats = try change(bytes.tensor, to: layout)
    #expect(try floats.laidOut(.planar).bits == bytes.values.bits)
    let again = try change(floats, to: .bytes)
    #expect(try change(again, to: .planar).bits == bytes.values.bits)
    let far = try Tensor(bytes.values.shape, filledWith: 1e9).laidOut(layout)
    let most = try change(try change(far, to: .bytes), to: .planar)
    for c in 0..<19 {
      let largest = bytes.scaling.scales[c] * Float(255 - bytes.scaling.zeros[c])
      #expect(most.plane(1, c)[7] == largest)
    }
  }

  private func reference(
    _ operation: any Operation, _ inputs: [Tensor], _ parameters: [Tensor] = []
  ) throws -> Tensor {
    let form = operation.forms[operation.forms.count - 1]
    let run = try #require(
      try LayerRun(operation, form, inputs: inputs, parameters: parameters))
    return try run.forward()
  }

  private func run(
    _ kernel: any PreparedForm, _ input: Bytes, _ residual: Bytes?, _ parameters: [Tensor],
    _ shape: Shape, _ scaling: ByteScaling?, _ threads: Int, _ name: String
  ) throws -> Tensor {
    let memory = GuardedAllocator()
    let output = try GuardedTensor(shape, scaling == nil ? .blocked : .bytes)
    try {
      let workers = try Workers(
        pool: WorkerPool(threads: threads), forms: [kernel], allocator: memory.allocator)
      kernel.forward(
        ForwardCall(
          inputs: [input.tensor] + (residual.map { [$0.tensor] } ?? []), output: output.tensor,
          parameters: parameters, packed: try kernel.pack(parameters, workers.pool),
          workers: workers))
    }()
    #expect(output.isIntact, "\(name) wrote beyond its output")
    #expect(memory.overrunCount == 0, "\(name) wrote beyond its scratch memory")
    return try scaling.map { try Bytes(output.tensor, $0).values }
      ?? output.tensor.laidOut(.planar)
  }
}

/// A value of bytes, and what they stand for.
private struct Bytes {
  let tensor: Tensor
  let scaling: ByteScaling
  let values: Tensor

  init(_ tensor: Tensor, _ scaling: ByteScaling) throws {
    (self.tensor, self.scaling) = (tensor, scaling)
    let shape = tensor.shape
    values = try Tensor(shape)
    let bytes = UnsafeRawPointer(tensor.pointer).assumingMemoryBound(to: UInt8.self)
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for pixel in 0..<shape.planeCount {
          let byte = bytes[((c / 16 * shape.n + n) * shape.planeCount + pixel) * 16 + c % 16]
          values.plane(n, c)[pixel] = scaling.scales[c] * (Float(byte) - Float(scaling.zeros[c]))
        }
      }
    }
  }

  init(_ shape: Shape, _ scaling: ByteScaling, _ byte: (_ y: Int, _ x: Int) -> UInt8) throws {
    let memory = try AlignedMemory(count: Layout.bytes.count(shape) + 96)
    let bytes = UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: UInt8.self)
    for i in 0..<4 * memory.count {
      let pixel = i / 16 % shape.planeCount
      bytes[i] = byte(pixel / shape.w, pixel % shape.w)
    }
    try self.init(Tensor(shape, .bytes, memory: memory, offset: 0), scaling)
  }

  /// Any bytes; scales that differ tenfold, zeros at both ends and between.
  init(random shape: Shape, seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let scaling = ByteScaling(
      (0..<shape.c).map { c in
        let width = 0.2 + 2 * Float(c % 7)
        return [0...width, -width / 3...width, -width...0][c % 3]
      })
    try self.init(shape, scaling) { _, _ in UInt8(truncatingIfNeeded: generator.next()) }
  }
}

extension ByteScaling {
  init(scale: Float, zero: UInt8, count: Int) {
    let (low, high) = (-Float(zero) * scale, Float(255 - zero) * scale)
    self.init([ClosedRange<Float>](repeating: low...high, count: count))
  }
}

extension Shape {
  func with(_ channels: Int) -> Shape { Shape(n, channels, h, w) }
}
