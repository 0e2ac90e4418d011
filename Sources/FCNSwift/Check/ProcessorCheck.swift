import FCNLoopTypes

/// Compares every instruction set that this build has loops for, and the processor has, with the
/// reference forms, and measures their micro-kernels. What to run first on a new kind of processor.
public struct ProcessorCheck {
  /// How far a form was from the reference form in one convolution.
  public struct Finding: Sendable {
    /// `avx2`.
    public let instructionSet: String
    /// `3×3, dilated by 2`.
    public let name: String
    /// `convolution.winograd6`.
    public let form: String
    public let precision: Precision
    /// The largest difference, as a part of the largest value that was expected.
    public let difference: Double
    /// What it may be at most.
    public let tolerance: Double
    /// Whether it is within that; a NaN is not.
    public var isGood: Bool { difference <= tolerance }
  }

  /// What the micro-kernels of an instruction set reach on one core, on operands that stay in the
  /// first-level cache.
  public struct Rate: Sendable {
    /// `avx2`.
    public let instructionSet: String
    /// Operations a second in float32, and of 16-bit integers.
    public let operations, integerOperations: Double
  }

  /// An instruction set whose micro-kernel is slower than that of a narrower one: a defect of ours, or
  /// of the compiler.
  public struct Slowness: Sendable {
    public let wider, narrower: Rate
    /// float32 or int16.
    public let precision: Precision
  }

  /// The slow ones among `rates`, which begin with the narrowest: by more than two measurements of one
  /// thing differ.
  public static func slowness(in rates: [Rate]) -> [Slowness] {
    rates.indices.dropFirst().flatMap { index -> [Slowness] in
      let parts: [(Precision, (Rate) -> Double)] = [
        (.float32, \.operations), (.int16, \.integerOperations),
      ]
      return parts.compactMap { precision, rate in
        let narrower = rates[..<index].max { rate($0) < rate($1) }
        guard let narrower, rate(rates[index]) < 0.9 * rate(narrower) else { return nil }
        return Slowness(wider: rates[index], narrower: narrower, precision: precision)
      }
    }
  }

  /// The instruction sets that can be compared, the narrowest first.
  public static var instructionSets: [String] { Loops.available.map(\.name) }

  private let precisions: [Precision]
  private let tables: [LoopTable]
  private let pool: WorkerPool

  /// Prepares to check `precisions`, float32, int16 and int8. Throws `unsupported` for others.
  public init(precisions: [Precision] = [.float32, .int16, .int8]) throws {
    try self.init(precisions: precisions, tables: Loops.available)
  }

  init(precisions: [Precision], tables: [LoopTable]) throws {
    for precision in precisions where ![.float32, .int16, .int8].contains(precision) {
      throw FCNError(
        .unsupported,
        "the processor has float32, int16 and int8; \(precision.rawValue) is for devices")
    }
    self.precisions = precisions
    self.tables = tables
    pool = try WorkerPool(threads: 0)
  }

  /// Runs everything; `report` hears each finding as it is made, and stops the check by returning false.
  public func run(_ report: (Finding) throws -> Bool) throws {
    let networks = try Case.all.map { ($0, try Prepared($0, pool)) }
    for loops in tables {
      for precision in precisions {
        for (layers, prepared) in networks {
          for finding in try check(layers, prepared, loops, precision)
          where try !report(finding) {
            throw FCNError(.aborted, "the check was stopped")
          }
        }
      }
    }
  }

  /// Measures every instruction set, one after the other, some tenths of a second each.
  public func rates() throws -> [Rate] {
    let one = try WorkerPool(threads: 1)
    return try tables.map { loops in
      Rate(
        instructionSet: loops.name,
        operations: try MachinePeak.measureOperations(one, .float32, loops),
        integerOperations: try MachinePeak.measureOperations(one, .int16, loops))
    }
  }

  /// A network with its weights, an input, and what reference forms make of it.
  private final class Prepared {
    let network: Network
    let parameters: ParameterTable
    let input: Tensor
    let expected: Tensor
    /// Of what the layers make, and of the input.
    let ranges: ValueRanges

    init(_ layers: Case, _ pool: WorkerPool) throws {
      network = try layers.network()
      var generator = SeededGenerator(seed: 11)
      func random(_ shape: Shape, scale: Float) throws -> Tensor {
        try Tensor(shape, (0..<shape.count).map { _ in generator.normal() * scale })
      }
      parameters = try network.parameters.reduce(into: ParameterTable()) { table, parameter in
        let shape = parameter.tensorShape
        // As many terms as a sum has, so that values stay of one size.
        let terms = Float(max(1, shape.c * shape.h * shape.w))
        table[parameter.name] = try random(shape, scale: 1 / terms.squareRoot())
      }
      let values = try random(layers.input, scale: 1)
      input =
        layers.isRectified ? try Tensor(values.shape, values.elements.map { max(0, $0) }) : values
      let references = Set(network.layers.compactMap { $0.operation.forms.last?.name })
      let plan = try Plan(
        network, parameters: parameters, inputShape: input.shape, pool: pool,
        disabledForms: Set(network.formNames).subtracting(references), loops: Loops.portable)
      ranges = try RangeMeasurement.measure(1, pool) { [input] _, measurement in
        plan.input.pointer.update(from: input.pointer, count: input.shape.count)
        try measurement.add(Network.inputName, input)
        try plan.run { try measurement.add($0, $1) }
      }
      expected = try Tensor(plan.output.shape, plan.output.elements)
    }
  }

  /// Each form of a convolution that serves the first layer in these loops, the others switched off.
  private func check(
    _ layers: Case, _ prepared: Prepared, _ loops: LoopTable, _ precision: Precision
  ) throws -> [Finding] {
    // Of bytes that a picture's layer makes, by products of floats of 16 bits.
    let suffixes = [Precision.int16: ["_int16"], .int8: ["_int8", "_bfloat16"]]
    let forms = prepared.network.layers[0].operation.forms.filter { form in
      form.layouts.makes == .blocked && !form.trains
        && suffixes.allSatisfy { key, names in
          names.contains { form.name.hasSuffix($0) } == (precision == key)
        }
    }
    return try forms.compactMap { form -> Finding? in
      // Scores are made in float32, by any form.
      let others = prepared.network.layers[0].operation.forms.map(\.name).filter {
        $0 != form.name && $0 != "convolution.reference"
      }
      let plan = try Plan(
        prepared.network, parameters: prepared.parameters, inputShape: prepared.input.shape,
        pool: pool, disabledForms: Set(others), precision: precision, ranges: prepared.ranges,
        loops: loops)
      guard plan.steps.contains(where: { $0.formName == form.name }) else { return nil }
      plan.input.pointer.update(from: prepared.input.pointer, count: prepared.input.shape.count)
      try plan.run()
      return Finding(
        instructionSet: loops.name, name: layers.name, form: form.name, precision: precision,
        difference: plan.output.difference(from: prepared.expected),
        tolerance: precision == .int8
          ? 4e-2 : precision == .int16 ? 3e-2 : form.name.hasSuffix("winograd8") ? 5e-4 : 5e-5)
    }
  }
}

extension ProcessorCheck {
  /// A convolution, a rectifier and scores, small enough to be computed by the reference forms.
  struct Case {
    let name: String
    let convolution: Convolution
    let input: Shape
    /// Whether the input is what a rectifier would make.
    let isRectified: Bool

    init(_ name: String, _ convolution: Convolution, _ input: Shape, isRectified: Bool = false) {
      (self.name, self.convolution, self.input) = (name, convolution, input)
      self.isRectified = isRectified
    }

    func network() throws -> Network {
      try Network(
        inputChannels: input.c, stride: 1,
        layers: [
          Layer("layer", convolution, [Network.inputName]),
          Layer("rectifier", ReLU(), ["layer"]),
          Layer("scores", Convolution(5, kernel: 1), ["rectifier"]),
        ])
    }

    /// Panels of every width, numbers of rows that leave every rest, borders, strides, dilation.
    static let all = [
      Case("3×3 of a picture", Convolution(64, kernel: 3, padding: 1), Shape(1, 3, 37, 29)),
      Case(
        "7×7 by 2 of a picture", Convolution(64, kernel: 7, stride: 2, padding: 3),
        Shape(1, 3, 41, 38)),
      Case("3×3", Convolution(80, kernel: 3, padding: 1), Shape(2, 48, 19, 23)),
      Case("3×3, few channels", Convolution(20, kernel: 3, padding: 1), Shape(1, 20, 13, 17)),
      Case("3×3, deep", Convolution(416, kernel: 3, padding: 1), Shape(1, 288, 7, 9)),
      Case(
        "3×3, dilated by 2", Convolution(64, kernel: 3, padding: 2, dilation: 2),
        Shape(1, 144, 17, 23)),
      Case(
        "3×3, dilated by 11", Convolution(84, kernel: 3, padding: 11, dilation: 11),
        Shape(2, 300, 17, 19)),
      Case(
        "3×3, dilated by 9, rectified", Convolution(72, kernel: 3, padding: 9, dilation: 9),
        Shape(1, 160, 21, 16), isRectified: true),
      Case("3×3 by 2", Convolution(48, kernel: 3, stride: 2, padding: 1), Shape(1, 64, 21, 18)),
      Case(
        "3×3 of each channel", Convolution(40, kernel: 3, padding: 1, groups: 40),
        Shape(2, 40, 19, 23)),
      Case(
        "5×5 by 2 of each channel",
        Convolution(24, kernel: 5, stride: 2, padding: 2, groups: 24), Shape(1, 24, 21, 38)),
      Case(
        "3×3 in groups of 8", Convolution(72, kernel: 3, padding: 1, groups: 9),
        Shape(2, 72, 19, 23)),
      Case("7×7", Convolution(80, kernel: 7), Shape(1, 160, 12, 15)),
      Case("1×1", Convolution(150, kernel: 1), Shape(2, 272, 13, 19)),
      Case("1×1 to twelve blocks", Convolution(192, kernel: 1), Shape(2, 272, 13, 19)),
      Case("1×1 to one block", Convolution(16, kernel: 1), Shape(1, 40, 13, 17)),
      Case("1×1 to three blocks", Convolution(40, kernel: 1), Shape(2, 24, 11, 9)),
      Case("1×1 of one row", Convolution(64, kernel: 1), Shape(1, 160, 1, 1)),
    ]
  }
}
