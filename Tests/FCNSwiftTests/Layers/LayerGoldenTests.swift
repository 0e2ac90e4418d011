import FCNTestSupport
import Testing

@testable import FCNSwift

/// Every form of every operation against what PyTorch computes.
struct LayerGoldenTests {
  @Test(arguments: try LayerGoldens.load().layers)
  func everyFormAgreesWithPyTorch(golden: LayerGolden) throws {
    let operation = try golden.makeOperation()
    let inputs = try golden.inputNames.map { try golden.tensor($0) }
    let specifications = operation.parameters(inputChannels: inputs[0].shape.c)
    let outputs = try [golden.tensor("output"), golden.tensor("gradient/output")]
    for form in operation.forms {
      let parameters = try specifications.map { try golden.tensor($0.name) }
      guard
        let run = try LayerRun(operation, form, inputs: inputs, parameters: parameters)
      else { continue }
      #expect(run.outputShape == golden.wantedShape)
      // Sums of inputs and of weights cost a few bits.
      let sums = ["winograd", "toeplitz", "strassen"].contains { form.name.contains($0) }
      let tolerance: Float = form.name.contains("winograd8") ? 4e-4 : sums ? 4e-5 : 4e-6
      let output = try run.forward(training: golden.training ?? false)
      let upstream = try golden.upstream(outputs[1])
      try close(
        golden.stored(output, isExact: !sums), outputs[0],
        "\(form.name) output", tolerance: tolerance)
      for (specification, tensor) in zip(specifications, parameters)
      where specification.role == .statistic {
        let wanted = try golden.tensor("after/\(specification.name)")
        close(tensor, wanted, "\(form.name) \(specification.name)")
      }
      // Batch norm has a gradient in training only.
      if golden.training == false || !run.trains { continue }
      let gradients = try run.backward(upstream)
      let names = golden.inputNames + specifications.map(\.name).prefix(run.learnedCount)
      for (name, gradient) in zip(names, gradients.all) {
        close(
          gradient, try golden.tensor("gradient/\(name)"), "\(form.name) gradient by \(name)",
          tolerance: tolerance)
      }
    }
  }

  @Test func theGoldensReachEveryFormOfEveryOperationThatPyTorchHas() throws {
    var wanted: Set<String> = []
    var reached: Set<String> = []
    for golden in try LayerGoldens.load().layers {
      let operation = try golden.makeOperation()
      let shapes = try golden.inputNames.map { try golden.tensor($0).shape }
      let output = try operation.outputShape(of: shapes)
      // What rounds by itself other tests look at.
      for form in operation.forms
      where !form.name.contains("_int") && !form.name.contains("_bfloat16")
        && form.layouts.takes != .bytes
      {
        wanted.insert(form.name)
        let request = FormRequest(inputs: shapes, output: output, loops: Loops.portable)
        if form.make(request) != nil { reached.insert(form.name) }
      }
    }
    #expect(reached == wanted)
    #expect(Set(wanted.map { $0.prefix(while: { $0 != "." }) }).count == 58)
  }

  /// The values are of order 1 and sums have at most some hundred terms.
  private func close(
    _ actual: Tensor, _ expected: Tensor, _ what: String, tolerance: Float = 4e-6
  ) {
    expectClose(actual, expected, absolute: tolerance, relative: tolerance, what)
  }
}

extension LayerGolden {
  /// The upstream gradient of the whole output.
  fileprivate func upstream(_ stored: Tensor) throws -> Tensor {
    guard let start = window?.extent else { return stored }
    let whole = try Tensor(wantedShape)
    forEachStored(stored.shape) { n, c, y, x in
      whole[n, c, start.h + y, start.w + x] = stored[n, c, y, x]
    }
    return whole
  }

  /// The part of `output` that the golden has. What is outside a window sees only padding: it must be
  /// the bias, as exactly as float32 can say, unless tiles reach from the window to it.
  func stored(_ output: Tensor, isExact: Bool) throws -> Tensor {
    guard let start = window?.extent else { return output }
    let part = try Tensor(try tensor("output").shape)
    let rest = try output.copy()
    let bias = try tensor("bias")
    forEachStored(part.shape) { n, c, y, x in
      part[n, c, y, x] = output[n, c, start.h + y, start.w + x]
      rest[n, c, start.h + y, start.w + x] = bias.pointer[c]
    }
    for n in 0..<rest.shape.n {
      for c in 0..<rest.shape.c {
        let plane = UnsafeBufferPointer(start: rest.plane(n, c), count: rest.shape.planeCount)
        let tolerance: Float = isExact ? 0 : 4e-4
        #expect(plane.allSatisfy { abs($0 - bias.pointer[c]) <= tolerance })
      }
    }
    return part
  }

  private func forEachStored(_ shape: Shape, _ body: (Int, Int, Int, Int) -> Void) {
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for y in 0..<shape.h { for x in 0..<shape.w { body(n, c, y, x) } }
      }
    }
  }
}
