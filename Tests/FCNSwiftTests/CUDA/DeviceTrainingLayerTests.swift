import CDeviceCalls
import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Operations trained on the device, against PyTorch's gradients and the processor's.
  struct DeviceTrainingLayerTests {
    /// Goldens whose tensors are whole and whose gradients exist.
    static let goldens = (try? LayerGoldens.load().layers)?.filter {
      $0.window == nil && $0.training != false && (try? $0.makeOperation())?.trainsOnDevices == true
    }

    @Test(arguments: goldens ?? [])
    func float32AgreesWithPyTorch(golden: LayerGolden) throws {
      let operation = try golden.makeOperation()
      let inputs = try golden.inputNames.map { try golden.tensor($0) }
      let specifications = operation.parameters(inputChannels: inputs[0].shape.c)
      let run = try #require(
        try DeviceTrainingRun(
          operation, inputs: inputs,
          parameters: try specifications.map { try golden.tensor($0.name) }, precision: .float32))
      let result = try run.run(try golden.tensor("gradient/output"))
      close(result.output, try golden.tensor("output"), "output")
      let names = golden.inputNames + specifications.map(\.name).prefix(run.learnedCount)
      for (name, gradient) in zip(names, result.gradients) {
        close(gradient, try golden.tensor("gradient/\(name)"), "gradient by \(name)")
      }
      for (specification, tensor) in zip(specifications, result.parameters)
      where specification.role == .statistic {
        close(tensor, try golden.tensor("after/\(specification.name)"), specification.name)
      }
    }

    /// The values are of order 1 and sums have at most some hundred terms.
    private func close(_ actual: Tensor, _ expected: Tensor, _ what: String) {
      expectClose(actual, expected, absolute: 1e-5, relative: 1e-5, what)
    }

    /// Every tile shape, splits of the pixels, groups that divide into channel groups and others,
    /// strides on sizes that they do not divide.
    static let convolutions: [LayerCase] = [
      LayerCase("3×3", Convolution(24, kernel: 3, padding: 1), Shape(2, 16, 13, 11)),
      LayerCase("1×1 of many channels", Convolution(136, kernel: 1), Shape(1, 80, 9, 8)),
      LayerCase(
        "3×3 stride 2", Convolution(16, kernel: 3, stride: 2, padding: 1), Shape(2, 8, 14, 9)),
      LayerCase(
        "7×7 stride 3 dilation 2",
        Convolution(8, kernel: 7, stride: 3, padding: 5, dilation: 2), Shape(1, 8, 19, 17)),
      LayerCase(
        "5×5 in 2 groups", Convolution(32, kernel: 5, padding: 2, groups: 2), Shape(1, 16, 9, 10)),
      LayerCase(
        "3×3 in 3 groups of 5", Convolution(15, kernel: 3, padding: 1, groups: 3),
        Shape(1, 15, 7, 8)),
      LayerCase("1×1 stride 2", Convolution(8, kernel: 1, stride: 2), Shape(1, 8, 9, 7)),
      LayerCase("3×3 of many pixels", Convolution(8, kernel: 3, padding: 1), Shape(1, 3, 48, 50)),
    ]

    @Test(arguments: convolutions, Precision.onDevices)
    func convolutionsAgreeWithTheProcessor(
      layer: LayerCase, precision: Precision
    ) throws {
      let result = try DeviceTrainingComparison(layer, precision)
      // Outputs and gradients by inputs are stored in the precision, others in float32.
      let stored = precision == .tf32 ? 1e-5 : max(1e-5, precision.roundingError)
      expectClose(
        result.found.output, result.output, absolute: stored, relative: stored, "output")
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        let largest = wanted.elements.map(abs).max() ?? 1
        let tolerance = index == 0 ? stored : 1e-5
        expectClose(
          actual, wanted, absolute: tolerance * max(1, largest), "gradient \(index)")
      }
    }

    @Test(arguments: Precision.onDevices)
    func scoresOfAConvolutionAreFloat32AndTheirGradientsAreScaled(
      precision: Precision
    ) throws {
      let layer = LayerCase("scores", Convolution.scores(5), Shape(2, 24, 6, 7))
      // The gradient is as small as gradients of a mean over many pixels are.
      let result = try DeviceTrainingComparison(
        layer, precision, makes: .float32, upstreamFactor: 0x1p-20, scale: 65536)
      expectClose(
        result.found.output, result.output, absolute: 1e-5, relative: 1e-5, "output")
      // Roundings of the gradient and of the sums of its products.
      let relative = max(1e-5, 4 * precision.roundingError)
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        let largest = wanted.elements.map(abs).max() ?? 0
        expectClose(actual, wanted, absolute: relative * largest, "gradient \(index)")
      }
    }

    @Test func batchNormOfOneValueAChannelUsesRunningStatistics() throws {
      let layer = LayerCase("batch norm", BatchNorm(epsilon: 0.1), Shape(1, 19, 1, 1))
      let result = try DeviceTrainingComparison(layer, .float32)
      close(result.found.output, result.output, "output")
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        close(actual, wanted, "gradient \(index)")
      }
      for (actual, before) in zip(result.found.parameters, try layer.makeParameters()) {
        #expect(actual.elements == before.elements)
      }
    }

    @Test func dropoutDropsItsShareAndTheSameGoingBack() throws {
      let input = try Tensor(Shape(2, 16, 20, 20), filledWith: 1)
      let run = try #require(
        try DeviceTrainingRun(
          Dropout(rate: 0.3), inputs: [input], parameters: [], precision: .float32))
      let result = try run.run(input, seed: 5)
      let kept = result.output.elements.count { $0 != 0 }
      #expect(result.output.elements.allSatisfy { $0 == 0 || abs($0 - 1 / 0.7) < 1e-6 })
      // Five standard deviations.
      let expected = 0.7 * Double(input.shape.count)
      #expect(abs(Double(kept) - expected) < 5 * (expected * 0.3).squareRoot())
      #expect(result.gradients[0].elements == result.output.elements)
      #expect(try run.run(input, seed: 6).output.elements != result.output.elements)
    }

    @Test func whatCannotBeTrainedOnADeviceSaysSo() throws {
      let (shape, context) = (Shape(1, 8, 4, 4), try FakeDevice.context())
      func prepare(
        _ operation: any Operation, _ inputs: [DeviceElement]
      ) throws -> any PreparedDeviceTrainingForm {
        try context.run {
          try Layer("layer", operation, []).trainingForm(
            DeviceRequest(
              inputs: inputs.map { DeviceTensor(shape, $0) },
              output: DeviceTensor(shape, .float16), precision: .float16, context: context,
              trains: true, operationOutput: shape))
        }
      }
      expectError(.unsupported, saying: "repeat_lines cannot be trained on a device") {
        let lines = RepeatLines.Axis(first: 0, second: 2, copies: 1)
        _ = try prepare(RepeatLines(rows: lines, columns: lines), [.float16])
      }
      expectError(.internalDefect, saying: "stuck.cuda is to train, and has no backward pass") {
        _ = try prepare(Stuck(), [.float16])
      }
    }

    /// Scores are float32, whatever the precision, and may be joined with other values and convolved.
    @Test(arguments: [Precision.float16, .bfloat16], [false, true])
    func scoresGoTogetherWithOtherValues(precision: Precision, first: Bool) throws {
      let shape = Shape(2, 11, 5, 6)
      let stored = try #require(precision.deviceElement)
      let types: [DeviceElement] = first ? [.float32, stored] : [stored, .float32]
      for layer in [
        LayerCase("sum", Sum(), shape, shape), LayerCase("product", Product(), shape, shape),
        LayerCase("product by channel", Product(), shape, Shape(2, 11, 1, 1)),
        LayerCase("concatenation", Concatenation(), shape, Shape(2, 3, 5, 6)),
        LayerCase("like another", Resize(to: .likeSecondInput), shape, Shape(2, 3, 7, 9)),
      ] where first || !(layer.operation is Resize) {
        try compare(layer, precision, takes: types, makes: .float32)
      }
      let convolution = LayerCase("convolution", Convolution(5, kernel: 3, padding: 1), shape)
      for made in [stored, .float32] {
        try compare(convolution, precision, takes: [.float32], makes: made)
      }
    }

    private func compare(
      _ layer: LayerCase, _ precision: Precision, takes types: [DeviceElement],
      makes made: DeviceElement
    ) throws {
      let result = try DeviceTrainingComparison(
        layer, precision, takes: types, makes: made, scale: 4)
      let rounding = precision.roundingError
      expectClose(
        result.found.output, result.output, absolute: 1e-5,
        relative: made == .float32 ? 1e-5 : rounding, "\(layer) output")
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        let largest = max(1, wanted.elements.map(abs).max() ?? 1)
        expectClose(
          actual, wanted, absolute: 4 * rounding * largest, "\(layer) gradient \(index)")
      }
    }

    /// An operation whose form says that it trains, and cannot.
    private struct Stuck: DeviceOperation {
      static let name = "stuck"
      var reference: ReferenceForm { ReLU().reference }
      var deviceForms: [DeviceForm] {
        [
          DeviceForm("stuck.cuda", trains: true) {
            PointwiseDeviceForm(try $0.function("combine", of: .pointwise)) { call in
              fcn_combine_call([call.inputs[0]], to: call.output)
            }
          }
        ]
      }
      func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
    }
  }
}
