/// How the network of an ONNX graph ends: in scores, of the background too, before softmax.
struct ONNXEnds {
  /// The translator's layers, those of the network's own scores last.
  private(set) var layers: [Layer]
  /// Parameters of layers that were added.
  private(set) var weights: [String: WeightTensor] = [:]
  private(set) var auxiliaryScores: [String: Float] = [:]
  /// The output whose scores are taken.
  let output: String
  /// Outputs that training learns from too, and those that are left out.
  private(set) var auxiliaryOutputs: [String] = []
  private(set) var otherOutputs: [String] = []
  /// What the graph does with its scores, and is left out: `Softmax`, `ArgMax`…
  private(set) var ending: [String] = []
  /// Whether there is one score a pixel, to which one of the background was added: it is always 0.
  private(set) var hasOneScore = false
  /// The layer whose scores are the network's own.
  private var scores: String

  /// How the value `chosen` of what `translator` followed comes about.
  init(_ translator: ONNXTranslator, _ chosen: String) throws {
    let outputs = translator.file.outputs.map(\.name)
    let output = chosen
    self.output = output
    layers = translator.layers
    scores = ""
    let (end, shape) = try end(output, translator)
    scores = end
    let channels = shape.c
    for other in outputs where other != output {
      // As many classes, and not the same once more.
      if let (layer, shape) = try? self.end(other, translator), shape.c == channels,
        layer != scores, channels > 1
      {
        auxiliaryScores[layer] = 0.5
        auxiliaryOutputs.append(other)
      } else {
        otherOutputs.append(other)
      }
    }
    if channels == 1 { try addBackground(translator) }
    guard let index = layers.firstIndex(where: { $0.name == scores }) else {
      throw FCNError(.unsupported, "the graph's output \(quoted(output)) is its input")
    }
    if layers.contains(where: { $0.inputs.contains(scores) }) {
      // Others follow from the scores, which are to come last.
      let name = freeName("\(scores).scores")
      layers.append(Layer(name, Scale(by: 1), [scores]))
      scores = name
    } else {
      layers.append(layers.remove(at: index))
    }
    for end in [scores] + auxiliaryScores.keys { markScores(before: end) }
  }

  /// The layer whose output is the graph's output `name`, without what only makes probabilities or labels
  /// of scores.
  private mutating func end(
    _ name: String, _ translator: ONNXTranslator
  ) throws -> (layer: String, Shape) {
    var layer: String
    switch try naming("output \(quoted(name))", { try translator.value(name) }) {
    case .layer(let made, let view):
      layer = made
      let shape = try translator.shape(of: made)
      guard shape.h * shape.w > 1 else {
        throw FCNError(
          .unsupported,
          "the output \(quoted(name)) is a vector: the network sorts whole pictures into classes; wanted "
            + "scores for every pixel")
      }
      let pixels = view.axes.joined().map(\.axis).filter { $0 > 1 }
      guard view.axes.joined().allSatisfy({ ONNXView.whole($0.axis, shape) == [$0] }),
        pixels == pixels.sorted()
      else {
        throw FCNError(
          .unsupported,
          "the output \(quoted(name)) is \(view.described), not N×classes×H×W; wanted scores for every pixel"
        )
      }
    case .ending(let made, let what):
      layer = made
      if name == output { ending.append(what) }
    default:
      throw FCNError(
        .unsupported,
        "the output \(quoted(name)) is not N×classes×H×W; wanted scores for every pixel")
    }
    if translator.layer(named: layer)?.operation is ReducedMaximum {
      throw FCNError(
        .unsupported,
        "the output \(quoted(name)) is the largest score of each pixel, not a score a class; take the scores "
          + "before it as the output, or one of "
          + listed(translator.file.outputs.map(\.name).filter { $0 != name }.map { quoted($0) }))
    }
    while let last = translator.layer(named: layer),
      (last.operation as? Softmax)?.groups == 1 || last.operation is Sigmoid
    {
      if name == output { ending.append(type(of: last.operation).name) }
      layer = last.inputs[0]
    }
    return (layer, try translator.shape(of: layer))
  }

  /// A second score, of the background, before the one there is: the softmax of (0, z) is the sigmoid of z.
  private mutating func addBackground(_ translator: ONNXTranslator) throws {
    let name = freeName("scores")
    layers.append(Layer(name, Convolution(2, kernel: 1, bias: false, makesScores: true), [scores]))
    weights["\(name).weight"] = try WeightTensor(
      name: "\(name).weight", shape: [2, 1, 1, 1], floats: [0, 1])
    markScores(before: scores)
    scores = name
    hasOneScore = true
  }

  private func freeName(_ base: String) -> String {
    var name = base
    while layers.contains(where: { $0.name == name }) { name += "-2" }
    return name
  }

  /// Marks the convolutions that make the scores, from which `end` follows: those stay exact, and are what
  /// another number of classes wants made anew.
  private mutating func markScores(before end: String) {
    var places: [String: Int] = [:]
    for (index, layer) in layers.enumerated() { places[layer.name] = index }
    var ends = [end]
    var seen: Set<String> = []
    while let name = ends.popLast() {
      guard seen.insert(name).inserted, let index = places[name] else { continue }
      let layer = layers[index]
      if let convolution = layer.operation as? Convolution {
        layers[index] = Layer(name, convolution.makingScores, layer.inputs)
      } else if let sized = layer.operation as? SizedOperation, sized.operation == Resize.name {
        ends.append(layer.inputs[0])
      } else if layer.operation.readsFirstInputOnly || layer.operation is Scale {
        ends.append(layer.inputs[0])
      } else if layer.operation is Sum {
        ends += layer.inputs
      }
    }
  }
}

extension Convolution {
  /// The same convolution as one that makes scores.
  fileprivate var makingScores: Convolution {
    Convolution(
      outputChannels, kernel: window.kernel, stride: window.stride, padding: window.padding,
      dilation: window.dilation, groups: groups, bias: bias, makesScores: true)
  }
}
