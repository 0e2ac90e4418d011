import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// Tiny ONNX networks, one thing that exporters write in each, against what ONNX Runtime computes of them.
struct ONNXGoldenTests {
  struct Golden: Decodable, CustomTestStringConvertible, Sendable {
    let name: String
    let result: String?
    let sizes: [[Int]]?
    let outputs: [String]?
    let multiple: Int?
    let channels: Int?
    /// Whether the graph takes bytes, of which the pictures' values are (byte - 128) / 64.
    let bytes: Bool?
    let because: String?

    var testDescription: String { name }
    var path: String { folder.appendingPathComponent("\(name).onnx").path }
  }

  private static let folder = LayerGoldens.folder.appendingPathComponent("onnx")
  private static let tensors = Result {
    try Safetensors(contentsOf: folder.appendingPathComponent("onnx.safetensors").path)
  }
  private static let all: [Golden] = {
    let data = try? Data(contentsOf: folder.appendingPathComponent("onnx.json"))
    return data.flatMap { try? JSONDecoder().decode([Golden].self, from: $0) } ?? []
  }()

  /// What ONNX Runtime runs and this engine has no layer for, and the operation that says so.
  private static let unread = [
    "pads": "AveragePool", "pixel-attention-dynamo18": "MatMul",
    "slice-opset9": "in proportion", "slice-opset13": "in proportion",
    "resize-cubic-asymmetric-0.5": "Resize", "resize-exclude-outside": "Resize",
    "slice-steps": "Slice",
  ]

  @Test(arguments: all.filter { $0.because == nil && unread[$0.name] == nil })
  func whatIsImportedComputesTheSame(_ golden: Golden) throws {
    for output in golden.outputs ?? [""] {
      var options = ImportOptions()
      options.output = output.isEmpty ? nil : output
      let result = try Import.identify(golden.path, options)
      guard case .model(let model) = result.found else {
        Issue.record("no model")
        continue
      }
      for size in try #require(golden.sizes) {
        let picture = golden.channels == 1 ? "grey" : "input"
        let input = try Self.tensor("\(picture)/\(size[0])x\(size[1])")
        let suffix = output.isEmpty ? "" : "/\(output)"
        let wanted = try Self.tensor(
          "\(try #require(golden.result))/\(size[0])x\(size[1])\(suffix)")
        let isOfBytes = golden.bytes ?? false
        #expect(!isOfBytes || result.report.normalisedRange == 255)
        let scores = try Self.scores(of: model, isOfBytes ? Self.bytes(input) : input)
        try Self.compare(
          scores, wanted, after: result.report.ending, "\(golden.name) \(size) \(output)")
      }
    }
  }

  @Test(arguments: all.filter { $0.because != nil || unread[$0.name] != nil })
  func whatCannotBeExpressedIsRefusedWithTheNode(_ golden: Golden) throws {
    let kind: FCNError.Kind = golden.name == "refused-sizes" ? .shapeMismatch : .unsupported
    expectError(kind, saying: golden.because ?? Self.unread[golden.name] ?? "") {
      _ = try Import.identify(golden.path)
    }
  }

  /// What is written again as ONNX, sizes that are computed too, computes the same.
  @Test(arguments: [
    "skip-ts11", "skip-dynamo18", "skip-dynamo21", "skip-fixed-dynamo18", "pad-same-ts13",
    "pad-same-dynamo18", "computed-scale-ts11", "computed-scale-dynamo18", "upsample-computed",
    "crop-ts13", "halves-ts16", "group-norm-ts16", "layer-norm-ts17", "squeeze-ts13",
    "attention-ts14", "tokens-dynamo18", "split-ts12", "normalised-channels-ts13", "strips-ts14",
    "zeros-ts13", "gelu", "pixel-unshuffle-ts13", "unpool", "position-attention-ts11",
    "non-local-dynamo18", "heads-dynamo18", "context-ts13", "radix-ts13", "extremes-ts13",
    "dilated-pools-dynamo18",
    "coordinate-attention-ts14", "halved-lines-ts13", "coordinates-ts14",
    "coordinates-radius-dynamo18", "coordinates-fixed-ts14", "places-fixed-dynamo18",
    "response-norm-ts13", "response-norm-even-dynamo18", "shared-keys-ts14",
    "channel-attention-dynamo18", "linear-attention-ts14",
  ])
  func whatIsWrittenAgainComputesTheSame(_ name: String) throws {
    let golden = try #require(Self.all.first { $0.name == name })
    let folder = try TemporaryFolder()
    let path = folder.file("again.onnx")
    guard case .model(let first) = try Import.read(golden.path) else { return }
    try first.writeONNX(to: path)
    guard case .model(let second) = try Import.read(path) else {
      Issue.record("no model")
      return
    }
    #expect(second.description.classNames == first.description.classNames)
    #expect(second.description.preprocessing == first.description.preprocessing)
    for size in try #require(golden.sizes) {
      let input = try Self.tensor("input/\(size[0])x\(size[1])")
      try Self.compare(
        Self.scores(of: second, input), Self.scores(of: first, input), after: [], name)
    }
  }

  /// A graph that normalises its input itself gets pictures as it wants them.
  @Test(arguments: ["own-normalisation-ts13", "own-normalisation-dynamo18"])
  func whatNormalisesItsInputItselfGetsBytes(_ name: String) throws {
    let golden = try #require(Self.all.first { $0.name == name })
    let result = try Import.identify(golden.path)
    guard case .model(let model) = result.found else { return }
    #expect(result.report.normalisedRange == 255)
    #expect(model.description.preprocessing.mean == [0, 0, 0])
    #expect(model.description.preprocessing.scale == [1, 1, 1])
    var options = ImportOptions()
    options.preprocessing = .torchvision
    guard case .model(let told) = try Import.identify(golden.path, options).found else { return }
    #expect(told.description.preprocessing.mean == Preprocessing.torchvision.mean)
    let usual = try #require(Self.all.first { $0.name == "skip-ts11" })
    #expect(try Import.identify(usual.path).report.normalisedRange == nil)
  }

  /// However an exporter puts it together, GELU is one layer.
  @Test(arguments: ["activations-ts11", "activations-dynamo18", "tokens-ts17", "tokens-dynamo18"])
  func functionsThatArePutTogetherAreFound(_ name: String) throws {
    let golden = try #require(Self.all.first { $0.name == name })
    guard case .model(let model) = try Import.read(golden.path) else { return }
    let operations = model.network.layers.map { type(of: $0.operation).name }
    #expect(operations.contains("gelu"))
    #expect(!operations.contains("error_function"))
  }

  /// Any value of a graph may be the scores: what follows is not looked at.
  @Test func aValueWithinTheGraphIsTakenForTheScores() throws {
    let golden = try #require(Self.all.first { $0.name == "largest-ts13" })
    let storage = try ByteStorage(mapping: golden.path)
    let file = try ONNXModelFile(storage, folder: nil)
    let scores = try #require(file.nodes.first { $0.operation == "Conv" }?.outputs.first)
    let network = try ONNXNetwork(file, output: scores)
    #expect(network.graph.classCount == 3)
    #expect(network.graph.network.layers.count == 1)
    expectError(.notFound, saying: "no output \"nothing\"") {
      _ = try ONNXNetwork(file, output: "nothing")
    }
  }

  @Test func thereAreManyOfThem() { #expect(Self.all.count > 100) }

  private static func tensor(_ name: String) throws -> Tensor {
    try tensors.get().tensor(named: name).fourDimensional()
  }

  /// The scores of `input`, padded with zeros to a multiple of the stride and cropped back.
  /// The bytes that `input` was made of.
  private static func bytes(_ input: Tensor) throws -> Tensor {
    try Tensor(input.shape, input.elements.map { $0 * 64 + 128 })
  }

  private static func scores(of model: Model, _ input: Tensor) throws -> Tensor {
    let stride = model.network.stride
    let shape = Shape(
      1, input.shape.c, roundUp(input.shape.h, toMultipleOf: stride),
      roundUp(input.shape.w, toMultipleOf: stride))
    let plan = try Plan(
      model.network.withoutAuxiliaryScores(), parameters: model.parameterTable(),
      inputShape: shape, pool: WorkerPool(threads: 1))
    plan.input.pointer.update(repeating: 0, count: shape.count)
    for c in 0..<shape.c {
      for y in 0..<input.shape.h {
        (plan.input.plane(0, c) + y * shape.w).update(
          from: input.plane(0, c) + y * input.shape.w, count: input.shape.w)
      }
    }
    try plan.run()
    let output = try Tensor(
      uninitialized: Shape(1, plan.output.shape.c, input.shape.h, input.shape.w))
    for c in 0..<output.shape.c {
      for y in 0..<output.shape.h {
        (output.plane(0, c) + y * output.shape.w).update(
          from: plan.output.plane(0, c) + y * shape.w, count: output.shape.w)
      }
    }
    return output
  }

  /// Compares `scores` with `wanted`, which the graph made of its own with `ending`.
  private static func compare(
    _ scores: Tensor, _ wanted: Tensor, after ending: [String], _ label: String
  ) throws {
    let pixels = scores.shape.planeCount
    var found = scores
    if scores.shape.c == 2, wanted.shape.c == 1, ending != ["argmax"] {
      // The one score that there was, less that of the background.
      found = try Tensor(
        Shape(1, 1, scores.shape.h, scores.shape.w),
        (0..<pixels).map { scores.plane(0, 1)[$0] - scores.plane(0, 0)[$0] })
    }
    for function in ending.reversed() {
      switch function {
      case "argmax":
        found = try Tensor(
          Shape(1, 1, found.shape.h, found.shape.w),
          (0..<pixels).map { pixel in
            let values = (0..<found.shape.c).map { found.plane(0, $0)[pixel] }
            return Float(values.firstIndex(of: values.max() ?? 0) ?? 0)
          })
      case "softmax", "logsoftmax":
        for pixel in 0..<pixels {
          let values = (0..<found.shape.c).map { Double(found.plane(0, $0)[pixel]) }
          let total = values.map { exp($0) }.reduce(0, +)
          for c in 0..<found.shape.c {
            found.plane(0, c)[pixel] = Float(
              function == "softmax" ? exp(values[c]) / total : values[c] - log(total))
          }
        }
      case "sigmoid":
        for i in 0..<found.shape.count { found.pointer[i] = 1 / (1 + exp(-found.pointer[i])) }
      case "threshold":
        for i in 0..<found.shape.count { found.pointer[i] = found.pointer[i] > 0 ? 1 : 0 }
      default: Issue.record("\(label): the ending \(function)")
      }
    }
    let full = Shape(1, wanted.shape.c, found.shape.h, found.shape.w)
    var target = wanted
    if wanted.shape != full {
      // Scores of another size are resized to the picture's.
      target = try Tensor(uninitialized: full)
      Resize(to: .likeSecondInput).reference.make([wanted.shape, full], full).forward(
        ForwardCall(
          inputs: [wanted], output: target, parameters: [],
          workers: try Workers(pool: WorkerPool(threads: 1), forms: [])))
    }
    #expect(found.shape == target.shape, "\(label)")
    guard found.shape == target.shape else { return }
    var range: Float = 1e-6
    var difference: Float = 0
    for i in 0..<full.count {
      range = max(range, abs(target.pointer[i]))
      difference = max(difference, abs(found.pointer[i] - target.pointer[i]))
    }
    #expect(difference <= 1e-4 * range, "\(label): \(difference) of \(range)")
  }
}
