import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Every form on a device of every operation.
  struct DeviceLayerTests {
    static let goldens = Result {
      try LayerGoldens.load().layers.filter { $0.training != true }
    }

    @Test(arguments: try goldens.get())
    func everyFormAgreesWithPyTorch(golden: LayerGolden) throws {
      let operation = try golden.makeOperation()
      let inputs = try golden.inputNames.map { try golden.tensor($0) }
      let parameters = try operation.parameters(inputChannels: inputs[0].shape.c).map {
        try golden.tensor($0.name)
      }
      for form in operation.ownDeviceForms {
        let run = try #require(
          try DeviceLayerRun(
            operation, form, inputs: inputs, parameters: parameters, precision: .float32))
        #expect(run.output == golden.wantedShape)
        // As for forms on the processor: values of order 1, sums of at most some hundred terms.
        expectClose(
          try golden.stored(run.forward(), isExact: true), try golden.tensor("output"),
          absolute: 4e-6, relative: 4e-6, form.name)
      }
    }

    /// The reference gets the same rounded factors, so what is left is the rounding of the result and
    /// the order of a sum.
    @Test(arguments: try goldens.get(), [Precision.tf32, .float16, .bfloat16])
    func otherPrecisionsOnlyRound(golden: LayerGolden, precision: Precision) throws {
      let operation = try golden.makeOperation()
      let inputs = try golden.inputNames.map { try golden.tensor($0).rounded(to: precision) }
      var parameters = try operation.parameters(inputChannels: inputs[0].shape.c).map {
        try golden.tensor($0.name)
      }
      if operation is Convolution { parameters[0] = try parameters[0].rounded(to: precision) }
      let wanted = try referenceOutput(operation, inputs: inputs, parameters: parameters)
      for form in operation.ownDeviceForms {
        for element in Set([try #require(precision.deviceElement), .float32])
        where element == precision.deviceElement || operation is Convolution {
          let run = try #require(
            try DeviceLayerRun(
              operation, form, inputs: inputs, parameters: parameters, precision: precision,
              makes: element))
          expectClose(
            try run.forward(), wanted, absolute: 4e-6,
            relative: element == .float32 ? 4e-6 : precision.roundingError,
            "\(form.name) in \(precision)")
        }
      }
    }

    @Test func theGoldensReachEveryFormThatDevicesHave() throws {
      var reached: Set<String> = []
      for golden in try Self.goldens.get() {
        reached.formUnion(try golden.makeOperation().ownDeviceForms.map(\.name))
      }
      let networks = try Architecture.all.map {
        try $0.network(ArchitectureOptions(classes: 2, width: 0.02))
      }
      let known = Set(networks.flatMap { $0.formNames }.filter { $0.contains(".cuda") })
      #expect(known.count >= 6 && known.isSubset(of: reached))
      // Crops are windows, and dropout does nothing outside training.
      #expect(Set(reached.map { $0.prefix { $0 != "." } }).count == 48)
    }

    @Test(arguments: Precision.onDevices)
    func sumsHaveAnyNumberOfTerms(precision: Precision) throws {
      for count in [2, 4, 5, 7, 11] {
        let inputs = try (0..<count).map {
          try Tensor.random(Shape(2, 5, 3, 4), seed: 1, stream: UInt64($0)).rounded(to: precision)
        }
        let wanted = try referenceOutput(Sum(), inputs: inputs, parameters: [])
        let run = try #require(
          try DeviceLayerRun(
            Sum(), Sum().ownDeviceForms[0], inputs: inputs, parameters: [], precision: precision))
        // What four terms make is rounded and added to three more; no partial sum exceeds 16.
        let error = precision.deviceElement == .float32 ? 0x1p-22 : precision.roundingError
        expectClose(
          try run.forward(), wanted, absolute: 16 * error, "\(count) terms in \(precision)")
      }
    }

    @Test(arguments: Precision.onDevices)
    func repeatedLinesAreCopies(precision: Precision) throws {
      let operation = RepeatLines(
        rows: .init(first: 1, second: 3, copies: 2), columns: .init(first: 0, second: 2, copies: 1))
      let input = try Tensor.random(Shape(2, 11, 5, 4), seed: 3).rounded(to: precision)
      let run = try #require(
        try DeviceLayerRun(
          operation, operation.ownDeviceForms[0], inputs: [input], parameters: [],
          precision: precision))
      let wanted = try referenceOutput(operation, inputs: [input], parameters: [])
      #expect(try run.forward().bits == wanted.bits)
    }

    @Test(arguments: CroppedUpsamplingTests.cases, Precision.onDevices)
    func ofACroppedUpsamplingOnlyWhatStaysIsMade(
      _ layer: CroppedUpsamplingTests.Case, precision: Precision
    ) throws {
      let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
      let input = try Tensor.random(layer.input, seed: 3).rounded(to: precision)
      let whole = try layer.operation.outputShape(of: [layer.input])
      let epilogue = Epilogue(
        cropped: .init(
          offset: layer.offset, shape: Shape(whole.n, whole.c, layer.height, layer.width)))
      let run = try #require(
        try DeviceLayerRun(
          layer.operation, layer.operation.ownDeviceForms[0], inputs: [input],
          parameters: parameters, precision: precision, epilogue: epilogue))
      expectClose(
        try run.forward(),
        try referenceOutput(
          layer.operation, inputs: [input], parameters: parameters, epilogue: epilogue),
        absolute: 1e-5,
        relative: precision.deviceElement == .float32 ? 1e-5 : precision.roundingError)
    }
  }
}
