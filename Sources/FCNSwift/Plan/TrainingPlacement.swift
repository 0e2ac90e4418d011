/// Where the values of a training plan lie in one block of memory. Values live until the backward step of
/// the layer that made them, gradients from the first step that writes to them; so the gradients of late
/// layers take the place of nothing, and those of early layers that of late values.
struct TrainingPlacement {
  /// Whether each layer has learned parameters or passes gradients on to one that has.
  let wantsGradient: [Bool]
  /// Units in all.
  let total: Int
  private let topology: TrainingTopology
  private let offsets: [Int]
  /// For each layer and input: where its gradient goes, nil where nobody wants it.
  private let targets: [[Target?]]

  /// A gradient's destination: the buffer of the layer whose output's it is, or scratch to be added to
  /// that.
  private typealias Target = (layer: Int, scratch: Int?)

  /// `size` tells how many units a value takes, sixteen of which may be kept apart.
  init(
    _ topology: TrainingTopology, learned: Set<String>, _ size: (TrainingValue) throws -> Int
  ) throws {
    try topology.checkCanLearn(learned)
    self.topology = topology
    let network = topology.network
    let layerCount = network.layers.count
    let wantsGradient = topology.wantsGradient(learned)
    self.wantsGradient = wantsGradient
    var counts = [Int](repeating: 0, count: topology.bufferCount)
    for layer in -1..<layerCount {
      let buffer = topology.buffer(layer)
      counts[buffer] = max(counts[buffer], try size(topology.value(layer)))
    }

    // Forward of layer i is step i, the loss step L, backward of layer i step 2L − i. The first
    // buffers hold values, the next as many gradients, the rest scratch gradients.
    var buffers = counts.map { MemoryPlan.Buffer(count: $0, lifetime: 0...2 * layerCount) }
    // The input's buffer is there before the first layer.
    var firstMaker = [Int](repeating: 0, count: topology.bufferCount)
    var made: Set<Int> = []
    for (index, buffer) in topology.buffers.enumerated() where made.insert(buffer).inserted {
      firstMaker[buffer] = index
      // The layer that made the value may read it going backward; nothing after that does.
      buffers[buffer].lifetime = index...(2 * layerCount - index)
    }
    var gradients = counts.map { MemoryPlan.Buffer(count: $0, lifetime: 0...0) }
    var written: Set<Int> = []
    for index in topology.scoreLayers {
      let buffer = topology.buffers[index]
      gradients[buffer].lifetime = layerCount...(2 * layerCount - firstMaker[buffer])
      written.insert(buffer)
    }
    var scratch: [MemoryPlan.Buffer] = []
    var targets = [[Target?]](repeating: [], count: layerCount)
    for index in (0..<layerCount).reversed() {
      let step = 2 * layerCount - index
      targets[index] = try network.inputIndices[index].map { source in
        guard source >= 0, wantsGradient[source], wantsGradient[index] else { return nil }
        let buffer = topology.buffers[source]
        if buffer == topology.buffers[index] { return (source, nil) }  // in place backward too
        if written.insert(buffer).inserted {
          gradients[buffer].lifetime = step...(2 * layerCount - firstMaker[buffer])
          return (source, nil)
        }
        scratch.append(
          MemoryPlan.Buffer(
            count: try size(topology.value(source)), lifetime: step...step))
        return (source, scratch.count - 1)
      }
    }
    // Gradients that nobody writes take no room.
    for index in gradients.indices where !written.contains(index) { gradients[index].count = 0 }
    let plan = MemoryPlan(buffers + gradients + scratch)
    total = plan.total
    offsets = plan.offsets
    self.targets = targets
  }

  /// Where the output of layer `index` begins; −1: the input.
  func value(_ index: Int) -> Int { offsets[topology.buffer(index)] }

  /// Where the gradient by it begins.
  func gradient(_ index: Int) -> Int { offsets[topology.bufferCount + topology.buffer(index)] }

  /// Of each input of layer `index` whose gradient somebody wants: the layer that made it, where its
  /// gradient is written, and the gradient that this is then added to.
  func inputGradients(_ index: Int) -> [(layer: Int, written: Int, total: Int?)?] {
    targets[index].map { target in
      target.map { layer, scratch in
        let own = gradient(layer)
        return scratch.map { (layer, offsets[2 * topology.bufferCount + $0], own) }
          ?? (layer, own, nil)
      }
    }
  }
}
