import CIntrinsics
import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

/// Convolutions of pictures by tiles of floats of 16 bits, whose results become bytes, in the loops of every
/// instruction set that this machine has.
struct TileFloatTests {
  struct Case: Sendable {
    let operation: Convolution
    let input: Shape
    let activation: Activation

    init(_ operation: Convolution, _ input: Shape, _ activation: Activation) {
      (self.operation, self.input, self.activation) = (operation, input, activation)
    }
  }

  private static let cases = [
    Case(Convolution(70, kernel: 3, padding: 1), Shape(2, 3, 19, 37), .relu),
    Case(Convolution(64, kernel: 7, stride: 2, padding: 3), Shape(1, 3, 41, 38), .relu),
    // A line of taps takes more than a step; every number of channels.
    Case(Convolution(16, kernel: 11, stride: 2, padding: 2), Shape(1, 4, 30, 43), .identity),
    Case(Convolution(24, kernel: 3, padding: 2, dilation: 2), Shape(2, 1, 13, 9), .hardSwish),
    Case(Convolution(33, kernel: 3, padding: 40), Shape(1, 2, 7, 5), .relu),
    Case(Convolution(8, kernel: 1), Shape(1, 3, 6, 7), .relu),
  ]

  @Test(arguments: cases)
  func productsOfPicturesAreThoseOfTheReference(_ layer: Case) throws {
    let (operation, shape, activation) = (layer.operation, layer.input, layer.activation)
    let layer = LayerCase("", operation, shape)
    let (inputs, parameters) = (try layer.makeInputs(), try layer.makeParameters())
    var expected = try reference(operation, inputs, parameters)
    if let activation = activation.operation { expected = try reference(activation, [expected]) }
    let scaling = scaling(of: expected)
    for loops in Loops.availableWithTiles {
      var request = FormRequest(
        inputs: [shape], output: expected.shape, epilogue: Epilogue(activation: activation),
        loops: loops)
      #expect(BlockedConvolution(operation, request, .shifted, .bfloat16) == nil, "floats")
      request.bytes.output = scaling
      let kernel = try #require(BlockedConvolution(operation, request, .shifted, .bfloat16))
      #expect(kernel.makesBytes && !kernel.hidNotFinite())
      let one = try run(kernel, inputs[0], parameters, expected.shape, threads: 1, loops.name)
      let step = scaling.scales.max() ?? 0
      let range = expected.elements.map(abs).max() ?? 0
      for (made, wanted) in zip(numbers(one, scaling, expected.shape), expected.elements) {
        #expect(abs(made - wanted) <= 0.51 * step + 4e-3 * range, "\(loops.name)")
      }
      let three = try run(kernel, inputs[0], parameters, expected.shape, threads: 3, loops.name)
      #expect(one == three, "\(loops.name): threads change bits")
      #expect(!kernel.hidNotFinite())
    }
  }

  /// No byte shows them.
  @Test(arguments: [Float.nan, .infinity, 3e38])
  func valuesThatAreNotFiniteAreSeen(_ value: Float) throws {
    let (operation, shape) = (Convolution(16, kernel: 3, padding: 1), Shape(1, 3, 9, 21))
    let layer = LayerCase("", operation, shape)
    let (inputs, parameters) = (try layer.makeInputs(), try layer.makeParameters())
    for index in 0..<9 { parameters[0].plane(5, 1)[index] = 2 }
    let output = try operation.outputShape(of: [shape])
    for place in [(0, 0), (8, 20), (4, 11)] {
      let input = try Tensor(shape, inputs[0].elements)
      input.plane(0, 1)[place.0 * 21 + place.1] = value
      for activation in [Activation.relu, .hardSwish] {
        for loops in Loops.availableWithTiles {
          var request = FormRequest(
            inputs: [shape], output: output, epilogue: Epilogue(activation: activation),
            loops: loops)
          request.bytes.output = ByteScaling(scale: 0.1, zero: 100, count: 16)
          let kernel = try #require(BlockedConvolution(operation, request, .shifted, .bfloat16))
          _ = try run(kernel, input, parameters, output, threads: 2, loops.name)
          #expect(kernel.hidNotFinite(), "\(loops.name), \(value), \(activation)")
        }
      }
    }
  }

  @Test func floatsAreRoundedToTheNearest() {
    for (value, bits) in [
      (Float(1), UInt16(0x3F80)), (-2.5, 0xC020), (0, 0), (-0.0, 0x8000), (.infinity, 0x7F80),
      // Halves go to the even one.
      (Float(bitPattern: 0x3F80_8000), 0x3F80), (Float(bitPattern: 0x3F81_8000), 0x3F82),
      (Float(bitPattern: 0x3F80_8001), 0x3F81), (.greatestFiniteMagnitude, 0x7F80),
      // NaN whose first half is infinity's.
      (Float(bitPattern: 0x7F80_0001), 0x7FC0), (Float(bitPattern: 0xFFFF_FFFF), 0xFFFF),
    ] {
      #expect(fcn_bfloat(value) == bits, "\(value)")
      let line = [Float](repeating: value, count: 11)
      var pixels = [UInt16](repeating: 7, count: 45)
      fcn_store_bfloats(line, nil, nil, line, 11, &pixels)
      for pixel in 0..<11 {
        #expect(Array(pixels[4 * pixel..<4 * pixel + 4]) == [bits, 0, 0, bits])
      }
      #expect(pixels[44] == 7)
    }
  }

  /// Bytes are made of integer sums at once; where that could be infinite, value by value, which tells of it.
  @Test(arguments: [Float(0), 1e38, -3e38, .infinity, .nan])
  func valuesOfTilesThatAreNotFiniteAreSeen(_ bias: Float) throws {
    let (operation, shape) = (Convolution(32, kernel: 1), Shape(1, 64, 5, 7))
    let output = shape.with(32)
    let weight = try Tensor(Shape(32, 64, 1, 1), filledWith: bias == 1e38 ? 1e36 : 1)
    let biases = try Tensor(operation.parameters(inputChannels: 64)[1].tensorShape)
    biases.pointer[17] = bias
    let memory = try AlignedMemory(count: Layout.bytes.count(shape))
    let input = Tensor(shape, .bytes, memory: memory, offset: 0)
    UnsafeMutableRawPointer(input.pointer)
      .initializeMemory(as: UInt8.self, repeating: 200, count: shape.count)
    for loops in Loops.availableWithTiles {
      var request = FormRequest(
        inputs: [shape], output: output, epilogue: Epilogue(activation: .relu), loops: loops)
      request.bytes = RequestedBytes(
        input: ByteScaling(scale: 0.5, zero: 0, count: 64),
        output: ByteScaling(scale: 1000, zero: 3, count: 32))
      let kernel = try #require(BlockedConvolution(operation, request, .shifted, .int8))
      let made = try run(kernel, input, [weight, biases], output, threads: 1, loops.name)
      // 64 · 1e36 · 100 is more than a float has.
      #expect(kernel.hidNotFinite() == (bias != 0 && bias != -3e38), "\(loops.name)")
      if bias == 0 { #expect(made.allSatisfy { $0 == 9 }, "\(loops.name)") }
      // The rectifier makes 0 of it.
      if bias == -3e38 { #expect(made[35 * 16 + 1] == 3 && made[35 * 16] == 9, "\(loops.name)") }
    }
  }

  private func scaling(of values: Tensor) -> ByteScaling {
    ByteScaling(
      (0..<values.shape.c).map { c in
        let numbers = (0..<values.shape.n).flatMap { n in
          (0..<values.shape.planeCount).map { values.plane(n, c)[$0] }
        }
        return min(0, numbers.min() ?? 0)...max(0, numbers.max() ?? 0)
      })
  }

  private func reference(
    _ operation: any Operation, _ inputs: [Tensor], _ parameters: [Tensor] = []
  ) throws -> Tensor {
    let form = operation.forms[operation.forms.count - 1]
    return try #require(
      try LayerRun(operation, form, inputs: inputs, parameters: parameters)
    ).forward()
  }

  private func run(
    _ kernel: BlockedConvolution, _ input: Tensor, _ parameters: [Tensor], _ shape: Shape,
    threads: Int, _ name: String
  ) throws -> [UInt8] {
    let memory = GuardedAllocator()
    let output = try GuardedTensor(shape, .bytes)
    try {
      let workers = try Workers(
        pool: WorkerPool(threads: threads), forms: [kernel], allocator: memory.allocator)
      kernel.forward(
        ForwardCall(
          inputs: [input], output: output.tensor, parameters: parameters,
          packed: try kernel.pack(parameters, workers.pool), workers: workers))
    }()
    #expect(output.isIntact, "\(name) wrote beyond its output")
    #expect(memory.overrunCount == 0, "\(name) wrote beyond its scratch memory")
    let bytes = UnsafeRawPointer(output.tensor.pointer).assumingMemoryBound(to: UInt8.self)
    return (0..<blockedPlaneCount(shape) * shape.planeCount * channelBlock).map { bytes[$0] }
  }

  /// What bytes stand for, N×C×H×W.
  private func numbers(_ bytes: [UInt8], _ scaling: ByteScaling, _ shape: Shape) -> [Float] {
    (0..<shape.count).map { index in
      let (n, c) = (index / shape.planeCount / shape.c, index / shape.planeCount % shape.c)
      let pixel = (c / 16 * shape.n + n) * shape.planeCount + index % shape.planeCount
      return scaling.scales[c] * (Float(bytes[pixel * 16 + c % 16]) - Float(scaling.zeros[c]))
    }
  }
}
