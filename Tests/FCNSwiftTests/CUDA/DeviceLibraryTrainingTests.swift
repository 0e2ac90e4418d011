import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// The passes of convolutions in training through cuDNN.
  struct DeviceLibraryTrainingTests {
    private let cudnn = FakeLibraries.Library.cudnn
    private var executions: Int { get throws { try cudnn.count("cudnnBackendExecute") } }

    /// On a device with all libraries.
    private func run(
      _ layer: LayerCase, _ precision: Precision, makes made: DeviceElement? = nil
    ) throws -> DeviceTrainingComparison {
      try DeviceTrainingComparison(
        layer, precision, makes: made, scale: 4, with: FakeLibraries.makeRuntime())
    }

    @Test(arguments: DeviceTrainingLayerTests.convolutions, Precision.onDevices)
    func passesAgreeWithTheProcessor(layer: LayerCase, precision: Precision) throws {
      let before = try executions
      let result = try run(layer, precision)
      #expect(try executions == before + 3)
      // The bias is rounded too, and what leaves cuDNN is.
      let stored = precision == .tf32 ? 1e-5 : max(1e-5, precision.roundingError)
      expectClose(
        result.found.output, result.output, absolute: 2 * stored, relative: stored, "output")
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        let largest = wanted.elements.map(abs).max() ?? 1
        expectClose(actual, wanted, absolute: stored * max(1, largest), "gradient \(index)")
      }
    }

    /// Ready-made engines do not make float32 of 16 bits; gradients of scores are 16 bits again.
    @Test func scoresOf16BitsAreOursAndTheirGradientsAreNot() throws {
      let before = try executions
      let layer = LayerCase("scores", Convolution.scores(5), Shape(2, 24, 6, 7))
      let result = try run(layer, .float16, makes: .float32)
      #expect(try executions == before + 2)
      expectClose(result.found.output, result.output, absolute: 1e-5, relative: 1e-5)
      for (actual, wanted) in zip(result.found.gradients, result.gradients) {
        let largest = wanted.elements.map(abs).max() ?? 1
        expectClose(actual, wanted, absolute: 2e-3 * max(1, largest))
      }
    }

    @Test(
      arguments: [
        "cudnnCreate", "cudnnSetStream", "cudnnBackendCreateDescriptor",
        "cudnnBackendSetAttribute", "cudnnBackendFinalize", "cudnnBackendGetAttribute",
      ])
    func whereCuDNNFailsOurKernelsServe(call: String) throws {
      let layer = DeviceTrainingLayerTests.convolutions[0]
      for nth in [Int32(1), 7] {
        try cudnn.fail(call, nth, with: 4000)
        let result = try run(layer, .float32)
        try cudnn.failNoMore()
        expectClose(result.found.output, result.output, absolute: 1e-5, relative: 1e-5)
        for (actual, wanted) in zip(result.found.gradients, result.gradients) {
          expectClose(actual, wanted, absolute: 1e-4, relative: 1e-5)
        }
      }
    }

    @Test func aPassThatFailsSaysSo() throws {
      let layer = DeviceTrainingLayerTests.convolutions[0]
      try cudnn.fail("cudnnBackendExecute", with: 5000)
      expectError(.deviceFailure, saying: "cudnnBackendExecute") {
        _ = try run(layer, .float32)
      }
      try cudnn.failNoMore()
    }

    @Test(arguments: [Precision.float32, .float16])
    func trainingsLearnAsOnTheProcessorAndTwiceTheSame(precision: Precision) throws {
      let model = try DeviceFixture.model()
      let pictures = try (1...2).map { (seed: UInt64) in
        var labels = try LabelMap(width: 40, height: 32)
        for i in labels.labels.indices { labels.labels[i] = UInt8(i / 13 % 4) }
        return LabelledPicture(
          name: "noise", image: try DeviceFixture.picture(40, 32, seed: seed), labels: labels)
      }
      func losses(on device: Device) throws -> [Double] {
        var options = TrainingOptions()
        options.learningRate = 1e-3
        options.device = device
        options.precision = device == .processor ? .float32 : precision
        let loss = SoftmaxCrossEntropy(reduction: .mean, classWeights: nil)
        let pool = try WorkerPool(threads: 1)
        let learner: any Learner =
          device == .processor
          ? try ProcessorLearner(model: model, options: options, loss: loss, pool: pool)
          : try DeviceLearner(
            model: model, options: options, loss: loss, pool: pool,
            runtime: FakeLibraries.makeRuntime(), device: 0)
        var confusion = try ConfusionMatrix(classCount: model.description.classNames.count)
        return try (0..<3).map { iteration in
          try learner.learn(
            from: { try Minibatch(pictures, stride: model.network.stride) }, iteration: iteration,
            rate: 1e-3, &confusion)
        }
      }
      let before = try executions
      let found = try losses(on: .cuda(0))
      #expect(try executions > before)
      let wanted = try losses(on: .processor)
      for (found, wanted) in zip(found, wanted) { #expect(abs(found - wanted) < 0.01 * wanted) }
      #expect(try losses(on: .cuda(0)) == found)
    }
  }
}
