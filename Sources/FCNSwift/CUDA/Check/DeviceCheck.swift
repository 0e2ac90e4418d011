/// Compares a device with the processor: layers and their gradients on random values, then whole
/// networks and steps of their training. What to run first on a new device or driver.
public struct DeviceCheck {
  /// How far the device was from the processor in one thing.
  public struct Finding: Sendable {
    /// `3×3 convolution`, `3×3 convolution by cuDNN`, `fcn8s`, `fcn8s by our own kernels`.
    public let name: String
    /// `output`, `gradient of weight`, `scores`, `step of conv1_1.weight`.
    public let part: String
    public let precision: Session.Precision
    /// The largest difference, as a part of the largest value that was expected.
    public let difference: Double
    /// What it may be at most.
    public let tolerance: Double
    /// Whether it is within that; a NaN is not.
    public var isGood: Bool { difference <= tolerance }
  }

  private let runtime: CUDARuntime
  private let context: DeviceContext
  private let precisions: [Session.Precision]
  private let pool: WorkerPool

  /// Prepares to check CUDA device `device` in `precisions`. Throws `unavailable` where it cannot be used,
  /// `unsupported` where it lacks a precision.
  public init(device: Int, precisions: [Session.Precision]) throws {
    try self.init(device: device, precisions: precisions, runtime: CUDA.runtime())
  }

  init(device: Int, precisions: [Session.Precision], runtime: CUDARuntime) throws {
    self.runtime = runtime
    context = try runtime.context(device)
    for precision in precisions { try precision.check(on: context.device) }
    self.precisions = precisions
    pool = try WorkerPool(threads: 0)
  }

  /// What the device is.
  public var deviceText: String { context.device.text }

  /// Runs everything; `report` hears each finding as it is made, and stops the check by returning false.
  public func run(_ report: (Finding) throws -> Bool) throws {
    for precision in precisions {
      for layers in DeviceCheckCase.all {
        try naming("\(layers.name) in \(precision.rawValue)") {
          for finding in try check(layers, precision) where try !report(finding) { throw stopped }
        }
      }
      let networks = Architecture.all.map { ($0, false) } + [(Architecture.fcnSimple, true)]
      for (architecture, batchNorm) in networks {
        try naming("\(architecture.name) in \(precision.rawValue)") {
          for finding in try check(architecture, batchNorm: batchNorm, precision)
          where try !report(finding) { throw stopped }
        }
      }
    }
  }

  private var stopped: FCNError { FCNError(.aborted, "the check was stopped by the caller") }

  // MARK: Layers

  private func check(
    _ layers: DeviceCheckCase, _ precision: Session.Precision
  ) throws -> [Finding] {
    let network = try layers.network()
    let input = try random(layers.input, stream: 1, precision)
    var parameters = ParameterTable()
    for (index, specification) in network.parameters.enumerated() {
      parameters[specification.name] = try random(
        specification.tensorShape, stream: UInt64(index + 2), precision,
        scale: 1 / Float(max(1, specification.tensorShape.pictureCount)).squareRoot(),
        isPositive: specification.name.hasSuffix("running_var"))
    }
    let forward = try ProcessorRun(network, parameters, input, pool)
    let upstream = try random(forward.output.shape, stream: 99, precision)
    let wanted = layers.trains ? try forward.gradients(upstream) : [:]
    // Roundings of a value that is stored, and of sums that are made in another order.
    let tolerance = max(2e-5, 4 * precision.storedRounding)
    func compare(_ name: String, _ device: DeviceRun, trains: Bool) throws -> [Finding] {
      var findings = [
        finding(name, "output", precision, try device.output(), forward.output, tolerance)
      ]
      guard layers.trains, trains else { return findings }
      for (parameter, gradient) in try device.gradients(upstream) {
        guard let wanted = wanted[parameter] else { continue }
        findings.append(
          finding(
            name, "gradient of \(parameter)", precision, gradient, wanted, 4 * tolerance))
      }
      return findings
    }
    var findings = try compare(
      layers.name, DeviceRun(network, parameters, input, precision, context), trains: true)
    guard layers.layers.contains(where: { $0.operation is Convolution }) else { return findings }
    for library in librariesFound {
      let device = try DeviceRun(
        network, parameters, input, precision, context, by: library.form)
      do {
        findings += try compare(
          "\(layers.name) by \(library.name)", device, trains: library.trains)
      } catch let error as FCNError where error.kind == .unsupported {
        // Not every form is for every convolution.
      }
    }
    return findings
  }

  /// NVIDIA's libraries that are here, the form of a convolution that is theirs, and whether they train.
  private var librariesFound: [(name: String, form: String, trains: Bool)] {
    let libraries = context.libraries
    return ((try? libraries.cudnn.get()) == nil ? [] : [("cuDNN", "convolution.cudnn", true)])
      + ((try? libraries.cublasLt.get()) == nil
        ? [] : [("cuBLASLt", "convolution.cublaslt", false)])
  }

  // MARK: Networks

  private func check(
    _ architecture: Architecture, batchNorm: Bool, _ precision: Session.Precision
  ) throws -> [Finding] {
    let name = architecture.name + (batchNorm ? " with batch normalization" : "")
    let fresh = try Model.fresh(
      ModelDescription(
        architecture: architecture.name,
        options: ArchitectureOptions(classes: 5, width: 0.0625, batchNorm: batchNorm),
        classNames: (0..<5).map { "class \($0)" }, palette: Palette.voc(count: 5),
        preprocessing: architecture.preprocessing), seed: 7)
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
    let device = Session.Device.cuda(context.device.index)
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
    guard !model.network.layers.contains(where: { $0.operation is Dropout }) else {
      return findings
    }
    findings += try checkStep(model, name, pictures, precision, device)
    return findings
  }

  /// One step of plain SGD, so large that parameters are little beside it: they become the gradient.
  private func checkStep(
    _ model: Model, _ name: String, _ pictures: [Image], _ precision: Session.Precision,
    _ device: Session.Device
  ) throws -> [Finding] {
    var options = TrainingOptions()
    options.optimizer = .sgd(momentum: 0)
    options.weightDecay = 0
    let minibatch = Minibatch(
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
      guard let a = found.parameters[name], let b = wanted.parameters[name] else { continue }
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

  // MARK: Values

  private func finding(
    _ name: String, _ part: String, _ precision: Session.Precision, _ found: Tensor,
    _ wanted: Tensor, _ tolerance: Double
  ) -> Finding {
    var (largest, difference) = (0.0, 0.0)
    for i in 0..<wanted.shape.count {
      largest = max(largest, Double(abs(wanted.pointer[i])))
      let distance = Double(abs(found.pointer[i] - wanted.pointer[i]))
      if !(distance <= difference) { difference = distance }
    }
    return Finding(
      name: name, part: part, precision: precision, difference: difference / max(largest, 1e-30),
      tolerance: tolerance)
  }

  /// Values that `precision` holds exactly.
  private func random(
    _ shape: Shape, stream: UInt64, _ precision: Session.Precision, scale: Float = 1,
    isPositive: Bool = false
  ) throws -> Tensor {
    var generator = SeededGenerator(seed: 5, stream: stream)
    return try Tensor(
      shape,
      (0..<shape.count).map { _ in
        let value = generator.normal() * scale
        // Seven bits after the first are in all of them.
        let bits = (isPositive ? abs(value) + 0.5 : value).bitPattern & 0xFFFF_0000
        let exact = Float(bitPattern: bits)
        return abs(exact) < 0x1p-12 ? 0 : exact
      })
  }

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

extension Session.Precision {
  /// The largest relative error of what is stored or multiplied.
  fileprivate var storedRounding: Double {
    switch self {
    case .float32: 0x1p-24
    case .tf32, .float16: 0x1p-11
    case .bfloat16, .int16: 0x1p-8
    }
  }
}
