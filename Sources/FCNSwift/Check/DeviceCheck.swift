/// Compares a device with the processor: layers and their gradients on random values, then whole
/// networks and steps of their training. What to run first on a new device or driver.
public struct DeviceCheck {
  /// How far the device was from the processor in one thing.
  public struct Finding: Sendable {
    /// `3×3 convolution`, `3×3 convolution by cuDNN`, `fcn8s`, `fcn8s by our own kernels`.
    public let name: String
    /// `output`, `gradient of layer1.weight`, `scores`, `loss`, `step of training`.
    public let part: String
    public let precision: Precision
    /// The largest difference, as a part of the largest value that was expected.
    public let difference: Double
    /// What it may be at most.
    public let tolerance: Double
    /// Whether it is within that; a NaN is not.
    public var isGood: Bool { difference <= tolerance }
  }

  let runtime: CUDARuntime
  let context: DeviceContext
  private let precisions: [Precision]
  let pool: WorkerPool

  /// Prepares to check CUDA device `device` in `precisions`. Throws `unavailable` where it cannot be used,
  /// `unsupported` where it lacks a precision.
  public init(device: Int, precisions: [Precision]) throws {
    try self.init(device: device, precisions: precisions, runtime: CUDA.runtime())
  }

  init(device: Int, precisions: [Precision], runtime: CUDARuntime) throws {
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
      var uses: [String: LibraryUse] = [:]
      for layers in DeviceCheckCase.all {
        try naming("\(layers.name) in \(precision.rawValue)") {
          for finding in try check(layers, precision, &uses) where try !report(finding) {
            throw stopped
          }
        }
      }
      for (library, use) in uses where !use.serves {
        throw FCNError(
          .deviceFailure,
          "\(library) was found but does no convolution in \(precision.rawValue). \(use.reason)")
      }
      let networks =
        try Self.architectures.map {
          NetworkCase(source: .architecture(try Architecture.named($0)))
        }
        + [
          NetworkCase(source: .architecture(.fcnSimple), batchNorm: true),
          NetworkCase(source: .architecture(.fcnSimple), size: .atMost(40)),
          NetworkCase(source: .squeezing),
        ]
      for network in networks {
        try naming("\(network.name) in \(precision.rawValue)") {
          for finding in try check(network, precision) where try !report(finding) { throw stopped }
        }
      }
    }
  }

  /// Architectures that are run whole, one of each kind but those that unpool: roundings move what is a
  /// window's largest.
  static let architectures = [
    "fcn-simple", "fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce", "fcn-alexnet", "fcn-resnet50",
    "unet",
    "lraspp-mobilenet-v3-large",
  ]

  private var stopped: FCNError { FCNError(.aborted, "the check was stopped") }

  // MARK: Layers

  /// Whether one of NVIDIA's libraries has done a convolution, or else why not.
  private struct LibraryUse {
    var serves = false
    var reason = ""
  }

  private func check(
    _ layers: DeviceCheckCase, _ precision: Precision, _ uses: inout [String: LibraryUse]
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
        guard let wanted = wanted[parameter] else {
          throw FCNError(.internalDefect, "\(name): the gradient of \(parameter) was lost")
        }
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
        uses[library.name, default: LibraryUse()].serves = true
      } catch let error as FCNError where error.kind == .unsupported {
        // Not every form is for every convolution.
        uses[library.name, default: LibraryUse()].reason = error.message
      }
    }
    return findings
  }

  /// NVIDIA's libraries that are here, the form of a convolution that is theirs, and whether they train.
  var librariesFound: [(name: String, form: String, trains: Bool)] {
    let libraries = context.libraries
    return ((try? libraries.cudnn.get()) == nil ? [] : [("cuDNN", "convolution.cudnn", true)])
      + ((try? libraries.cublasLt.get()) == nil
        ? [] : [("cuBLASLt", "convolution.cublaslt", false)])
  }

  // MARK: Values

  func finding(
    _ name: String, _ part: String, _ precision: Precision, _ found: Tensor,
    _ wanted: Tensor, _ tolerance: Double
  ) -> Finding {
    Finding(
      name: name, part: part, precision: precision, difference: found.difference(from: wanted),
      tolerance: tolerance)
  }

  /// Values that `precision` holds exactly.
  private func random(
    _ shape: Shape, stream: UInt64, _ precision: Precision, scale: Float = 1,
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
}

extension Precision {
  /// The largest relative error of what is stored or multiplied.
  var storedRounding: Double {
    switch self {
    case .float32: 0x1p-24
    case .tf32, .float16: 0x1p-11
    case .bfloat16, .int16, .int8: 0x1p-8
    }
  }
}
