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

  /// Whether the weights are a classifier's whose trunk the network has: scores and upsampling alone
  /// are missing, and hidden and last layers alone left over.
  var lacksOnlyItsHead: Bool {
    func begins(_ name: String, with starts: [String]) -> Bool {
      starts.contains { name.hasPrefix($0) }
    }
    return wrong.isEmpty && !missing.isEmpty
      && missing.allSatisfy {
        begins($0, with: ["score", "ups", "classifier.", "aux_classifier."])
      }
      && leftOver.allSatisfy { begins($0, with: ["fc6.", "fc7.", "fc8.", "fc."]) }
  }

  /// The best of the guesses that `weights` allow for `architecture`; nil where they have nothing of
  /// its first layer, or its options would be out of range.
  static func best(
    _ architecture: Architecture, _ weights: TranslatedWeights
  ) throws -> ArchitectureGuess? {
    var best: ArchitectureGuess?
    for options in options(of: weights, for: architecture) {
      guard let network = try? architecture.network(options) else { continue }
      let guess = try ArchitectureGuess(architecture, options, network, weights)
      if guess.faultCount < best?.faultCount ?? .max { best = guess }
      if guess.isExact { break }
    }
    return best
  }

  private init(
    _ architecture: Architecture, _ options: ArchitectureOptions, _ network: Network,
    _ weights: TranslatedWeights
  ) throws {
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

  /// What the shapes say of channels and classes. Several where rounding leaves the width open.
  private static func options(
    of weights: TranslatedWeights, for architecture: Architecture
  ) -> [ArchitectureOptions] {
    guard let full = try? architecture.network(ArchitectureOptions(classes: 1)),
      let first = full.layers.first?.name,
      let weight = weights.tensor(named: "\(first).weight"), weight.shape.count == 4
    else { return [] }
    let scores = ["score_fr", "score_pool3", "classifier.4"].lazy.compactMap {
      weights.tensor(named: "\($0).weight")
    }
    let choices = architecture.choices
    let options = ArchitectureOptions(
      // A trunk alone has no classes; any number will do to compare the rest.
      classes: scores.first?.shape.first ?? 1,
      inputChannels: weight.shape[1],
      batchNorm: choices.contains(.batchNorm)
        && weights.tensor(named: "bn1_1.weight") != nil,
      auxiliaryHead: choices.contains(.auxiliaryHead)
        && weights.tensor(named: "aux_classifier.4.weight") != nil,
      denseUpsampling: choices.contains(.denseUpsampling)
        && weights.tensors.contains { $0.name.hasPrefix("upscore") && $0.mixesClasses })
    let widths = choices.contains(.width) ? widths(of: weights, comparedWith: full) : [1]
    return widths.map { width in
      var options = options
      options.width = width
      return options
    }.filter { (try? $0.validate()) != nil }
  }

  /// Factors on the channels of `full`, those of its widest layers first: there rounding changes them
  /// least. Few decimals come before many, for several may make the same network.
  private static func widths(
    of weights: TranslatedWeights, comparedWith full: Network
  ) -> [Float] {
    let counts = full.parameters.compactMap { parameter -> (full: Int, found: Int)? in
      guard case .he = parameter.initializer,
        let found = weights.tensor(named: parameter.name)?.shape.first(where: { $0 > 1 })
      else { return nil }
      return (parameter.shape[0], found)
    }
    var seen: Set<Float> = []
    let widths = counts.sorted { $0.full > $1.full }.map { Float($0.found) / Float($0.full) }
    let distinct = widths.filter { seen.insert($0).inserted }.prefix(8)
    return distinct.flatMap { width in
      [(width * 100).rounded() / 100, (width * 1000).rounded() / 1000, width]
    }
  }

  /// All that is amiss, in words.
  var faults: String {
    [("missing", missing), ("of another shape", wrong), ("left over", leftOver)]
      .filter { !$0.1.isEmpty }.map { "\($0): \(listed($1))" }.joined(separator: "; ")
  }

  /// How many tensors do not fit.
  var faultCount: Int { missing.count + wrong.count + leftOver.count }
}
