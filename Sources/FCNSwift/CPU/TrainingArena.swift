/// The memory of a training plan on the processor.
struct TrainingArena {
  /// Whether each layer has learned parameters or passes gradients on to one that has.
  var wantsGradient: [Bool] { placement.wantsGradient }
  private let topology: TrainingTopology
  private let placement: TrainingPlacement
  private let memory: AlignedMemory

  init(_ topology: TrainingTopology, learned: Set<String>) throws {
    self.topology = topology
    placement = try TrainingPlacement(
      topology, learned: learned, inputSize: topology.inputShape.count,
      sizes: topology.shapes.map(\.count))
    memory = try AlignedMemory(count: placement.total)
  }

  /// The value in `buffer`.
  func value(_ buffer: Int, _ shape: Shape) -> Tensor {
    Tensor(shape, memory: memory, offset: placement.value(buffer))
  }

  /// The gradient of the value in `buffer`.
  func gradient(_ buffer: Int, _ shape: Shape) -> Tensor {
    Tensor(shape, memory: memory, offset: placement.gradient(buffer))
  }

  /// Where the gradients of layer `index`'s inputs are written, and what each is then added to.
  func inputGradients(_ index: Int) -> [(written: Tensor, total: Tensor?)?] {
    placement.inputGradients(index).map { target in
      target.map { target in
        let shape = topology.shapes[target.layer]
        func tensor(_ offset: Int) -> Tensor { Tensor(shape, memory: memory, offset: offset) }
        return (tensor(target.written), target.total.map(tensor))
      }
    }
  }
}
