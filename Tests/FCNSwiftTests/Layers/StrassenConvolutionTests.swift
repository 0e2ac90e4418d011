import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

/// Convolutions of pixels by Strassen's algorithm, in the loops of every instruction set at hand.
struct StrassenConvolutionTests {
  static let levels = [1, 2]

  /// Odd numbers of pixels and of blocks of input channels, several parts, panels of every width.
  static let cases: [BlockedConvolutionTests.Case] = [
    .init("the fewest", Convolution(64, kernel: 1), Shape(1, 64, 4, 2)),
    .init("odd pixels", Convolution(64, kernel: 1), Shape(1, 96, 7, 11), activation: .relu),
    .init("odd blocks", Convolution(128, kernel: 1), Shape(2, 80, 5, 7), residual: true),
    .init("nine blocks", Convolution(192, kernel: 1, bias: false), Shape(1, 144, 13, 9)),
    .init(
      "several parts", Convolution(64, kernel: 1), Shape(2, 272, 29, 31), residual: true,
      activation: .relu),
    .init("several groups", Convolution(1216, kernel: 1), Shape(1, 64, 9, 15)),
    .init("deep", Convolution(320, kernel: 1), Shape(1, 1040, 6, 17), activation: .hardSwish),
  ]

  @Test(arguments: cases, levels)
  func agreesWithTheReferenceForms(_ layer: BlockedConvolutionTests.Case, _ levels: Int) throws {
    let tests = BlockedConvolutionTests()
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    let input = try Tensor.random(layer.input, seed: 5)
    let shape = try layer.operation.outputShape(of: [layer.input])
    let residual = layer.residual ? try Tensor.random(shape, seed: 6) : nil
    let expected = try tests.reference(layer, input, parameters, residual)
    let scale = expected.elements.map(abs).max() ?? 0
    for loops in Loops.available {
      let form = try #require(strassen(layer, levels, loops))
      let name = "\(levels) levels, \(loops.name)"
      let one = try tests.run(form, .pointwise, input, residual, parameters, shape, 1, name)
      expectClose(one, expected, absolute: scale * 1e-5, name)
      let three = try tests.run(form, .pointwise, input, residual, parameters, shape, 3, name)
      #expect(one.bits == three.bits, "\(name): threads change bits")
    }
  }

  /// Halves that are summed may differ in size by 2²⁴, as channels of float32 numbers do here. Were they not
  /// brought to one size, nothing would be left of the smaller.
  @Test(arguments: levels)
  func channelsOfAnySizeAreRight(_ levels: Int) throws {
    let layer = BlockedConvolutionTests.Case(
      "sizes", Convolution(64, kernel: 1, bias: false), Shape(1, 64, 6, 7))
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    let input = try Tensor.random(layer.input, seed: 5)
    func size(_ channel: Int) -> Float { [0x1p-12, 1, 0x1p12, 0x1p-5][channel / 3 % 4] }
    for channel in 0..<64 {
      for i in 0..<42 { input.plane(0, channel)[i] *= size(channel) }
      for output in 0..<64 {
        parameters[0].pointer[output * 64 + channel] *= size(output + 5) / size(channel)
      }
    }
    let expected = try BlockedConvolutionTests().reference(layer, input, parameters, nil)
    for loops in Loops.available {
      let form = try #require(strassen(layer, levels, loops))
      let made = try BlockedConvolutionTests().run(
        form, .pointwise, input, nil, parameters, expected.shape, 1, loops.name)
      for channel in 0..<64 {
        let wanted = (0..<42).map { expected.plane(0, channel)[$0] }
        let largest = wanted.map(abs).max() ?? 0
        let error = (0..<42).map { abs(made.plane(0, channel)[$0] - wanted[$0]) }.max() ?? 0
        #expect(error <= 1e-5 * largest, "channel \(channel), \(loops.name)")
      }
    }
  }

  @Test func weightsOfZeroMakeTheBias() throws {
    let layer = BlockedConvolutionTests.Case(
      "zeros", Convolution(64, kernel: 1), Shape(1, 64, 3, 5))
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    parameters[0].pointer.update(repeating: 0, count: 64 * 64)
    let input = try Tensor.random(layer.input, seed: 5)
    for levels in Self.levels {
      let form = try #require(strassen(layer, levels, Loops.portable))
      let made = try BlockedConvolutionTests().run(
        form, .pointwise, input, nil, parameters, Shape(1, 64, 3, 5), 1, "zeros")
      for channel in 0..<64 {
        for i in 0..<15 { #expect(made.plane(0, channel)[i] == parameters[1].pointer[channel]) }
      }
    }
  }

  /// What a picture becomes does not depend on those beside it.
  @Test(arguments: levels) func aPictureHasTheSameBitsInABatch(_ levels: Int) throws {
    let both = BlockedConvolutionTests.Case(
      "two", Convolution(128, kernel: 1), Shape(2, 96, 11, 13))
    let one = BlockedConvolutionTests.Case(
      "one", both.operation, Shape(1, 96, 11, 13))
    let parameters = try LayerCase("", both.operation, both.input).makeParameters()
    let pictures = try Tensor.random(both.input, seed: 5)
    let second = try Tensor(one.input)
    second.pointer.update(from: pictures.plane(1, 0), count: one.input.count)
    for loops in Loops.available {
      func made(_ layer: BlockedConvolutionTests.Case, _ input: Tensor) throws -> Tensor {
        try BlockedConvolutionTests().run(
          try #require(strassen(layer, levels, loops)), .pointwise, input, nil, parameters,
          layer.operation.outputShape(of: [layer.input]), 1, loops.name)
      }
      let (all, alone) = (try made(both, pictures), try made(one, second))
      #expect(Array(all.bits.suffix(alone.bits.count)) == alone.bits, "\(loops.name)")
    }
  }

  /// Whoever watches a run is asked between tasks.
  @Test(arguments: levels) func aTaskHasNotTooManyProducts(_ levels: Int) throws {
    for pixels in [256, 1024, 1 << 20] {
      for panelBlocks in [1, 4] {
        let shape = try #require(
          StrassenShape(
            pixels: pixels, inputs: 4096, outputs: 4096, levels: levels,
            panelBlocks: panelBlocks))
        let products = Double(pixels / shape.parts + 1) * 0x1p24
        #expect(products / Double(shape.groupTasks) <= 0x1p30)
      }
    }
  }

  @Test func othersAreNotServed() {
    let others: [(Convolution, Shape)] = [
      (Convolution(64, kernel: 3, padding: 1), Shape(1, 64, 8, 8)),
      (Convolution(64, kernel: 1, stride: 2), Shape(1, 64, 8, 8)),
      (Convolution(64, kernel: 1, padding: 1), Shape(1, 64, 8, 8)),
      (Convolution(64, kernel: 1, groups: 2), Shape(1, 64, 8, 8)),
      (Convolution(64, kernel: 1), Shape(1, 60, 8, 8)),
      (Convolution(64, kernel: 1), Shape(1, 16, 8, 8)),
      (Convolution(48, kernel: 1), Shape(1, 64, 8, 8)),
      (Convolution(64, kernel: 1), Shape(1, 64, 1, 1)),
    ]
    for (operation, input) in others {
      let layer = BlockedConvolutionTests.Case("other", operation, input)
      #expect(strassen(layer, 1, Loops.portable) == nil, "\(operation), \(input)")
    }
  }

  private func strassen(
    _ layer: BlockedConvolutionTests.Case, _ levels: Int, _ loops: LoopTable
  ) -> StrassenConvolution? {
    guard let shape = try? layer.operation.outputShape(of: [layer.input]) else { return nil }
    let request = FormRequest(
      inputs: [layer.input] + (layer.residual ? [shape] : []), output: shape,
      epilogue: Epilogue(addsResidual: layer.residual, activation: layer.activation),
      loops: loops)
    return StrassenConvolution(layer.operation, request, levels: levels)
  }
}
