import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

/// Convolutions that train on values in channel blocks: with a rectifier after them, by products of floats of
/// 16 bits, on every instruction set.
struct TrainingConvolutionTests {
  private static let cases: [(operation: Convolution, input: Shape)] = [
    (Convolution(20, kernel: 3, padding: 1), Shape(3, 3, 29, 31)),
    (Convolution(32, kernel: 3, padding: 1), Shape(3, 48, 15, 18)),
    (Convolution(33, kernel: 3, padding: 2, dilation: 2, bias: false), Shape(2, 16, 11, 9)),
    (Convolution(80, kernel: 3), Shape(5, 112, 7, 8)),
  ]

  /// Output and gradients; of a rectifier after the layer too where `rectifies`.
  private func results(
    _ operation: Convolution, _ input: Shape, _ form: Form, rectifies: Bool = false,
    threads: Int = 1, loops: LoopTable? = nil, allowsBFloats: Bool = false
  ) throws -> [Tensor]? {
    let parameters = try operation.parameters(inputChannels: input.c).enumerated().map {
      try Tensor.random($1.tensorShape, seed: UInt64($0 + 5))
    }
    guard
      let run = try LayerRun(
        operation, form, inputs: [.random(input, seed: 1)], parameters: parameters,
        threads: threads, loops: loops,
        epilogue: rectifies ? Epilogue(activation: .relu) : Epilogue(),
        allowsBFloats: allowsBFloats)
    else { return nil }
    let output = try run.forward(training: true)
    return [output] + (try run.backward(.random(run.outputShape, seed: 3)).all)
  }

  private func forms(_ operation: Convolution) -> [Form] {
    operation.forms.filter { $0.name == "convolution.winograd_training" }
  }

  /// The reference form's, and those of a rectifier after it.
  private func expected(
    _ operation: Convolution, _ input: Shape, rectifies: Bool
  ) throws -> [Tensor] {
    let reference = try #require(operation.forms.last)
    let plain = try #require(try results(operation, input, reference))
    guard rectifies else { return plain }
    let parameters = try operation.parameters(inputChannels: input.c).enumerated().map {
      try Tensor.random($1.tensorShape, seed: UInt64($0 + 5))
    }
    let run = try #require(
      try LayerRun(
        operation, reference, inputs: [.random(input, seed: 1)], parameters: parameters))
    let output = try run.forward(training: true)
    let upstream = try Tensor.random(run.outputShape, seed: 3)
    for i in 0..<output.shape.count {
      if output.pointer[i] <= 0 { upstream.pointer[i] = 0 }
      output.pointer[i] = max(0, output.pointer[i])
    }
    return [output] + (try run.backward(upstream).all)
  }

  @Test(arguments: cases.indices, [false, true])
  func everyInstructionSetTrainsInEveryLayout(index: Int, rectifies: Bool) throws {
    let (operation, input) = Self.cases[index]
    let wanted = try expected(operation, input, rectifies: rectifies)
    var layouts = 0
    for form in forms(operation) {
      for loops in Loops.available {
        guard
          let found = try results(operation, input, form, rectifies: rectifies, loops: loops)
        else { continue }
        layouts += 1
        for (number, (a, b)) in zip(found, wanted).enumerated() {
          let scale = b.elements.map(abs).max() ?? 0
          expectClose(
            a, b, absolute: scale * 1e-4, "\(loops.name), \(form.layouts), tensor \(number)")
        }
      }
    }
    let expected = (input.c < 8 ? 1 : rectifies ? 2 : 4) * Loops.available.count
    #expect(layouts == expected)
  }

  /// Of factors that are rounded to 8 bits, sums of many terms differ by some hundredths of their size.
  @Test(arguments: cases.indices.dropFirst(), [false, true])
  func productsOfFloatsOf16BitsAreNearThoseOf32(index: Int, rectifies: Bool) throws {
    let (operation, input) = Self.cases[index]
    for form in forms(operation) {
      guard let exact = try results(operation, input, form, rectifies: rectifies) else { continue }
      for loops in Loops.available where loops.multipliesBFloats {
        let found = try #require(
          try results(
            operation, input, form, rectifies: rectifies, loops: loops, allowsBFloats: true))
        for (number, (a, b)) in zip(found, exact).enumerated() {
          var (squares, distances) = (0.0, 0.0)
          for (x, y) in zip(a.elements, b.elements) {
            squares += Double(y) * Double(y)
            distances += Double(x - y) * Double(x - y)
          }
          let error = (distances / squares).squareRoot()
          // What a rectifier lets through may be what another did not.
          #expect(
            error < (rectifies ? 0.3 : 0.05), "\(loops.name), \(form.layouts), tensor \(number)")
          if number == 0 { #expect(error > 1e-4, "nothing was rounded") }
        }
      }
    }
  }

  @Test(arguments: cases.indices, [false, true])
  func theNumberOfThreadsDoesNotChangeABit(index: Int, allowsBFloats: Bool) throws {
    guard try !allowsBFloats || Loops.chosen().multipliesBFloats else { return }
    let (operation, input) = Self.cases[index]
    for form in forms(operation) {
      for rectifies in [false, true] {
        guard
          let one = try results(
            operation, input, form, rectifies: rectifies, allowsBFloats: allowsBFloats)
        else { continue }
        let three = try #require(
          try results(
            operation, input, form, rectifies: rectifies, threads: 3, allowsBFloats: allowsBFloats))
        for (a, b) in zip(one, three) { #expect(a.bits == b.bits) }
      }
    }
  }
}
