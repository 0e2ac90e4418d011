import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Networks from files on a device, with scores that are not of their input's size.
  struct DeviceGraphTests {
    @Test(arguments: [Precision.float32, .float16])
    func scoresAndLabelsAreTheProcessors(precision: Precision) throws {
      let model = try GraphFixture.model(try GraphFixture.example())
      let pictures = try [DeviceFixture.picture(37, 45), DeviceFixture.picture(37, 45, seed: 2)]
      let device = try FakeDevice.session(model, precision)
      let processor = try Session.onProcessor(model)
      try device.run(pictures)
      try processor.run(pictures)
      for index in pictures.indices {
        try expectAgreement(
          device, processor, index, within: precision.scoreTolerance, "quarter in \(precision)")
      }
    }

    @Test func aSizeRuleScalesScoresBack() throws {
      var description = try GraphFixture.description(GraphFixture.quarter)
      description.preprocessing.size = .longestSide(23)
      let model = try Model.fresh(description, seed: 5)
      let picture = try DeviceFixture.picture(31, 17)
      let device = try FakeDevice.session(model)
      let processor = try Session.onProcessor(model)
      try device.run([picture])
      try processor.run([picture])
      try expectAgreement(
        device, processor, 0, within: Precision.float32.scoreTolerance, "scaled")
    }

    @Test func itIsTrainedAsOnTheProcessor() throws {
      let network = try NetworkGraph(parsing: GraphFixture.quarter).network
      // Without dropout, whose choices a device draws otherwise.
      let layers = network.layers.map { layer in
        layer.operation is Dropout ? Layer(layer.name, ReLU(), layer.inputs) : layer
      }
      let whole = try Network(
        inputChannels: 3, stride: 4, layers: layers, auxiliaryScores: network.auxiliaryScores)
      let table = try GraphFixture.table(whole)
      let input = try Tensor.random(Shape(2, 3, 12, 16), seed: 3)
      let run = try ProcessorRun(
        whole.withoutAuxiliaryScores(), table, input, WorkerPool(threads: 1))
      let upstream = try Tensor.random(Shape(2, 2, 12, 16), seed: 9)
      let expected = try run.gradients(upstream)
      let found = try DeviceRun(
        whole.withoutAuxiliaryScores(), table, input, .float32, FakeDevice.context()
      ).gradients(upstream)
      for name in ["conv1.weight", "conv2.weight", "score.weight", "bn1.weight"] {
        let (own, wanted) = (try #require(found[name]), try #require(expected[name]))
        let range = wanted.elements.map(abs).max() ?? 0
        #expect(own.shape == wanted.shape && range > 0)
        expectClose(own, wanted, absolute: 1e-3 * range, name)
      }
    }
  }
}
