/// What weights say of the network they belong to: an architecture with the options that shapes
/// give away, and how well the two fit.
struct ArchitectureGuess {
  let architecture: Architecture
  let options: ArchitectureOptions
  /// The network's parameters that have a tensor of a shape that fits, with that tensor.
  private(set) var fitted: [WeightTensor] = []
  /// In the network, but not in the file.
  private(set) var missing: [String] = []
  /// In both with different shapes, in words.
  private(set) var wrong: [String] = []
  /// In the file, but not in the network.
  private(set) var leftOver: [String] = []

  /// Whether every tensor has its place and every place its tensor.
  var isExact: Bool { missing.isEmpty && wrong.isEmpty && leftOver.isEmpty }

  /// Whether what is missing are scores and upsampling alone: the weights are a trunk's, for a network
  /// to start from.
  var lacksOnlyItsHead: Bool {
    wrong.isEmpty && !missing.isEmpty && missing.allSatisfy { Self.isOfHead($0) }
  }

  private static func isOfHead(_ name: String) -> Bool {
    ["score", "ups", "classifier.", "aux_classifier."].contains { name.hasPrefix($0) }
  }

  /// Compares `weights` with `architecture`; nil where they have nothing of its first layer, or its
  /// options would be out of range.
  init?(_ architecture: Architecture, _ weights: TranslatedWeights) throws {
    guard let options = Self.options(of: weights, for: architecture),
      let network = try? architecture.network(options)
    else { return nil }
    self.architecture = architecture
    self.options = options
    var rest = Dictionary(
      weights.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    try takeScales(of: network, from: &rest)
    for parameter in network.parameters {
      guard let tensor = rest.removeValue(forKey: parameter.name) else {
        missing.append("\(parameter.name) \(parameter.shape)")
        continue
      }
      if let fitting = try tensor.fitted(to: parameter) {
        fitted.append(fitting)
      } else {
        wrong.append("\(parameter.name) (found \(tensor.shape), wanted \(parameter.shape))")
      }
    }
    leftOver = weights.tensors.compactMap { rest[$0.name] == nil ? nil : $0.name }
  }

  /// Caffe's models trained at once hold the factors on pool3 and pool4, which are ours by
  /// definition, as tensors.
  private mutating func takeScales(
    of network: Network, from rest: inout [String: WeightTensor]
  ) throws {
    for layer in network.layers {
      guard let scale = layer.operation as? Scale,
        let tensor = rest.removeValue(forKey: "\(layer.name).weight")
      else { continue }
      if !tensor.floats.allSatisfy({ abs($0 - scale.factor) <= 1e-5 * scale.factor }) {
        wrong.append("\(layer.name).weight (wanted \(scale.factor) throughout)")
      }
    }
  }

  /// Channels and classes as the shapes have them.
  private static func options(
    of weights: TranslatedWeights, for architecture: Architecture
  ) -> ArchitectureOptions? {
    guard let first = architecture.firstLayer,
      let weight = weights.tensor(named: "\(first.name).weight"), weight.shape.count == 4
    else { return nil }
    let scores = ["score_fr", "score_pool3", "classifier.4"].lazy.compactMap {
      weights.tensor(named: "\($0).weight")
    }
    let choices = architecture.choices
    let width = Float(weight.shape[0]) / Float(first.channels)
    let options = ArchitectureOptions(
      // A trunk alone has no classes; any number will do to compare the rest.
      classes: scores.first?.shape.first ?? 1,
      inputChannels: weight.shape[1],
      width: choices.contains(.width) ? width : 1,
      batchNorm: choices.contains(.batchNorm)
        && weights.tensor(named: "bn1_1.weight") != nil,
      auxiliaryHead: choices.contains(.auxiliaryHead)
        && weights.tensor(named: "aux_classifier.4.weight") != nil,
      denseUpsampling: choices.contains(.denseUpsampling)
        && weights.tensors.contains { $0.name.hasPrefix("upscore") && $0.mixesClasses })
    return (try? options.validate()) == nil ? nil : options
  }

  /// All that is amiss, in words.
  var faults: String {
    [("missing", missing), ("of another shape", wrong), ("left over", leftOver)]
      .filter { !$0.1.isEmpty }.map { "\($0): \(listed($1))" }.joined(separator: "; ")
  }

  /// How many tensors do not fit.
  var faultCount: Int { missing.count + wrong.count + leftOver.count }
}

extension Architecture {
  /// The layer that sees the picture, and its channels at a width of 1.
  fileprivate var firstLayer: (name: String, channels: Int)? {
    guard let layer = try? network(ArchitectureOptions(classes: 1)).layers.first,
      let convolution = layer.operation as? Convolution
    else { return nil }
    return (layer.name, convolution.outputChannels)
  }
}
