extension Network {
  /// The names of all forms of all layers, each once: what can be switched off.
  public var formNames: [String] {
    var seen: Set<String> = []
    return layers.flatMap { layer in
      // What is computed for each size is not among what a form is called after.
      let operation = (layer.operation as? SizedOperation)?.plain ?? layer.operation
      let layer = Layer(layer.name, operation, layer.inputs)
      return operation.forms.map(\.name) + layer.deviceForms.map(\.name)
    }.filter { seen.insert($0).inserted }
  }

  /// Throws where `names` has one that no operation of this network knows, and that is not of `others`.
  func validateFormNames(_ names: Set<String>, and others: [String]) throws {
    let known = Set(formNames + others)
    for name in names.sorted() where !known.contains(name) {
      throw FCNError(
        .invalidArgument,
        "there is no form \"\(name)\" in this network; there are: "
          + known.sorted().joined(separator: ", "))
    }
  }
}
