import FCNLoopTypes
import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// 16-bit products whose results are known to the last bit.
struct IntegerConvolutionTests {
  /// Whole numbers up to 15, which divides the integers' limit: they become integers without an error
  /// wherever a 15 is among them.
  private static func wholeNumbers(_ shape: Shape, seed: UInt64) throws -> Tensor {
    let tensor = try Tensor.random(shape, seed: seed)
    for i in 0..<shape.count {
      tensor.pointer[i] = max(-15, min(15, (tensor.pointer[i] * 8).rounded()))
    }
    return tensor
  }

  @Test(arguments: [
    (ConvolutionAlgorithm.pointwise, Convolution(37, kernel: 1)),
    (.unfolded, Convolution(37, kernel: 1, stride: 2)),
    (.unfolded, Convolution(20, kernel: 3, padding: 1)),
  ])
  func wholeNumbersAreMultipliedExactly(
    _ algorithm: ConvolutionAlgorithm, _ operation: Convolution
  ) throws {
    // More terms than an integer sum has.
    let input = try Self.wholeNumbers(Shape(2, 272, 9, 10), seed: 1)
    for n in 0..<2 {
      for pixel in 0..<90 { input.plane(n, 3)[pixel] = pixel % 2 == 0 ? 15 : -15 }
    }
    let specification = operation.parameters(inputChannels: 272)
    let weight = try Self.wholeNumbers(specification[0].tensorShape, seed: 2)
    for output in 0..<weight.shape.n { weight.plane(output, 7)[0] = 15 }
    let parameters = [weight, try Self.wholeNumbers(specification[1].tensorShape, seed: 3)]
    let reference = try #require(
      try LayerRun(
        operation, operation.forms[operation.forms.count - 1], inputs: [input],
        parameters: parameters))
    let expected = try reference.forward()
    for loops in Loops.available {
      // A scale is 15 / 4095, which float32 does not hold exactly.
      expectClose(
        try output(operation, algorithm, input, parameters, loops), expected, absolute: 0.05,
        "\(algorithm), \(loops.name)")
    }
  }

  /// What 16-bit products make.
  private func output(
    _ operation: Convolution, _ algorithm: ConvolutionAlgorithm, _ input: Tensor,
    _ parameters: [Tensor], _ loops: LoopTable
  ) throws -> Tensor {
    let shape = try operation.outputShape(of: [input.shape])
    let kernel = try #require(
      BlockedConvolution(
        operation, FormRequest(inputs: [input.shape], output: shape, loops: loops), algorithm,
        .int16))
    let output = try GuardedTensor(shape, .blocked)
    let workers = try Workers(pool: WorkerPool(threads: 2), forms: [kernel])
    kernel.forward(
      ForwardCall(
        inputs: [try input.laidOut(.blocked)], output: output.tensor, parameters: parameters,
        packed: try kernel.pack(parameters, workers.pool), workers: workers))
    #expect(output.isIntact)
    return try output.tensor.laidOut(.planar)
  }

  @Test func sumsOfTheLargestIntegersDoNotOverflow() throws {
    let operation = Convolution(16, kernel: 1, bias: false)
    let input = try Tensor(Shape(1, 256, 2, 3), filledWith: 3)
    let weight = try Tensor(Shape(16, 256, 1, 1), filledWith: -2)
    for loops in Loops.available {
      for value in try output(operation, .pointwise, input, [weight], loops).elements {
        #expect(abs(value + 256 * 6) < 0.001, "\(loops.name)")
      }
    }
  }

  /// As batch normalisation leaves them: what is large is multiplied by little. Integers are then hardly
  /// worse than where all channels are alike.
  @Test(arguments: [
    (ConvolutionAlgorithm.pointwise, Convolution(48, kernel: 1)),
    (.unfolded, Convolution(48, kernel: 3, stride: 2, padding: 1)),
    (.winograd4, Convolution(48, kernel: 3, padding: 1)),
    (.winograd6, Convolution(48, kernel: 3, padding: 1)),
  ])
  func channelsMayDifferInSize(
    _ algorithm: ConvolutionAlgorithm, _ operation: Convolution
  ) throws {
    // From 1e-4 to 1e4; one is large and counts for nothing.
    let sizes = (0..<160).map { $0 == 77 ? 1e6 : powf(10, Float($0 % 9) - 4) }
    for loops in Loops.available {
      let alike = try error(operation, algorithm, [Float](repeating: 1, count: 160), loops)
      let unlike = try error(operation, algorithm, sizes, loops)
      #expect(alike > 0 && unlike < 6 * alike, "\(loops.name): \(unlike), and \(alike) where alike")
    }
  }

  /// The largest error where input channels are of the given sizes, and their weights are as much smaller;
  /// those of one of 1e6 are zero.
  private func error(
    _ operation: Convolution, _ algorithm: ConvolutionAlgorithm, _ sizes: [Float],
    _ loops: LoopTable
  ) throws -> Float {
    let input = try Tensor.random(Shape(1, sizes.count, 13, 14), seed: 4)
    let specification = operation.parameters(inputChannels: sizes.count)
    let weight = try Tensor.random(specification[0].tensorShape, seed: 5)
    for (channel, size) in sizes.enumerated() {
      for i in 0..<13 * 14 { input.plane(0, channel)[i] *= size }
      for output in 0..<weight.shape.n {
        for tap in 0..<weight.shape.planeCount {
          weight.plane(output, channel)[tap] *= channel == 77 ? 0 : 1 / size
        }
      }
    }
    let parameters = [weight, try Tensor.random(specification[1].tensorShape, seed: 6)]
    let reference = try #require(
      try LayerRun(
        operation, operation.forms[operation.forms.count - 1], inputs: [input],
        parameters: parameters))
    let expected = try reference.forward().elements
    let found = try output(operation, algorithm, input, parameters, loops).elements
    return zip(expected, found).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test func whatIsNotFiniteStaysSo() throws {
    let operation = Convolution(16, kernel: 1, bias: false)
    let input = try Tensor(Shape(1, 32, 1, 3), filledWith: 1)
    input.plane(0, 5)[0] = .nan
    input.plane(0, 6)[1] = .infinity
    let weight = try Tensor(Shape(16, 32, 1, 1), filledWith: 1)
    for loops in Loops.available {
      let row = try output(operation, .pointwise, input, [weight], loops).elements
      #expect(row[0].isNaN && row[1].isNaN, "\(loops.name)")
      #expect(abs(row[2] - 32) < 0.001, "\(loops.name)")
    }
  }
}
