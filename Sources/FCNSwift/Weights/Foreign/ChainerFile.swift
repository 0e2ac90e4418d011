/// An npz file, a zip archive of npy files, as Chainer's `save_npz` and `numpy.savez` write it.
enum ChainerFile {
  /// What Chainer calls a parameter, and what PyTorch does.
  private static let parameterNames = [
    "W": "weight", "b": "bias", "gamma": "weight", "beta": "bias", "avg_mean": "running_mean",
    "avg_var": "running_var",
  ]

  /// The float arrays in `archive`, called as PyTorch would call them.
  static func read(_ archive: ZipArchive, budget: CopyBudget) throws -> ForeignWeights {
    var parameters = Parameters()
    for entry in archive.entries where entry.name.hasSuffix(".npy") {
      let contents = try archive.contents(of: entry, budget: budget)
      try parameters.add(String(entry.name.dropLast(4))) {
        try NPYReader.tensor($0, in: contents, budget: budget)
      }
    }
    return ForeignWeights(format: .chainer, tensors: parameters.tensors)
  }

  /// Arrays under PyTorch's names for them.
  struct Parameters {
    private(set) var tensors: [WeightTensor] = []
    private var keys: [String: String] = [:]

    /// Adds what `tensor` makes of the array at `key`, given its name; nil where that is none of floats.
    /// Throws `corrupt` where another array has come to the same name.
    mutating func add(_ key: String, _ tensor: (_ name: String) throws -> WeightTensor?) throws {
      let made = try naming("array \(quoted(key))") { try tensor(ChainerFile.name(of: key)) }
      guard let made else { return }
      if let other = keys.updateValue(key, forKey: made.name) {
        throw FCNError(
          .corrupt,
          "the arrays \(quoted(other)) and \(quoted(key)) are both \(quoted(made.name)); wanted one"
        )
      }
      tensors.append(made)
    }
  }

  /// `conv1_1.weight` for `/conv1_1/W`.
  static func name(of key: String) -> String {
    var parts = key.split(separator: "/").map(String.init)
    if let last = parts.popLast() { parts.append(parameterNames[last] ?? last) }
    return parts.joined(separator: ".")
  }
}
