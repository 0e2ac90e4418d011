/// What weights say of the network they belong to: an architecture with the options that shapes
/// give away, and how well the two fit.
struct ArchitectureGuess {
  let architecture: Architecture
  let options: ArchitectureOptions
  /// The network's parameters that have a tensor of a shape that fits, with that tensor.
  private(set) var fitted: [WeightTensor] = []
  /// In the network, but not in the file.
  private(set) var missing: [ParameterSpecification] = []
  /// In both with different shapes, in words.
  private(set) var wrong: [String] = []
  /// In the file, but not in the network.
  private(set) var leftOver: [WeightTensor] = []
  /// In the file, and nothing that scores depend on: a loss, an auxiliary head of other classes.
  private(set) var leftOut: [String] = []
  /// Not in the file, and made as the paper has them.
  private(set) var filledIn: [String] = []
  /// Layers that may be in the file under other names.
  private(set) var renamings: [RenamingGuess] = []

  /// Whether every tensor has its place and every place its tensor.
  var isExact: Bool { missing.isEmpty && wrong.isEmpty && leftOver.isEmpty }

  /// Whether the weights are a classifier's whose trunk the network has: scores and upsampling alone
  /// are missing, and hidden and last layers alone left over.
  var lacksOnlyItsHead: Bool {
    func begins(_ name: String, with starts: [String]) -> Bool {
      starts.contains { name.hasPrefix($0) }
    }
    let heads = [
      "score", "ups", "classifier.", "aux_classifier.", "decoder.", "segmentation_head.",
    ]
    return wrong.isEmpty && !missing.isEmpty
      && missing.allSatisfy { begins($0.name, with: heads) }
      && !fitted.contains { begins($0.name, with: heads) }
      && leftOver.allSatisfy {
        begins($0.name, with: ["fc6.", "fc7.", "fc8.", "fc."])
      }
  }

  /// The best of the guesses that `weights` allow for `architecture`; nil where they have nothing of
  /// its first layer, or its options would be out of range.
  static func best(
    _ architecture: Architecture, _ weights: TranslatedWeights
  ) throws -> ArchitectureGuess? {
    var best: ArchitectureGuess?
    for options in try options(of: weights, for: architecture) {
      guard let network = try? architecture.network(options) else { continue }
      let guess = try ArchitectureGuess(architecture, options, network, weights)
      if guess.distance < best?.distance ?? (.max, 0) { best = guess }
      if guess.isExact { break }
    }
    return best
  }

  /// What a second score head is called, which only training needs.
  private static let auxiliaryHead = "aux_classifier."

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
        missing.append(parameter)
        continue
      }
      if let fitting = try tensor.fitted(to: parameter) {
        fitted.append(fitting)
      } else {
        wrong.append("\(parameter.name) (found \(tensor.shape), wanted \(parameter.shape))")
      }
    }
    for tensor in weights.tensors where rest[tensor.name] != nil {
      let isAuxiliary =
        !options.auxiliaryHead && architecture.choices.contains(.auxiliaryHead)
        && tensor.name.hasPrefix(Self.auxiliaryHead)
      if isAuxiliary || TensorNames.isCompanion(tensor.name) || TensorNames.classifies(tensor.name)
      {
        leftOut.append(tensor.name)
      } else {
        leftOver.append(tensor)
      }
    }
    try fillIn()
    if !missing.isEmpty, !leftOver.isEmpty {
      renamings = try RenamingGuess.guesses(missing: missing, leftOver: leftOver)
    }
  }

  /// Makes the upsampling that the papers keep bilinear where none of it is in the file, as programs
  /// leave out of their files what never changes.
  private mutating func fillIn() throws {
    func isUpsampling(_ name: String) -> Bool { name.hasPrefix("upscore") }
    guard !missing.isEmpty,
      missing.allSatisfy({ isUpsampling($0.name) && $0.initializer == .bilinear }),
      !fitted.contains(where: { isUpsampling($0.name) }), wrong.isEmpty
    else { return }
    for parameter in missing {
      fitted.append(
        try WeightTensor(name: parameter.name, shape: parameter.shape) {
          Model.fillBilinear($0, parameter.shape)
        })
      filledIn.append(parameter.name)
    }
    missing = []
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
  ) throws -> [ArchitectureOptions] {
    // Most architectures are ruled out before their networks are made.
    guard let weight = architecture.firstWeight.flatMap(weights.tensor), weight.shape.count == 4,
      let full = try? architecture.network(ArchitectureOptions(classes: 1))
    else { return [] }
    let choices = architecture.choices
    let options = ArchitectureOptions(
      classes: 1, inputChannels: weight.shape[1],
      batchNorm: choices.contains(.batchNorm)
        && weights.tensors.contains { $0.name.hasSuffix(".running_mean") },
      auxiliaryHead: choices.contains(.auxiliaryHead)
        && weights.tensor(named: "\(auxiliaryHead)4.weight") != nil,
      denseUpsampling: try choices.contains(.denseUpsampling)
        && weights.tensors.contains { try $0.name.hasPrefix("upscore") && $0.mixesClasses() })
    let widths = choices.contains(.width) ? widths(of: weights, comparedWith: full) : [1]
    var all: [ArchitectureOptions] = []
    for width in widths {
      for classes in classCounts(of: weights, comparedWith: full) {
        var options = options
        (options.width, options.classes) = (width, classes)
        all.append(options)
        // An auxiliary head that does not fit is no reason to do without the network.
        guard options.auxiliaryHead else { continue }
        options.auxiliaryHead = false
        all.append(options)
      }
    }
    return all.filter { (try? $0.validate()) != nil }
  }

  /// How many classes there may be: as the score layers have it, or, where those are missing, the
  /// upsampling or any layer that could be the scores under another name.
  private static func classCounts(
    of weights: TranslatedWeights, comparedWith full: Network
  ) -> [Int] {
    for layer in full.layers where (layer.operation as? Convolution)?.makesScores == true {
      if let count = weights.tensor(named: "\(layer.name).weight")?.shape.first { return [count] }
    }
    let upsampling = weights.tensors.first {
      $0.name.hasPrefix("upscore") && $0.shape.count == 4
    }
    if let count = upsampling?.shape.first { return [count] }
    let known = Set(full.parameters.map(\.name))
    var counts: [Int] = []
    for tensor in weights.tensors where !known.contains(tensor.name) {
      guard tensor.shape.count == 4, tensor.shape[2] == 1, tensor.shape[3] == 1,
        (1...255).contains(tensor.shape[0]), !counts.contains(tensor.shape[0]), counts.count < 3
      else { continue }
      counts.append(tensor.shape[0])
    }
    // A trunk alone has no classes; any number will do to compare the rest.
    return counts.isEmpty ? [1] : counts
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

  /// All that is amiss, in words, of each kind `most` names.
  func faults(most: Int) -> String {
    func part(_ what: String, _ names: [String]) -> String? {
      guard !names.isEmpty else { return nil }
      let count = names.count > most ? " (\(names.count))" : ""
      return "\(what)\(count): \(listed(names, most: most))"
    }
    let renamings = renamings.map { "\($0.from) for \($0.to)" }
    return [
      part("missing", missing.map { "\($0.name) \($0.shape)" }), part("of another shape", wrong),
      part("left over", leftOver.map { "\($0.name) \($0.shape)" }),
      part("these would fit if renamed", renamings),
    ].compactMap { $0 }.joined(separator: "; ")
  }

  /// Tensors that the network has, and those of them that were found, in words.
  var coverage: String {
    "\(fitted.count) of its \(fitted.count + missing.count + wrong.count) tensors were found"
  }

  /// How many tensors do not fit.
  private var faultCount: Int { missing.count + wrong.count + leftOver.count }

  /// How far the weights are from the network: tensors that do not fit, but for those that another
  /// name would make fit; then tensors that it does without.
  var distance: (Int, Int) {
    (faultCount - 2 * renamings.reduce(0) { $0 + $1.count }, leftOut.count)
  }
}
