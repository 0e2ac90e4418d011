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
