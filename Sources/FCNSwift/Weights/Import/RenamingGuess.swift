/// Layers that a network misses, and layers of a file that could be they under other names.
struct RenamingGuess {
  /// The layer's name in the file.
  let from: String
  /// The network's name for it.
  let to: String
  /// Parameters that it has.
  let count: Int

  /// For every layer of `missing` that has one, the layer of `leftOver` with parameters of the same
  /// names and shapes that fit; where there are several, the one whose name is most alike.
  static func guesses(
    missing: [ParameterSpecification], leftOver: [WeightTensor]
  ) throws -> [RenamingGuess] {
    var found: [String: [WeightTensor]] = [:]
    for tensor in leftOver { found[TensorNames.layer(of: tensor.name), default: []].append(tensor) }
    var wanted: [(layer: String, parameters: [ParameterSpecification])] = []
    for parameter in missing {
      let layer = TensorNames.layer(of: parameter.name)
      if wanted.last?.layer == layer {
        wanted[wanted.count - 1].parameters.append(parameter)
      } else {
        wanted.append((layer, [parameter]))
      }
    }
    // Two networks that have nothing in common would be compared layer by layer.
    guard wanted.count * found.count <= 10_000 else { return [] }
    var guesses: [RenamingGuess] = []
    for (layer, parameters) in wanted {
      let fitting = try found.filter { other, tensors in
        try tensors.count == parameters.count
          && parameters.allSatisfy { parameter in
            let name = other + parameter.name.dropFirst(layer.count)
            return try tensors.contains {
              try $0.name == name && $0.fitted(to: parameter) != nil
            }
          }
      }.keys
      let ranked = fitting.map { ($0, likeness($0, layer)) }.sorted {
        ($1.1, $0.0) < ($0.1, $1.0)
      }
      guard let best = ranked.first, ranked.count == 1 || ranked[1].1 < best.1 else { continue }
      found[best.0] = nil
      guesses.append(RenamingGuess(from: best.0, to: layer, count: parameters.count))
    }
    return guesses
  }

  /// Letters that two names share at their beginning and their end.
  private static func likeness(_ a: String, _ b: String) -> Int {
    zip(a, b).prefix { $0 == $1 }.count
      + zip(a.reversed(), b.reversed()).prefix { $0 == $1 }.count
  }
}
