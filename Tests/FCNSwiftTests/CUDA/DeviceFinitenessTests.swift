import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What is not finite on a device is an error there too.
  struct DeviceFinitenessTests {
    @Test(arguments: Precision.onDevices)
    func aWeightThatIsNotFiniteIsNamed(precision: Precision) throws {
      for name in ["conv3_2.weight", "conv1_1.bias", "upsampled_final.weight", "score_pool3.bias"] {
        let model = try Spoilt.model("fcn-simple") { if $0 == name { $1[0] = .nan } }
        let session = try FakeDevice.session(model, precision)
        expectError(.notFinite, saying: "element 0 is nan in \(name)") {
          try session.run([Spoilt.picture()])
        }
        #expect(session.resultCount == 0)
      }
    }

    @Test(arguments: Precision.onDevices)
    func scoresThatOverflowAreNoLabels(precision: Precision) throws {
      let model = try Spoilt.overflowing()
      for size in [Preprocessing.SizeRule.native, .exact(width: 64, height: 32)] {
        var description = model.description
        description.preprocessing.size = size
        let session = try FakeDevice.session(
          Model(description: description, weights: model.orderedWeights), precision)
        for _ in 0..<3 {
          expectError(.notFinite, saying: "the scores are not finite", "layer conv4_") {
            try session.run([Spoilt.picture(), Spoilt.picture()])
          }
        }
      }
    }

    @Test func whatIsTooLargeForHalfPrecisionAloneIsSaid() throws {
      let model = try Spoilt.model("fcn-simple") { name, values in
        if name == "conv1_1.weight" { for i in values.indices { values[i] *= 1e5 } }
      }
      let exact = try FakeDevice.session(model)
      try exact.run([Spoilt.picture()])
      #expect(exact.resultCount == 1)
      let half = try FakeDevice.session(model, .float16)
      expectError(.notFinite, saying: "layer conv1_", "float16 ends at 65504: use bfloat16") {
        try half.run([Spoilt.picture()])
      }
      let wide = try FakeDevice.session(model, .bfloat16)
      try wide.run([Spoilt.picture()])
      #expect(wide.resultCount == 1)
    }

    @Test func whatDevicesCannotCountIsRefused() throws {
      #expect(DeviceTensor(Shape(1, 8, 1, 268_435_455), .float32).view.row_stride == 2_147_483_640)
      let network = try Network(
        inputChannels: 3, stride: 1,
        layers: [Layer("wide", Convolution(64, kernel: 1), [Network.inputName])])
      let parameters: ParameterTable = [
        "wide.weight": try Tensor(Shape(64, 3, 1, 1)), "wide.bias": try Tensor(Shape(1, 1, 1, 64)),
      ]
      for shape in [Shape(1, 3, 1, 33_554_432), Shape(64, 3, 33_554_432, 1)] {
        expectError(.outOfMemory, saying: "more than devices count") {
          _ = try DevicePlanRun(network, parameters, shape)
        }
      }
    }
  }

  /// Results of more pictures than run together.
  struct DeviceKeptResultTests {
    private func pictures(_ sizes: (Int, Int)...) throws -> [Image] {
      try sizes.enumerated().map {
        try DeviceFixture.picture($1.0, $1.1, seed: UInt64($0 + 1))
      }
    }

    @Test func onlyLabelsComeBackUntilScoresAreAskedFor() throws {
      let fake = try FakeDevice.fake()
      let session = try FakeDevice.session(DeviceFixture.model(), largestBatch: 2)
      let images = try pictures((40, 33), (40, 33), (33, 40), (33, 40), (20, 64))
      try session.run(images)
      fake.resetCounts()
      try session.run(images)
      #expect(fake.callCount("cuMemcpyDtoHAsync_v2") == 3)
      let labels = try images.indices.map { try session.labelMap($0) }
      #expect(fake.callCount("cuMemcpyDtoHAsync_v2") == 3)

      // Each batch by itself leaves what they are to be, to the bit.
      var wanted: [(labels: LabelMap, scores: [Float], probabilities: [Float])] = []
      let alone = try FakeDevice.session(DeviceFixture.model(), largestBatch: 2)
      for batch in [0..<2, 2..<4, 4..<5] {
        try alone.run(Array(images[batch]))
        for index in 0..<batch.count {
          wanted.append(
            (
              try alone.labelMap(index), try alone.scores(index), try alone.probabilities(index)
            ))
        }
      }
      #expect(labels == wanted.map { $0.labels })
      for index in [4, 1, 0, 3, 2, 4] {
        #expect(try session.scores(index) == wanted[index].scores, "picture \(index)")
        #expect(try session.probabilities(index) == wanted[index].probabilities)
        #expect(try session.labelMap(index) == labels[index])
      }
    }

    @Test func nothingOfThemStays() throws {
      let fake = try FakeDevice.fake()
      let model = try DeviceFixture.model()
      let images = try pictures((40, 33), (33, 40))
      func use() throws {
        let session = try FakeDevice.session(model, largestBatch: 1)
        try session.run(images)
        _ = try session.scores(0)
      }
      try use()
      let before = fake.liveObjectCount
      try use()
      #expect(fake.liveObjectCount == before)
    }
  }
}
