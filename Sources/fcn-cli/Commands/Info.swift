import CFCN
import FCNSwift

extension Subcommand {
  private static let tensors = Option.flag("tensors", "List the model's tensors too.")
  private static let graph = Option.flag(
    "graph",
    "Print the model's network alone, as JSON that `fcn init --graph` makes a model of.")
  private static let weightCheck = Option.flag(
    "check", "Read all weights too, and fail where one is NaN or infinite.")
  private static let described = Option.value(
    "model", "FILE", "The same as MODEL, spelled as elsewhere.", letter: "m")

  /// `fcn info`: tells what a model holds, or what the program is.
  static let info = Subcommand(
    "info", "Tell what a model file holds; without a file, what this program runs on.",
    usage: ["[MODEL] [--tensors] [--check] [--json]", "MODEL --graph"],
    discussion: "`default` stands for the default model.", operands: 0...1,
    [OptionGroup("Options", [described, tensors, weightCheck, graph, .json])]
  ) { arguments in
    let json: JSON
    let named = [arguments.text(described)].compactMap { $0 } + arguments.operands
    guard named.count <= 1 else {
      throw UsageError("a model is named twice: \(named.joined(separator: " and "))")
    }
    if let operand = named.first {
      let path = operand == "default" ? try DefaultModel.path() : operand
      let model = try Model(contentsOf: path)
      if arguments.has(weightCheck) { try model.checkFinite() }
      guard !arguments.has(graph) else {
        try Terminal.print(NetworkGraph(model.network).readableText)
        return
      }
      json = try describe(
        model, path, withTensors: arguments.has(tensors), wereChecked: arguments.has(weightCheck))
    } else {
      guard !arguments.has(graph) else {
        throw UsageError("--graph wants a model whose network it prints")
      }
      guard !arguments.has(weightCheck) else {
        throw UsageError("--check wants a model whose weights it reads")
      }
      json = describeProgram()
    }
    try Terminal.print(arguments.has(.json) ? json.indentedText : table(json))
  }

  /// `fcn version`.
  static let version = Subcommand(
    "version", "Print the program's version.", usage: [""],
    discussion: """
      The first line is for scripts: fcn and the version. The others are what a
      report of a fault should carry: how and from which commit this was built, the
      system, the processor, the instruction set whose loops run, the matrix library.
      """, []
  ) { _ in
    let rows = [
      ("build", "ABI \(FCN_ABI_VERSION), \(Capabilities.build)"),
      ("system", Capabilities.system), ("processor", Capabilities.processor),
      ("instruction set", Capabilities.instructionSet),
      ("matrix library", Capabilities.matrixLibrary),
    ]
    let lines = rows.map { name, text in
      "  " + name + String(repeating: " ", count: 17 - name.count) + text
    }
    try Terminal.print("fcn \(FCN_VERSION)\n" + lines.joined(separator: "\n"))
  }

  private static func describeProgram() -> JSON {
    [
      "version": .string(FCN_VERSION), "processor": .string(Capabilities.processor),
      "instruction_set": .string(Capabilities.instructionSet),
      "matrix_library": .string(Capabilities.matrixLibrary),
      "precisions": .string("cpu: float32, int16, int8; cuda: float32, tf32, float16, bfloat16"),
      "cuda": cuda,
      "default_model": (try? DefaultModel.path()).map { .string($0) } ?? nil,
      "architectures": .object(
        Architecture.all.map { JSON.Member($0.name, .string($0.source)) }),
    ]
  }

  private static var cuda: JSON {
    let report = CUDA.report
    if let problem = report.problem { return .string("not available: \(problem)") }
    return .object(report.findings.map { .init($0.name, .string($0.description)) })
  }

  private static func describe(
    _ model: Model, _ path: String, withTensors: Bool, wereChecked: Bool
  ) throws -> JSON {
    let description = model.description
    let types = Set(model.weights.values.map(\.elementType.rawValue)).sorted()
    var members: [JSON.Member] = [
      .init("file", .string(path)),
      .init("architecture", .string(description.architecture)),
      .init(
        "source",
        .string(
          description.graph == nil
            ? try Architecture.named(description.architecture).source
            : "the file itself describes it; --graph prints it")),
      .init("options", options(of: description)),
      .init("preprocessing", description.preprocessing.json),
      .init("stride", .number(model.network.stride)),
      .init("layers", .number(model.network.layers.count)),
      .init("parameters", .number(model.parameterCount)),
      .init("ranges_for_int8", .bool(model.ranges != nil)),
      .init("element_types", .array(types.map { .string($0) })),
      .init("classes", .array(description.classNames.map { .string($0) })),
      .init("palette", .array(description.palette.map { .string($0.hexadecimal) })),
      .init("forms", .array(Session.formNames(of: model).map { .string($0) })),
      .init("note", .string(description.note)),
    ]
    if wereChecked { members.append(.init("all_finite", .bool(true))) }
    if withTensors {
      members.append(
        .init(
          "tensors",
          .array(
            model.orderedWeights.map { tensor in
              [
                "name": .string(tensor.name),
                "shape": .array(tensor.shape.map { .number($0) }),
                "element_type": .string(tensor.elementType.rawValue),
              ]
            })))
    }
    return .object(members)
  }

  /// The architecture's options; a graph leaves nothing else open.
  private static func options(of description: ModelDescription) -> JSON {
    guard description.graph != nil else { return description.options.json }
    return [
      "classes": .number(description.options.classes),
      "input_channels": .number(description.options.inputChannels),
    ]
  }

  /// The same for people: a line a member, lists of objects a line each.
  private static func table(_ json: JSON) -> String {
    (json.members ?? []).map { member in
      let name = member.name.split(separator: "_").joined(separator: " ")
      let indent = String(repeating: " ", count: 16)
      let start = name + String(repeating: " ", count: max(1, 16 - name.count))
      return start + lines(member.value).joined(separator: "\n" + indent)
    }.joined(separator: "\n")
  }

  private static func lines(_ value: JSON) -> [String] {
    switch value {
    case .array(let elements) where elements.contains { $0.members != nil }:
      return elements.map { inline($0) }
    case .object(let members):
      return members.map {
        "\($0.name.split(separator: "_").joined(separator: " ")): \(inline($0.value))"
      }
    default: return [inline(value)]
    }
  }

  private static func inline(_ value: JSON) -> String {
    switch value {
    case .null: "none"
    case .bool(let truth): truth ? "yes" : "no"
    case .number, .string: value.text.map(printableName) ?? value.compactText
    case .array(let elements): elements.map(inline).joined(separator: ", ")
    case .object(let members): members.map { inline($0.value) }.joined(separator: "  ")
    }
  }
}
