/// The lowest and the highest value that each channel of a network's layers is given bytes for, as
/// measured on pictures. What `int8` needs to know.
public struct ValueRanges: Sendable, Hashable {
  /// By the layer's name; 0 is within each.
  let layers: [String: [ClosedRange<Float>]]

  /// How wide a range may be: the scales of wider ones, times weights, would leave float32.
  static let widest: Float = 1e30

  /// What the bytes of each layer mean, by its index; of a layer whose bytes are those of others, what
  /// theirs do.
  func scalings(of network: Network) -> [Int: ByteScaling] {
    var scalings: [Int: ByteScaling] = [:]
    // Networks' inputs are bytes in comparisons of forms alone.
    if let ranges = layers[Network.inputName], ranges.count == network.inputChannels {
      scalings[-1] = ByteScaling(ranges)
    }
    for (index, layer) in network.layers.enumerated() {
      let sources = network.inputIndices[index]
      switch layer.operation {
      case is MaxPool, is Dropout, is Crop, is RepeatLines: scalings[index] = scalings[sources[0]]
      case is Concatenation:
        let parts = sources.compactMap { scalings[$0] }
        if parts.count == sources.count { scalings[index] = ByteScaling(joining: parts) }
      default:
        if let ranges = layers[layer.name], ranges.count == network.channels[index] {
          scalings[index] = ByteScaling(ranges)
        }
      }
    }
    return scalings
  }
}
