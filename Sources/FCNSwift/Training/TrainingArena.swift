/// The memory of a training plan. Values live until the backward step of the layer that made them,
/// gradients from the first step that writes to them; so the gradients of late layers take the
/// place of nothing, and those of early layers that of late values.
struct TrainingArena {
  /// Whether each layer has learned parameters or passes gradients on to one that has.
  let wantsGradient: [Bool]
  private let wiring: Wiring
  private let memory: AlignedMemory
  private let offsets: [Int]
  /// For each layer and input: where its gradient goes, nil where nobody wants it.
  private let targets: [[Target?]]

  /// A gradient's destination: the value's own buffer, or a scratch buffer to be added to that.
  private struct Target {
    let shape: Shape
    let buffer: Int
    let scratch: Int?
  }

  init(_ wiring: Wiring, learned: Set<String>) throws {
    self.wiring = wiring
    let network = wiring.network
    let layerCount = network.layers.count
    var wantsGradient: [Bool] = []
    for index in 0..<layerCount {
      wantsGradient.append(
        network.parametersByLayer[index].contains { learned.contains($0.name) }
          || network.inputIndices[index].contains { $0 >= 0 && wantsGradient[$0] })
    }
    self.wantsGradient = wantsGradient

    // Forward of layer i is step i, the loss step L, backward of layer i step 2L − i. The first
    // buffers hold values, the next as many gradients, the rest scratch gradients.
    let counts = wiring.bufferCounts()
    var buffers = counts.map { MemoryPlan.Buffer(count: $0, lifetime: 0...2 * layerCount) }
    var firstMaker: [Int: Int] = [:]
    for (index, buffer) in wiring.buffers.enumerated() where firstMaker[buffer] == nil {
      firstMaker[buffer] = index
    }
    for (buffer, maker) in firstMaker {
      // The layer that made the value may read it going backward; nothing after that does.
      buffers[buffer].lifetime = maker...(2 * layerCount - maker)
    }
    var gradients = counts.map { MemoryPlan.Buffer(count: $0, lifetime: 0...0) }
    var written: Set<Int> = []
    for index in wiring.scoreLayers {
      let buffer = wiring.buffers[index]
      gradients[buffer].lifetime = layerCount...(2 * layerCount - (firstMaker[buffer] ?? 0))
      written.insert(buffer)
    }
    var scratch: [MemoryPlan.Buffer] = []
    var targets = [[Target?]](repeating: [], count: layerCount)
    for index in (0..<layerCount).reversed() {
      let step = 2 * layerCount - index
      targets[index] = network.inputIndices[index].map { source in
        guard source >= 0, wantsGradient[source], wantsGradient[index] else { return nil }
        let (buffer, shape) = (wiring.buffers[source], wiring.shapes[source])
        if buffer == wiring.buffers[index] {
          return Target(shape: shape, buffer: buffer, scratch: nil)  // runs in place backward too
        }
        if written.insert(buffer).inserted {
          let maker = firstMaker[buffer] ?? 0
          gradients[buffer].lifetime = step...(2 * layerCount - maker)
          return Target(shape: shape, buffer: buffer, scratch: nil)
        }
        scratch.append(MemoryPlan.Buffer(count: shape.count, lifetime: step...step))
        return Target(shape: shape, buffer: buffer, scratch: scratch.count - 1)
      }
    }
    // Gradients that nobody writes take no room.
    for index in gradients.indices where !written.contains(index) { gradients[index].count = 0 }
    let plan = MemoryPlan(buffers + gradients + scratch)
    memory = try AlignedMemory(count: plan.total)
    offsets = plan.offsets
    self.targets = targets
  }

  /// The value in `buffer`.
  func value(_ buffer: Int, _ shape: Shape) -> Tensor {
    Tensor(shape, memory: memory, offset: offsets[buffer])
  }

  /// The gradient of the value in `buffer`.
  func gradient(_ buffer: Int, _ shape: Shape) -> Tensor {
    Tensor(shape, memory: memory, offset: offsets[wiring.bufferCount + buffer])
  }

  /// Where the gradients of layer `index`'s inputs are written, and what each is then added to.
  func inputGradients(_ index: Int) -> [(written: Tensor, total: Tensor?)?] {
    targets[index].map { target in
      target.map { target in
        let own = gradient(target.buffer, target.shape)
        guard let scratch = target.scratch else { return (own, nil) }
        let part = Tensor(
          target.shape, memory: memory, offset: offsets[2 * wiring.bufferCount + scratch])
        return (part, own)
      }
    }
  }
}
