import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Whole trainings on the device beside the processor's.
  struct DeviceTrainerTests {
    private func train(
      _ options: TrainingOptions, in folder: TemporaryFolder, model: Model? = nil,
      resume: Bool = false, _ observer: (Trainer.Event) -> Bool = { _ in true }
    ) throws -> [Double] {
      var losses: [Double] = []
      let pictures = Patches(size: 32)
      try Trainer(
        model: model ?? tinyModel(), training: pictures, validation: pictures,
        folder: folder.file("training"), options: options, resume: resume,
        findRuntime: { try FakeDevice.makeRuntime() }
      ).run { event in
        if case .minibatch(let progress) = event { losses.append(progress.loss) }
        return observer(event)
      }
      return losses
    }

    private func onDevice(
      _ precision: Precision = .float32,
      _ change: (inout TrainingOptions) -> Void = { _ in }
    ) -> TrainingOptions {
      tinyTraining {
        $0.epochs = 2
        $0.device = .cuda(0)
        $0.precision = precision
        change(&$0)
      }
    }

    @Test(arguments: [Optimizer.sgd(momentum: 0.9), .adamW()])
    func lossesFollowTheProcessors(optimizer: Optimizer) throws {
      let (device, processor) = (try TemporaryFolder(), try TemporaryFolder())
      var options = onDevice { $0.optimizer = optimizer }
      let found = try train(options, in: device)
      options.device = .processor
      let wanted = try train(options, in: processor)
      #expect(found.count == 6)
      expectSame(found, wanted, within: DeviceTrainerTests.drift(optimizer) * wanted[0])
    }

    /// The share of the first loss by which roundings may move those of six steps: AdamW's first
    /// steps go by the signs of gradients, of which some are next to nothing.
    private static func drift(_ optimizer: Optimizer) -> Double {
      optimizer == .adamW() ? 1e-2 : 5e-4
    }

    @Test(arguments: [
      Precision.tf32, .float16, .bfloat16,
    ])
    func lossesFollowInEveryPrecision(precision: Precision) throws {
      let (device, exact) = (try TemporaryFolder(), try TemporaryFolder())
      let found = try train(onDevice(precision), in: device)
      var options = onDevice()
      options.device = .processor
      let wanted = try train(options, in: exact)
      // The first has seen no update. Half precision leaves steps out until it has found its factor.
      #expect(abs(found[0] - wanted[0]) < 8 * Double(precision.roundingError) * wanted[0])
      if precision != .float16 { expectSame(found, wanted, within: 0.2 * wanted[0]) }
      #expect(found[5] < found[0] / 2)
    }

    /// Checks that losses differ by less than `tolerance`.
    private func expectSame(
      _ found: [Double], _ wanted: [Double], within tolerance: Double,
      at location: SourceLocation = #_sourceLocation
    ) {
      #expect(found.count == wanted.count, sourceLocation: location)
      for (found, loss) in zip(found, wanted) {
        #expect(abs(found - loss) < tolerance, sourceLocation: location)
      }
    }

    @Test(arguments: ["fcn8s", "fcn-alexnet", "fcn-resnet50"])
    func everyKindOfLayerIsTrained(architecture: String) throws {
      let model = try Model.fresh(
        ModelDescription(
          architecture: architecture,
          options: ArchitectureOptions(
            classes: 2, width: 0.02, auxiliaryHead: architecture == "fcn-resnet50"),
          classNames: ["dark", "bright"], palette: [RGB(0, 0, 0), RGB(255, 255, 255)],
          preprocessing: .torchvision), seed: 3)
      let (device, processor) = (try TemporaryFolder(), try TemporaryFolder())
      var options = onDevice {
        $0.epochs = 1
        $0.iterations = 1
        // Dropout would draw other numbers.
        $0.learningRate = 1e-4
      }
      let found = try train(options, in: device, model: model)
      options.device = .processor
      let wanted = try train(options, in: processor, model: model)
      #expect(found.count == 1 && found[0].isFinite && found[0] > 0)
      if architecture == "fcn-resnet50" { #expect(abs(found[0] - wanted[0]) < 0.1 * wanted[0]) }
    }

    /// One launch makes the gradients by both; neither may go with the other.
    @Test(arguments: ["weight", "bias"])
    func halfANormalizationIsLearnedWhereTheOtherIsFrozen(frozen: String) throws {
      let (folder, model) = (try TemporaryFolder(), try tinyModel())
      let options = onDevice {
        ($0.epochs, $0.iterations, $0.layerRates) = (1, 1, ["bn1_1.\(frozen)": 0])
      }
      _ = try train(options, in: folder, model: model)
      let trained = try Model(contentsOf: folder.file("training/model.safetensors"))
      for name in ["weight", "bias"] {
        let (before, after) = (model.weights["bn1_1.\(name)"], trained.weights["bn1_1.\(name)"])
        #expect((before?.floats == after?.floats) == (name == frozen), "\(name)")
      }
    }

    @Test func labelsThatDoNotFitTheScoresAreADefect() throws {
      let network = try Network(
        inputChannels: 1, stride: 1,
        layers: [Layer("scores", Convolution.scores(2), [Network.inputName])])
      let context = try FakeDevice.context()
      try context.run {
        let store = try DeviceParameterStore(
          ["scores.weight": Tensor(Shape(2, 1, 1, 1)), "scores.bias": Tensor(Shape(1, 1, 1, 2))],
          in: context)
        let stream = try DeviceStream(context)
        let plan = try TrainingPlan(
          network, inputShape: Shape(1, 1, 4, 4),
          DeviceTraining(
            store, learned: ["scores.weight"], precision: .float32, stream: stream,
            usesLibraries: false))
        let loss = try DeviceLoss(plan, classWeights: nil, parameterCount: 0, context)
        let labels = [UInt8](repeating: 0, count: 15)
        expectError(.internalDefect, saying: "15 labels for scores of 16 pixels") {
          try loss.enqueue(stream, labels: labels, scale: 1)
        }
      }
    }

    @Test func aWholeStepAgreesWithPyTorch() throws {
      let golden = try Safetensors(
        contentsOf: LayerGoldens.folder.appendingPathComponent("fcn-simple-training.safetensors")
          .path)
      func tensor(_ name: String) throws -> Tensor {
        try golden.tensor(named: name).fourDimensional()
      }
      let network = try Architecture.fcnSimple.network(
        ArchitectureOptions(classes: 3, width: 0.03, batchNorm: true))
      let parameters = try network.parameters.reduce(into: ParameterTable()) {
        $0[$1.name] = try tensor("weight/\($1.name)")
      }
      let learned = network.parameters.filter { $0.role != .statistic }.map(\.name)
      let input = try tensor("input")
      let labels = try tensor("labels").elements.map { UInt8($0) }
      let context = try FakeDevice.context()
      try context.run {
        let store = try DeviceParameterStore(parameters, in: context)
        let (stream, loader) = (try DeviceStream(context), try DeviceLoader(context))
        let plan = try TrainingPlan(
          network, inputShape: input.shape,
          DeviceTraining(
            store, learned: Set(learned), precision: .float32, stream: stream,
            usesLibraries: false))
        let loss = try DeviceLoss(plan, classWeights: nil, parameterCount: 0, context)
        try input.channelsLast.withUnsafeBufferPointer {
          try loader.copy($0, to: plan.input.base)
        }
        try plan.forward(seed: 0)
        let weight = Double(labels.count { $0 < 3 })
        try loss.enqueue(stream, labels: labels, scale: Float(1 / weight))
        try plan.backward(seed: 0)
        try loss.enqueueResults(stream, gradients: [])
        try stream.synchronize()
        expectClose([Float(loss.losses[0] / weight)], try tensor("loss").elements, absolute: 1e-6)
        func fetch(_ address: CUDADriver.Address?, like tensor: Tensor) throws -> Tensor {
          let result = try Tensor(tensor.shape)
          try loader.fetch(
            try #require(address),
            to: UnsafeMutableBufferPointer(start: result.pointer, count: result.shape.count))
          return result
        }
        for name in learned {
          let wanted = try tensor("gradient/\(name)")
          // Thirteen batch norms over few values magnify rounding errors.
          let scale = max(wanted.elements.map(abs).max() ?? 0, 0.01)
          expectClose(
            try fetch(store.gradient(name), like: wanted), wanted, absolute: scale * 1e-4,
            "gradient by \(name)")
        }
        for parameter in network.parameters where parameter.role == .statistic {
          let wanted = try tensor("after/\(parameter.name)")
          expectClose(
            try fetch(store.weight(parameter.name), like: wanted), wanted, absolute: 2e-6,
            relative: 2e-6, parameter.name)
        }
      }
    }

    @Test(
      arguments: [Optimizer.sgd(momentum: 0.9), .adamW()], [Device.processor, .cuda(0)])
    func aCheckpointGoesOnOnTheOther(optimizer: Optimizer, first: Device) throws {
      let (mixed, processor) = (try TemporaryFolder(), try TemporaryFolder())
      var options = onDevice {
        $0.optimizer = optimizer
        $0.device = first
      }
      var epochs = 0
      let error = #expect(throws: FCNError.self) {
        _ = try train(options, in: mixed) {
          if case .epoch = $0 { epochs += 1 }
          return epochs == 0
        }
      }
      #expect(error?.kind == .aborted)
      options.device = first == .processor ? .cuda(0) : .processor
      let rest = try train(options, in: mixed, resume: true)
      options.device = .processor
      let whole = try train(options, in: processor)
      let tolerance = DeviceTrainerTests.drift(optimizer) * whole[0]
      expectSame(rest, Array(whole.suffix(3)), within: tolerance)
    }

    @Test func minibatchesAddUp() throws {
      let (device, processor) = (try TemporaryFolder(), try TemporaryFolder())
      var options = onDevice {
        $0.optimizer = .sgd(momentum: 0.9)
        $0.accumulation = 3
        $0.clipNorm = 0.5
        $0.classWeights = .explicit([0.5, 2])
      }
      let found = try train(options, in: device)
      options.device = .processor
      let wanted = try train(options, in: processor)
      #expect(found.count == 2)
      expectSame(found, wanted, within: 5e-4 * wanted[0])
    }

    @Test func aTrainingThatDivergesStopsAndSaysWhere() throws {
      let folder = try TemporaryFolder()
      expectError(.notFinite, saying: "not finite") {
        _ = try train(
          onDevice {
            $0.optimizer = .sgd(momentum: 0)
            $0.learningRate = 1000
            $0.epochs = 20
          }, in: folder)
      }
    }

    @Test(arguments: Precision.onDevices)
    func aWeightThatIsNotFiniteIsFoundByLayer(precision: Precision) throws {
      let model = try tinyModel(batchNorm: false)
      let spoilt = try Model(
        description: model.description,
        weights: model.orderedWeights.map { weight in
          var floats = weight.floats
          if weight.name == "conv3_2.weight" { floats[0] = .nan }
          return try WeightTensor(name: weight.name, shape: weight.shape, floats: floats)
        })
      let folder = try TemporaryFolder()
      expectError(.notFinite, saying: "layer conv3_2") {
        _ = try train(onDevice(precision), in: folder, model: spoilt)
      }
    }

    @Test func valuesThatOverflowAreFoundByLayer() throws {
      let folder = try TemporaryFolder()
      expectError(.notFinite, saying: "the loss is", "layer conv4_2") {
        _ = try train(onDevice(), in: folder, model: Spoilt.overflowing())
      }
    }

    @Test func halfPrecisionLeavesOutStepsWhoseGradientsOverflow() throws {
      var scale = LossScale(isNeeded: true)
      #expect(scale.factor == 65536)
      var helps = scale.shrink()
      #expect(helps && scale.factor == 32768)
      for _ in 0..<2000 { scale.stepWasMade() }
      #expect(scale.factor == 65536)
      for _ in 0..<16 { helps = scale.shrink() }
      #expect(helps && scale.factor == 1)
      helps = scale.shrink()
      #expect(!helps)
      var none = LossScale(isNeeded: false)
      helps = none.shrink()
      #expect(none.factor == 1 && !helps)
    }

    @Test func theProcessorTrainsInFloat32Only() throws {
      let folder = try TemporaryFolder()
      expectError(.invalidArgument, saying: "float16") {
        _ = try train(
          onDevice(.float16) { $0.device = .processor }, in: folder)
      }
    }
  }
}
