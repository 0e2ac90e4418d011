import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Convolution through cuDNN and cuBLASLt.
  struct DeviceLibraryTests {
    /// A convolution that is tried in forms of NVIDIA's libraries.
    struct Case: Sendable, CustomTestStringConvertible {
      var name: String
      var operation: Convolution
      var input: Shape
      var addsResidual = false
      var rectifies = false
      var windowOffset: Extent?
      /// Whether cuBLASLt serves it.
      var isProduct = false

      var testDescription: String { name }
      var epilogue: Epilogue {
        Epilogue(addsResidual: addsResidual, activation: rectifies ? .relu : .identity)
      }

      /// Random operands; `coarse` ones have few bits, so that all element types hold their products.
      func operands(coarse: Bool) throws -> (inputs: [Tensor], parameters: [Tensor]) {
        func tensor(_ shape: Shape, _ stream: UInt64) throws -> Tensor {
          let tensor = try Tensor.random(shape, seed: 5, stream: stream)
          return coarse ? try Tensor(shape, tensor.elements.map { ($0 * 8).rounded() / 8 }) : tensor
        }
        let output = try operation.outputShape(of: [input])
        let shapes = [input] + (addsResidual ? [output] : [])
        let parameters = try LayerCase("", operation, input).makeParameters()
        return (
          try shapes.enumerated().map { try tensor($1, UInt64($0)) },
          try parameters.enumerated().map { try tensor($1.shape, UInt64(10 + $0)) }
        )
      }

      /// nil where the form does not serve.
      func run(
        _ formName: String, _ precision: Precision, _ runtime: CUDARuntime,
        coarse: Bool = true, isServed: Bool = false
      ) throws -> DeviceLayerRun? {
        let operands = try operands(coarse: coarse)
        let form = try #require(operation.deviceForms.first { $0.name == formName })
        return try DeviceLayerRun(
          operation, form, inputs: operands.inputs, parameters: operands.parameters,
          precision: precision, makes: operation.makesScores ? .float32 : nil, epilogue: epilogue,
          windowOffset: windowOffset, with: runtime, isServed: isServed)
      }

      /// What the processor's reference form makes of the same.
      func expected(coarse: Bool = true) throws -> Tensor {
        let operands = try operands(coarse: coarse)
        return try referenceOutput(
          operation, inputs: operands.inputs, parameters: operands.parameters, epilogue: epilogue)
      }
    }

    static let cases: [Case] = [
      .init(
        name: "3×3", operation: Convolution(16, kernel: 3, padding: 1), input: Shape(1, 8, 7, 9)),
      .init(
        name: "filling channels", operation: Convolution(5, kernel: 3, padding: 1),
        input: Shape(2, 3, 6, 5), rectifies: true),
      .init(
        name: "stride", operation: Convolution(12, kernel: 7, stride: 2, padding: 3),
        input: Shape(1, 3, 17, 14), rectifies: true),
      .init(
        name: "dilation", operation: Convolution(8, kernel: 3, padding: 2, dilation: 2),
        input: Shape(1, 10, 9, 8)),
      .init(
        name: "unlike sides",
        operation: Convolution(
          8, kernel: Extent(1, 3), stride: Extent(2, 1), padding: Extent(0, 2),
          dilation: Extent(1, 2)),
        input: Shape(1, 8, 6, 11)),
      .init(
        name: "groups", operation: Convolution(32, kernel: 3, padding: 1, groups: 2),
        input: Shape(1, 16, 5, 6), rectifies: true),
      .init(
        name: "joined groups", operation: Convolution(9, kernel: 3, padding: 1, groups: 3),
        input: Shape(1, 6, 5, 6)),
      .init(
        name: "residual", operation: Convolution(11, kernel: 3, padding: 1),
        input: Shape(2, 8, 5, 6), addsResidual: true, rectifies: true),
      .init(
        name: "no bias", operation: Convolution(8, kernel: 3, padding: 1, bias: false),
        input: Shape(1, 8, 5, 6)),
      .init(
        name: "window", operation: Convolution(8, kernel: 3), input: Shape(2, 5, 6, 7),
        windowOffset: Extent(1, 2)),
      .init(
        name: "pixels", operation: Convolution(13, kernel: 1), input: Shape(2, 21, 5, 7),
        isProduct: true),
      .init(
        name: "pixels with residual", operation: Convolution(16, kernel: 1, bias: false),
        input: Shape(1, 8, 3, 5), addsResidual: true, rectifies: true, isProduct: true),
      .init(
        name: "pixels of a window", operation: Convolution(8, kernel: 1), input: Shape(1, 8, 3, 5),
        windowOffset: Extent(1, 2)),
      .init(
        name: "scores", operation: Convolution(3, kernel: 1, makesScores: true),
        input: Shape(1, 20, 4, 5), isProduct: true),
    ]

    @Test(arguments: cases, [Precision.float32, .tf32, .float16, .bfloat16])
    func formsOfLibrariesAgreeWithTheReference(
      _ test: Case, _ precision: Precision
    ) throws {
      let runtime = try FakeLibraries.makeRuntime()
      for form in ["convolution.cudnn", "convolution.cublaslt"] {
        let run = try test.run(form, precision, runtime)
        guard let run else {
          #expect(form == "convolution.cublaslt" && !test.isProduct, "\(form)")
          continue
        }
        #expect(form == "convolution.cudnn" || test.isProduct)
        #expect(run.prepared.milliseconds != nil)
        let output = try run.forward(times: 2)
        let step: Float =
          switch (precision, test.operation.makesScores) {
          case (.float16, false): 1 / 1024
          case (.bfloat16, false): 1 / 128
          default: 1e-7
          }
        expectClose(output, try test.expected(), absolute: 1e-6, relative: step, "\(form)")
      }
    }

    @Test func float32StaysWholeAndTF32UsesMatrixUnits() throws {
      let runtime = try FakeLibraries.makeRuntime()
      let test = Self.cases[0]
      for (precision, tolerance) in [(Precision.float32, Float(1e-5)), (.tf32, 2e-2)] {
        let before = try (1...7).map { try FakeLibraries.Library.cudnn.runs($0) }
        let run = try #require(
          try test.run("convolution.cudnn", precision, runtime, coarse: false))
        let expected = try test.expected(coarse: false)
        let output = try run.forward()
        expectClose(output, expected, absolute: tolerance)
        let worst = zip(output.elements, expected.elements).map { abs($0 - $1) }.max() ?? 0
        let used = try (1...7).map {
          try FakeLibraries.Library.cudnn.runs($0) > before[Int($0) - 1]
        }
        // Engine 1 has matrix units, 4 has none; the others must not be used at all.
        #expect(
          used == [precision == .tf32, false, false, precision == .float32, false, false, false])
        #expect((worst > 1e-4) == (precision == .tf32))
      }
    }

    @Test func compiledEnginesServeOnlyWhereNothingElseDoes() throws {
      let runtime = try FakeLibraries.makeRuntime()
      let scores = try #require(Self.cases.last)
      #expect(throws: FCNError.self) {
        try scores.run("convolution.cudnn", .float16, runtime, isServed: true)
      }
      let before = try FakeLibraries.Library.cudnn.runs(6)
      let run = try #require(
        try scores.run("convolution.cudnn", .float16, runtime))
      #expect(run.prepared.milliseconds != nil)
      #expect(try FakeLibraries.Library.cudnn.runs(6) > before)
    }

    @Test func theQuickestIsFoundOnceAndKept() throws {
      let runtime = try FakeLibraries.makeRuntime()
      let (cudnn, cublasLt) = (FakeLibraries.Library.cudnn, FakeLibraries.Library.cublasLt)
      let context = try runtime.context(0)
      try withExtendedLifetime(context) {
        let test = try #require(Self.cases.first { $0.name == "pixels" })
        func run(_ form: String) throws -> DeviceLayerRun {
          try #require(try test.run(form, .float16, runtime))
        }
        let first = try run("convolution.cudnn")
        let product = try run("convolution.cublaslt")
        let executions = try cudnn.count("cudnnBackendExecute")
        let products = try cublasLt.count("cublasLtMatmul")
        let slow = try (cudnn.runs(1), cublasLt.runs(0))
        let again = try run("convolution.cudnn")
        #expect(again.prepared.milliseconds == first.prepared.milliseconds)
        #expect(
          try run("convolution.cublaslt").prepared.milliseconds == product.prepared.milliseconds)
        #expect(try cudnn.count("cudnnBackendExecute") == executions)
        #expect(try cublasLt.count("cublasLtMatmul") == products)
        _ = try again.forward()
        _ = try product.forward()
        #expect(try slow == (cudnn.runs(1), cublasLt.runs(0)))
      }
    }

    @Test func withoutRoomForATrialTheFirstProposalServes() throws {
      let runtime = try FakeLibraries.makeRuntime()
      for (form, index) in [("convolution.cudnn", 0), ("convolution.cublaslt", 10)] {
        try FakeDevice.fake().fail("cuMemAlloc_v2", result: 2)
        let run = try #require(
          try Self.cases[index].run(form, .float32, runtime))
        #expect(run.prepared.milliseconds == nil)
        expectClose(try run.forward(), try Self.cases[index].expected(), absolute: 1e-6)
      }
    }

    @Test(arguments: [
      "cudnnCreate", "cudnnSetStream", "cudnnBackendCreateDescriptor", "cudnnBackendSetAttribute",
      "cudnnBackendFinalize", "cudnnBackendGetAttribute",
    ])
    func failuresOfCUDNNAreToldAndLeakNothing(_ call: String) throws {
      let cudnn = FakeLibraries.Library.cudnn
      for nth in [1, 5, 23] as [Int32] where nth == 1 || call.hasPrefix("cudnnBackend") {
        let runtime = try FakeLibraries.makeRuntime()
        try cudnn.fail(call, nth, with: 4000)
        do {
          _ = try Self.cases[0].run("convolution.cudnn", .float16, runtime)
          // A later proposal served.
          #expect(nth > 1)
        } catch let error as FCNError {
          #expect(error.kind == .deviceFailure)
          #expect(error.message.contains(call), "\(error.message)")
          #expect(error.message.contains("CUDNN_STATUS_INTERNAL_ERROR (told to fail)"))
        }
        try cudnn.failNoMore()
        #expect(try cudnn.liveObjectCount == 0)
      }
    }

    @Test(arguments: [
      "cublasLtCreate", "cublasLtMatmulDescCreate", "cublasLtMatrixLayoutCreate",
      "cublasLtMatmulDescSetAttribute", "cublasLtMatmulPreferenceCreate",
      "cublasLtMatmulPreferenceSetAttribute", "cublasLtMatmulAlgoGetHeuristic",
    ])
    func failuresOfCUBLASLtAreToldAndLeakNothing(_ call: String) throws {
      let cublasLt = FakeLibraries.Library.cublasLt
      let runtime = try FakeLibraries.makeRuntime()
      try cublasLt.fail(call, with: 14)
      expectError(.deviceFailure, saying: call, "status 14 (internal error)") {
        _ = try Self.cases[10].run("convolution.cublaslt", .float16, runtime)
      }
      #expect(try cublasLt.liveObjectCount == 0)
    }
  }
}
