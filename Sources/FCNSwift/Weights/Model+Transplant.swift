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
}

extension Model {
  /// A model of the same description with the weights of `source` wherever a name and a shape
  /// agree, as a network is started from one that was trained on something else.
  ///
  /// Throws `unsupported` where a tensor that agrees does not hold floats, `notFinite` where it
  /// holds what float32 cannot.
  public func copyingWeights(
    from source: Safetensors
  ) throws -> (model: Model, transplant: Transplant) {
    var transplant = Transplant()
    let weights = try orderedWeights.map { own in
      guard let entry = source.entry(named: own.name) else {
        transplant.missing.append(own.name)
        return own
      }
      guard entry.shape == own.shape else {
        transplant.mismatched.append("\(own.name) (found \(entry.shape), wanted \(own.shape))")
        return own
      }
      transplant.copied.append(own.name)
      return try source.tensor(named: own.name).converted(to: .float32)
    }
    transplant.unused = source.entries.map(\.name).filter { self.weights[$0] == nil }
    return (try Model(description: description, weights: weights), transplant)
  }
}
