// Functions of single values that exporters put together of several nodes. What they are put together of
// stays behind, read by nobody, and is left out of the network.
extension ONNXTranslator {
  /// The function that the product of `input` and what `factor` makes of it is; nil where it is none.
  func gate(_ input: String, _ factor: String) -> (operation: String, input: String)? {
    guard let layer = layer(named: factor) else { return nil }
    switch type(of: layer.operation).name {
    case "sigmoid" where layer.inputs == [input]: return ("silu", input)
    case "hard_sigmoid"
    where layer.inputs == [input] && isDefault(layer.operation):
      return ("hard_swish", input)
    case "tanh":
      guard let inner = self.layer(named: layer.inputs[0]),
        type(of: inner.operation).name == "softplus", inner.inputs == [input]
      else { return nil }
      return ("mish", input)
    default: return nil
    }
  }

  /// x, where the product of `one` and `other` is a multiple of GELU, x · (1 + erf(x / √2)) / 2, and which.
  func gelu(_ one: String, _ other: String) -> (input: String, factor: Float)? {
    guard let whole = layer(named: other) else { return nil }
    // Half of it may be taken before the product.
    let outer = (whole.operation as? Scale)?.factor
    guard let line = outer == nil ? whole : layer(named: whole.inputs[0]), line.operation is Affine,
      let error = layer(named: line.inputs[0]), error.operation is ErrorFunction,
      let narrow = layer(named: error.inputs[0]), let scale = narrow.operation as? Scale,
      abs(scale.factor - Float(0.5).squareRoot()) < 1e-6,
      let slope = number(line, "weight"), let offset = number(line, "bias"), slope == offset
    else { return nil }
    let input = narrow.inputs[0]
    let multiple = 2 * slope * (outer ?? 1)
    if one == input { return (input, multiple) }
    guard let half = layer(named: one), let factor = half.operation as? Scale,
      half.inputs[0] == input
    else { return nil }
    return (input, multiple * factor.factor)
  }

  /// The number that parameter `name` of `layer` is for all channels; nil where it has several.
  func number(_ layer: Layer, _ name: String) -> Float? {
    guard let floats = weights["\(layer.name).\(name)"]?.floats, let first = floats.first,
      floats.allSatisfy({ $0 == first })
    else { return nil }
    return first
  }

  /// Whether a hard sigmoid is the usual one, min(max(x / 6 + ½, 0), 1).
  private func isDefault(_ operation: any Operation) -> Bool {
    var writer = AttributeWriter()
    (operation as? any StoredOperation)?.write(to: &writer)
    return writer.members.isEmpty
  }

  /// The function that a sixth of what `layer` makes is: min(max(x + 3, 0), 6) / 6, or x times that.
  func sixfold(_ layer: String) -> (operation: String, input: String)? {
    if let input = clippedSum(layer) { return ("hard_sigmoid", input) }
    guard let product = self.layer(named: layer), type(of: product.operation).name == "product"
    else { return nil }
    for (input, other) in [(0, 1), (1, 0)]
    where clippedSum(product.inputs[other]) == product.inputs[input] {
      return ("hard_swish", product.inputs[input])
    }
    return nil
  }

  /// x, where `name` makes min(max(x + 3, 0), 6).
  private func clippedSum(_ name: String) -> String? {
    guard let clip = layer(named: name), let clipped = clip.operation as? ClippedReLU,
      clipped.limit == 6, let sum = layer(named: clip.inputs[0]),
      type(of: sum.operation).name == "affine",
      weights["\(sum.name).weight"]?.floats.allSatisfy({ $0 == 1 }) == true,
      weights["\(sum.name).bias"]?.floats.allSatisfy({ $0 == 3 }) == true
    else { return nil }
    return sum.inputs[0]
  }
}
