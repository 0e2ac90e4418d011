/// A network made concrete for training on the processor and one input shape: the form of every
/// layer.
struct Wiring {
  let topology: TrainingTopology
  let forms: [any PreparedTrainingForm]
  /// The form that was chosen for each layer.
  let formNames: [String]

  init(
    _ network: Network, inputShape: Shape, disabledForms: Set<String>
  ) throws {
    let topology = try TrainingTopology(network, inputShape: inputShape)
    let loops = try Loops.chosen()
    var forms: [any PreparedTrainingForm] = []
    var formNames: [String] = []
    for (index, layer) in network.layers.enumerated() {
      let choice = try layer.choose(
        FormRequest(
          inputs: topology.inputShapes(index), output: topology.shapes[index], loops: loops),
        disabledForms, forTraining: true)
      guard choice.prepared.packing == nil else {
        throw FCNError(
          .internalDefect,
          "layer \(layer.name): \(choice.form.name) trains, and wants weights that training does not "
            + "pack")
      }
      guard let prepared = choice.prepared as? any PreparedTrainingForm else {
        throw FCNError(
          .internalDefect,
          "layer \(layer.name): \(choice.form.name) is to train, and has no backward pass")
      }
      forms.append(prepared)
      formNames.append(choice.form.name)
    }
    self.topology = topology
    self.forms = forms
    self.formNames = formNames
  }
}
