/// A network that was made of an ONNX file, ready to become a model's.
struct ONNXNetwork {
  let graph: NetworkGraph
  /// In the network's order.
  let weights: [WeightTensor]
  /// What the graph ends with.
  let ends: ONNXEnds
  /// Texts that whoever wrote the file attached; files that this engine wrote say there what their models
  /// do.
  let metadata: [String: String]

  /// Where the graph itself makes what it works on of values of 0…1 or 0…255, which.
  let normalisation: ONNXNormalisation?

  /// Makes the network whose scores are the value `chosen` of the graph, its first output where none is
  /// named.
  ///
  /// Throws `unsupported` with the node where the graph cannot be expressed, `notFound` where there is no
  /// such value.
  init(_ file: ONNXModelFile, output chosen: String?) throws {
    let outputs = file.outputs.map(\.name)
    guard let output = chosen ?? outputs.first, !output.isEmpty,
      outputs.contains(output) || file.nodes.contains(where: { $0.outputs.contains(output) })
    else {
      throw FCNError(
        .notFound,
        "the graph has no output \(quoted(chosen ?? "")); it has "
          + listed(outputs.map { quoted($0) }))
    }
    let (translator, side) = try Self.translated(file, output)
    let ends = try ONNXEnds(translator, output)
    let (layers, sizes) = Network.needed(
      of: ends.layers, for: ends.auxiliaryScores, translator.sizes)
    normalisation =
      translator.takesBytes
      ? .ofBytes(translator.probe.c)
      : ONNXNormalisation(layers, translator.weights, translator.probe.c)
    if translator.inputSize == nil {
      try Self.checkOtherSize(file, output, side, layers, translator.foldedConstants)
    }
    func network(stride: Int) throws -> Network {
      try Network(
        inputChannels: translator.probe.c, stride: stride, inputSize: translator.inputSize,
        layers: layers, auxiliaryScores: ends.auxiliaryScores, sizes: sizes)
    }
    // Which one is found out by asking for shapes, of which it says the same with any.
    let stride =
      try translator.inputSize == nil
      ? Self.stride(of: network(stride: Self.strides.lowerBound), translator.probe.c) : 1
    let graph = try NetworkGraph(network(stride: stride))
    let parameters = translator.weights.merging(ends.weights) { $1 }
    weights = try graph.network.parameters.map { parameter in
      guard let tensor = parameters[parameter.name] else {
        throw FCNError(.internalDefect, "the tensor \(parameter.name) was lost")
      }
      return tensor
    }
    (self.graph, self.ends) = (graph, ends)
    metadata = file.metadata
  }

  /// The graph followed with an input of a size that it can take, and which.
  private static func translated(
    _ file: ONNXModelFile, _ output: String
  ) throws -> (ONNXTranslator, side: Int) {
    do {
      return (try ONNXTranslator(file, side: 256, output: output), 256)
    } catch let error as FCNError where error.kind == .shapeMismatch {
      for side in [512, 224, 1024, 64, 384] {
        if let translator = try? ONNXTranslator(file, side: side, output: output) {
          return (translator, side)
        }
      }
      throw error
    }
  }

  /// Throws where the graph is another network for pictures of another size: a branch that depends on it, or
  /// numbers in it that only fit one.
  private static func checkOtherSize(
    _ file: ONNXModelFile, _ output: String, _ side: Int, _ layers: [Layer],
    _ known: [String: WeightTensor]
  ) throws {
    for other in [side / 2 * 3, side * 2] {
      guard
        let translator = try? ONNXTranslator(file, side: other, output: output, known: known),
        let ends = try? ONNXEnds(translator, output)
      else { continue }
      let (others, _) = Network.needed(of: ends.layers, for: ends.auxiliaryScores, translator.sizes)
      for (one, other) in zip(layers, others) where "\(one)" != "\(other)" {
        throw FCNError(
          .unsupported,
          "the layer \(one.name) is another for pictures of other sizes: the graph holds numbers that only "
            + "fit one size, or a branch that depends on it; export it with a fixed size of input")
      }
      guard layers.count == others.count else {
        throw FCNError(
          .unsupported,
          "the graph is another network for pictures of other sizes; export it with a fixed size of input"
        )
      }
      return
    }
  }

  private static let strides = 1...128

  /// The smallest power of two such that inputs whose height and width are multiples of it get scores of
  /// their own size, or, where no network size does that, get scores at all; as far as sizes are tried.
  private static func stride(of network: Network, _ channels: Int) throws -> Int {
    func check(_ stride: Int, from side: Int, full: Bool) throws {
      let first = (side + stride - 1) / stride
      for step in 0..<16 {
        let shape = Shape(1, channels, (first + step) * stride, (first + step / 3 + 1) * stride)
        let scores = try network.shapes(for: shape).last
        guard !full || (scores?.h, scores?.w) == (shape.h, shape.w) else {
          throw FCNError(.shapeMismatch, "the scores are not of the input's size")
        }
      }
    }
    // Networks that want small pictures are tried with such.
    for (side, full) in [(96, true), (96, false), (8, true), (8, false)] {
      var stride = strides.lowerBound
      while stride <= strides.upperBound {
        if (try? check(stride, from: side, full: full)) != nil { return stride }
        stride *= 2
      }
    }
    try check(strides.upperBound, from: 96, full: false)
    return strides.upperBound
  }
}
