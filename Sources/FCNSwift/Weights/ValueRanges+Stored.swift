// In a model file each layer's ranges are a tensor, the lowest values and then the highest of its channels.
extension ValueRanges {
  /// What the tensors' names begin with; the layer's follows.
  static let prefix = "fcn.range."

  /// As they are stored.
  func tensors() throws -> [WeightTensor] {
    try layers.sorted { $0.key < $1.key }.map { name, ranges in
      try WeightTensor(
        name: Self.prefix + name, shape: [2, ranges.count],
        floats: ranges.map(\.lowerBound) + ranges.map(\.upperBound))
    }
  }

  /// Reads what was stored. Throws `corrupt` where tensors are no ranges.
  init(_ tensors: [WeightTensor]) throws {
    layers = try Dictionary(
      uniqueKeysWithValues: tensors.map { tensor in
        let values = tensor.floats
        guard tensor.shape.count == 2, tensor.shape[0] == 2, values.allSatisfy(\.isFinite) else {
          throw FCNError(
            .corrupt,
            "tensor \(quoted(tensor.name)): wanted the lowest and the highest value of each channel, found "
              + "\(tensor.shape)"
              + (values.allSatisfy(\.isFinite) ? "" : " with values that are not finite"))
        }
        let count = tensor.shape[1]
        let ranges = try (0..<count).map { c in
          let (low, high) = (values[c], values[count + c])
          guard low <= 0, high >= 0, high - low < Self.widest else {
            throw FCNError(
              .corrupt,
              "tensor \(quoted(tensor.name)): channel \(c) goes from \(low) to \(high); wanted 0 within and "
                + "no more than \(Self.widest) between"
            )
          }
          return low...high
        }
        return (String(tensor.name.dropFirst(Self.prefix.count)), ranges)
      })
  }

  /// Throws `corrupt` where they are of layers that `network` does not have, or of other channels.
  func check(against network: Network) throws {
    var channels: [String: Int] = [:]
    for (layer, count) in zip(network.layers, network.channels) { channels[layer.name] = count }
    for (name, ranges) in layers.sorted(by: { $0.key < $1.key })
    where channels[name] != ranges.count {
      throw FCNError(
        .corrupt,
        "the ranges of layer \(quoted(name)) are of \(ranges.count) channels, "
          + (channels[name].map { "and it has \($0)" } ?? "and there is no such layer")
          + "; calibrate the model anew")
    }
  }
}
