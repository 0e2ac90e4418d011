/// A network made concrete for training on one input shape: every layer's shape and kernel, and which
/// values share a buffer because an operation runs in place.
struct Wiring {
  let network: Network
  let inputShape: Shape
  /// Output shape of each layer.
  let shapes: [Shape]
  let kernels: [any Kernel]
  /// The form that was chosen for each layer.
  let formNames: [String]
  /// The buffer of each layer's output; buffer 0 is the input's.
  let buffers: [Int]
  let bufferCount: Int

  init(
    _ network: Network, inputShape: Shape, disabledForms: Set<String>
  ) throws {
    self.network = network
    self.inputShape = inputShape
    let shapes = try network.shapes(for: inputShape)
    self.shapes = shapes
    let loops = try Loops.chosen()
    var kernels: [any Kernel] = []
    var formNames: [String] = []
    for (index, layer) in network.layers.enumerated() {
      let inputs = network.inputIndices[index].map { $0 < 0 ? inputShape : shapes[$0] }
      let choice = try layer.choose(
        FormRequest(inputs: inputs, output: shapes[index], loops: loops), disabledForms,
        forTraining: true)
      kernels.append(choice.kernel)
      formNames.append(choice.form.name)
    }
    self.kernels = kernels
    self.formNames = formNames

    var consumers = [Int](repeating: 0, count: network.layers.count)
    for indices in network.inputIndices {
      for index in indices where index >= 0 { consumers[index] += 1 }
    }
    var buffers: [Int] = []
    var bufferCount = 1
    for (index, layer) in network.layers.enumerated() {
      let source = network.inputIndices[index][0]
      if layer.operation.mayRunInPlace, source >= 0, consumers[source] == 1,
        !network.layers[source].operation.backwardReadsOutput
      {
        buffers.append(buffers[source])
      } else {
        buffers.append(bufferCount)
        bufferCount += 1
      }
    }
    self.buffers = buffers
    self.bufferCount = bufferCount
  }

  /// The buffers that layer `index` reads.
  func inputBuffers(_ index: Int) -> [Int] {
    network.inputIndices[index].map { $0 < 0 ? 0 : buffers[$0] }
  }

  /// The layers whose outputs the loss sees: the last, and those of auxiliary heads.
  var scoreLayers: [Int] {
    network.layers.indices.filter {
      $0 == network.layers.count - 1 || network.auxiliaryScores[network.layers[$0].name] != nil
    }
  }

  /// The shapes that layer `index` reads.
  func inputShapes(_ index: Int) -> [Shape] {
    network.inputIndices[index].map { $0 < 0 ? inputShape : shapes[$0] }
  }

  /// Floats of each buffer.
  func bufferCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: bufferCount)
    counts[0] = inputShape.count
    for (buffer, shape) in zip(buffers, shapes) {
      counts[buffer] = max(counts[buffer], shape.count)
    }
    return counts
  }
}

extension Network {
  /// The names of all forms of all layers, each once: what can be switched off.
  public var formNames: [String] {
    var seen: Set<String> = []
    return layers.flatMap { layer in
      layer.operation.forms.map(\.name) + layer.operation.deviceForms.map(\.name)
    }.filter { seen.insert($0).inserted }
  }

  /// Throws where `names` has one that no operation of this network knows.
  func validateFormNames(_ names: Set<String>) throws {
    let known = Set(formNames)
    for name in names.sorted() where !known.contains(name) {
      throw FCNError(
        .invalidArgument,
        "there is no form \"\(name)\" in this network; there are: "
          + known.sorted().joined(separator: ", "))
    }
  }
}
