/// An npz file, a zip archive of npy files, as Chainer's `save_npz` and `numpy.savez` write it.
enum ChainerFile {
  /// What Chainer calls a parameter, and what PyTorch does.
  private static let parameterNames = [
    "W": "weight", "b": "bias", "gamma": "weight", "beta": "bias", "avg_mean": "running_mean",
    "avg_var": "running_var",
  ]

  /// The float arrays in `archive`, called as PyTorch would call them.
  static func read(_ archive: ZipArchive, budget: CopyBudget) throws -> ForeignWeights {
    var tensors: [WeightTensor] = []
    var keys: [String: String] = [:]
    for entry in archive.entries where entry.name.hasSuffix(".npy") {
      let key = String(entry.name.dropLast(4))
      let contents = try archive.contents(of: entry, budget: budget)
      let tensor = try naming("array \(quoted(key))") {
        try NPYReader.tensor(name(of: key), in: contents, budget: budget)
      }
      guard let tensor else { continue }
      if let other = keys.updateValue(key, forKey: tensor.name) {
        throw FCNError(
          .corrupt,
          "the arrays \(quoted(other)) and \(quoted(key)) are both \(quoted(tensor.name)); "
            + "wanted one")
      }
      tensors.append(tensor)
    }
    return ForeignWeights(format: .chainer, tensors: tensors)
  }

  /// `conv1_1.weight` for `/conv1_1/W`.
  static func name(of key: String) -> String {
    var parts = key.split(separator: "/").map(String.init)
    if let last = parts.popLast() { parts.append(parameterNames[last] ?? last) }
    return parts.joined(separator: ".")
  }
}
