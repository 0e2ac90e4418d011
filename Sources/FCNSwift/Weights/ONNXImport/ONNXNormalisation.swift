/// What a graph does to its input before anything else: a factor and an offset for each channel, by which
/// training code that divides by 255, or takes means off, within the network is recognised.
struct ONNXNormalisation: Hashable {
  /// The largest value that it takes pictures to have: 1 or 255.
  let range: Float
  /// In the order in which the network has the channels then.
  let factors, offsets: [Float]

  /// Of a graph that takes bytes.
  static func ofBytes(_ channels: Int) -> ONNXNormalisation {
    ONNXNormalisation(
      range: 255, factors: [Float](repeating: 1, count: channels),
      offsets: [Float](repeating: 0, count: channels))
  }

  private init(range: Float, factors: [Float], offsets: [Float]) {
    (self.range, self.factors, self.offsets) = (range, factors, offsets)
  }

  /// nil where `layers` begin with something else. `weights` are their parameters.
  init?(_ layers: [Layer], _ weights: [String: WeightTensor], _ channels: Int) {
    var name = Network.inputName
    var factors = [Float](repeating: 1, count: channels)
    var offsets = [Float](repeating: 0, count: channels)
    // Those that take no more than the number of pictures do not count.
    func readers(_ name: String) -> [Layer] {
      layers.filter { $0.inputs.contains(name) && !$0.tellsPlaces }
    }
    // Channels in another order.
    let parts = readers(name).filter { $0.operation is Slicing }.map(\.name)
    if parts.count == channels, parts.count == readers(name).count,
      let joined = layers.first(where: {
        $0.operation is Concatenation && Set($0.inputs) == Set(parts)
      })
    {
      name = joined.name
    }
    var found = false
    while true {
      let next = readers(name)
      guard next.count == 1, let layer = next.first else { break }
      if let scale = layer.operation as? Scale {
        factors = factors.map { $0 * scale.factor }
        offsets = offsets.map { $0 * scale.factor }
      } else if layer.operation is Affine,
        let slope = weights["\(layer.name).weight"]?.floats, slope.count == channels,
        let offset = weights["\(layer.name).bias"]?.floats, offset.count == channels
      {
        for c in 0..<channels {
          (factors[c], offsets[c]) = (factors[c] * slope[c], offsets[c] * slope[c] + offset[c])
        }
      } else {
        break
      }
      (name, found) = (layer.name, true)
    }
    guard found, factors.allSatisfy({ $0 != 0 && $0.isFinite }) else { return nil }
    // Of values up to 1 means and deviations are below that; of bytes they are not.
    let ofBytes = (0..<channels).contains {
      abs(1 / factors[$0]) > 8 || abs(offsets[$0] / factors[$0]) > 2
    }
    range = ofBytes ? 255 : 1
    (self.factors, self.offsets) = (factors, offsets)
  }

  /// What pictures go in as: values of the range, and nothing else done to them.
  func preprocessing(_ rule: Preprocessing) -> Preprocessing {
    var rule = rule
    rule.mean = rule.mean.map { _ in 0 }
    rule.scale = rule.scale.map { _ in range / 255 }
    return rule
  }
}

extension Layer {
  /// Whether it makes what does not depend on the picture.
  fileprivate var tellsPlaces: Bool {
    let name = (operation as? SizedOperation)?.operation ?? type(of: operation).name
    return name == Coordinates.name || name == ConstantPlanes.name
  }
}
