/// What came of copying weights from one network into another, by parameter name.
public struct Transplant: Sendable, Hashable {
  /// Copied: the name and the shape agreed.
  public var copied: [String] = []
  /// In the model, but not in the source: kept as they were.
  public var missing: [String] = []
  /// In both with different shapes, given in words: kept as they were.
  public var mismatched: [String] = []
  /// In the source, but not in the model.
  public var unused: [String] = []
  /// Copied, and zero throughout, so that nothing comes through them.
  public var zero: [String] = []
}

extension Model {
  /// A model of the same description with the weights of `source` wherever a name and a shape agree,
  /// as a network is started from one that was trained on something else. Shapes agree where they
  /// mean the same numbers: a classifier's hidden layer fits a convolution as large as its input. Names
  /// in a trunk agree whatever the library whose heads it has.
  ///
  /// Throws `notFinite` where a tensor that agrees holds what float32 cannot.
  public func copyingWeights(
    from source: TranslatedWeights
  ) throws -> (model: Model, transplant: Transplant) {
    var transplant = Transplant()
    let found = Dictionary(
      source.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let inTrunk = Dictionary(
      source.tensors.compactMap { tensor in TensorNames.inTrunk(tensor.name).map { ($0, tensor) } },
      uniquingKeysWith: { first, _ in first })
    var used: Set<String> = []
    let weights = try network.parameters.compactMap { wanted -> WeightTensor? in
      let own = self.weights[wanted.name]
      let tensor = found[wanted.name] ?? TensorNames.inTrunk(wanted.name).flatMap { inTrunk[$0] }
      guard let tensor else {
        transplant.missing.append(wanted.name)
        return own
      }
      used.insert(tensor.name)
      guard let fitted = try tensor.fitted(to: wanted) else {
        transplant.mismatched.append(
          "\(wanted.name) (found \(tensor.shape), wanted \(wanted.shape))")
        return own
      }
      transplant.copied.append(wanted.name)
      if wanted.role == .weight, fitted.isZero { transplant.zero.append(wanted.name) }
      return try fitted.converted(to: .float32)
    }
    transplant.unused =
      source.tensors.map(\.name).filter { !used.contains($0) } + source.setAside
    return (try Model(description: description, weights: weights), transplant)
  }
}
