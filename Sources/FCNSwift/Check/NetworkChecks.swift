// Whole networks and steps of their training, on a device and on the processor.

extension DeviceCheck {
  /// A network that is run whole.
  struct NetworkCase {
    enum Source {
      case architecture(Architecture)
      /// `squeezingNetwork`.
      case squeezing
    }

    let source: Source
    var batchNorm = false
    var size = Preprocessing.SizeRule.native

    var name: String {
      let name =
        switch source {
        case .architecture(let architecture): architecture.name
        case .squeezing: "squeeze and excite"
        }
      return name + (batchNorm ? " with batch normalization" : "")
        + (size == .native ? "" : ", pictures resized")
    }

    /// A model of five classes.
    func description() throws -> ModelDescription {
      let names = (0..<5).map { "class \($0)" }
      let palette = Palette.voc(count: 5)
      switch source {
      case .architecture(let architecture):
        var preprocessing = architecture.preprocessing
        preprocessing.size = size
        return ModelDescription(
          architecture: architecture.name,
          options: ArchitectureOptions(classes: 5, width: 0.0625, batchNorm: batchNorm),
          classNames: names, palette: palette, preprocessing: preprocessing)
      case .squeezing:
        var preprocessing = Preprocessing.torchvision
        preprocessing.size = size
        return ModelDescription(
          graph: try NetworkGraph(DeviceCheck.squeezingNetwork()), classNames: names,
          palette: palette, preprocessing: preprocessing)
      }
    }
  }

  /// A block of MobileNetV3 with squeeze and excite, learned slopes, and the head of LR-ASPP.
  static func squeezingNetwork() throws -> Network {
    var builder = NetworkBuilder()
    func addConvolution(_ name: String, _ operation: Convolution, _ inputs: [String] = []) {
      builder.add("\(name).0", operation, inputs)
      builder.add("\(name).1", BatchNorm())
    }
    addConvolution("stem", Convolution(16, kernel: 3, stride: 2, padding: 1, bias: false))
    builder.add("stem", HardSwish())
    addConvolution("expand", Convolution(40, kernel: 1, bias: false))
    builder.add("expand", PReLU())
    addConvolution(
      "depthwise", Convolution(40, kernel: 5, stride: 2, padding: 2, groups: 40, bias: false))
    builder.add("depthwise", HardSwish())
    builder.add("squeeze", GlobalAveragePool())
    builder.add("reduce", Convolution(10, kernel: 1))
    builder.add("reduced", ReLU())
    builder.add("restore", Convolution(40, kernel: 1))
    builder.add("gate", HardSigmoid())
    builder.add("excited", Product(), ["depthwise", "gate"])
    addConvolution("project", Convolution(24, kernel: 1, bias: false))
    addConvolution("features", Convolution(20, kernel: 1, bias: false), ["project.1"])
    builder.add("features", ReLU())
    builder.add("mean", GlobalAveragePool(), ["project.1"])
    builder.add("weights", Convolution(20, kernel: 1, bias: false))
    builder.add("attention", Sigmoid())
    builder.add("attended", Product(), ["features", "attention"])
    builder.add("high", Convolution(5, kernel: 1, makesScores: true))
    builder.add("grown", Resize(to: .likeSecondInput), ["high", "expand"])
    builder.add("low", Convolution(5, kernel: 1, makesScores: true), ["expand"])
    builder.add("score", Sum(), ["grown", "low"])
    return try Network(inputChannels: 3, stride: 1, layers: builder.layers)
  }

  /// Its scores, as it is used and, where NVIDIA's libraries were found, without them; a step of its
  /// training where the device draws no numbers of its own.
  func check(
    _ network: NetworkCase, _ precision: Precision
  ) throws -> [Finding] {
    let name = network.name
    let fresh = try Model.fresh(network.description(), seed: 7)
    let model = try fresh.withSmallerFactorsOfNormalizations()
    let pictures = try (1...2).map { try noise(width: 70, height: 50, seed: $0) }
    func scores(_ options: Session.Options) throws -> Tensor {
      let session = try Session(model: model, options: options, findRuntime: { runtime })
      // The third run on a device is one that was recorded.
      for _ in 0..<3 { try session.run(pictures) }
      let tensor = try Tensor(Shape(2, 5, 50, 70))
      for n in pictures.indices {
        try session.copyScores(
          n, to: UnsafeMutableBufferPointer(start: tensor.plane(n, 0), count: 5 * 50 * 70))
      }
      return tensor
    }
    let device = Device.cuda(context.device.index)
    let wanted = try scores(Session.Options())
    func compare(_ name: String, without disabledForms: Set<String> = []) throws -> Finding {
      let found = try scores(
        Session.Options(disabledForms: disabledForms, precision: precision, device: device))
      return finding(
        name, "scores", precision, found, wanted, max(1e-4, 24 * precision.storedRounding))
    }
    var findings = [try compare(name)]
    if !librariesFound.isEmpty {
      findings.append(
        try compare("\(name) by our own kernels", without: Set(librariesFound.map(\.form))))
    }
    // Dropout draws other numbers on a device.
    guard network.size == .native,
      !model.network.layers.contains(where: { $0.operation is Dropout })
    else { return findings }
    findings += try checkStep(model, name, pictures, precision, device)
    return findings
  }

  /// One step of plain SGD, so large that parameters are little beside it: they become the gradient.
  private func checkStep(
    _ model: Model, _ name: String, _ pictures: [Image], _ precision: Precision,
    _ device: Device
  ) throws -> [Finding] {
    var options = TrainingOptions()
    options.optimizer = .sgd(momentum: 0)
    options.weightDecay = 0
    let minibatch = try Minibatch(
      try pictures.map { picture in
        var labels = try LabelMap(width: picture.width, height: picture.height)
        for i in labels.labels.indices { labels.labels[i] = UInt8(i / 13 % 5) }
        return LabelledPicture(name: "noise", image: picture, labels: labels)
      }, stride: model.network.stride)
    let loss = SoftmaxCrossEntropy(reduction: .mean, classWeights: nil)
    func step(_ learner: any Learner) throws -> (loss: Double, parameters: ParameterTable) {
      var confusion = try ConfusionMatrix(classCount: 5)
      let value = try learner.learn(
        from: { minibatch }, iteration: 0, rate: 1e6, &confusion)
      return (value, try learner.currentState().parameters)
    }
    let wanted = try step(
      ProcessorLearner(model: model, options: options, loss: loss, pool: pool))
    options.device = device
    options.precision = precision
    let found = try step(
      DeviceLearner(
        model: model, options: options, loss: loss, pool: pool, runtime: runtime,
        device: context.device.index))
    let before = try model.parameterTable()
    // Of all parameters together: those of single layers may be next to nothing.
    var (difference, size) = (0.0, 0.0)
    for (name, start) in before {
      guard let a = found.parameters[name], let b = wanted.parameters[name] else {
        throw FCNError(.internalDefect, "the parameter \(name) was lost")
      }
      for i in 0..<start.shape.count {
        let moved = Double(b.pointer[i] - start.pointer[i])
        difference += pow2(Double(a.pointer[i] - b.pointer[i]))
        size += moved * moved
      }
    }
    return [
      Finding(
        name: name, part: "loss", precision: precision,
        difference: abs(found.loss - wanted.loss) / wanted.loss,
        tolerance: max(1e-5, 8 * precision.storedRounding)),
      Finding(
        name: name, part: "step of training", precision: precision,
        difference: (difference / max(size, 1e-30)).squareRoot(),
        // Batch statistics of few pixels amplify roundings some hundred times. A step that has nothing
        // to do with the other differs by one or more.
        tolerance: min(0.75, max(5e-3, 512 * precision.storedRounding))),
    ]
  }

  private func pow2(_ value: Double) -> Double { value * value }

  private func noise(width: Int, height: Int, seed: Int) throws -> Image {
    var generator = SeededGenerator(seed: UInt64(seed))
    return try Image(
      width: width, height: height,
      pixels: (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
  }
}

extension Model {
  /// The same with half the factors of batch normalisations, which would let values grow from block to
  /// block of an untrained network until half precision cannot hold them.
  fileprivate func withSmallerFactorsOfNormalizations() throws -> Model {
    try Model(
      description: description,
      weights: weights.values.map { weight in
        guard weight.shape.count == 1, weight.name.hasSuffix(".weight") else { return weight }
        return try WeightTensor(
          name: weight.name, shape: weight.shape, floats: weight.floats.map { $0 / 2 })
      })
  }
}
