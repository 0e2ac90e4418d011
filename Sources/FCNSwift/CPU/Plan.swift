/// A network ready to run on inputs of one shape: kernels chosen, memory laid out, nothing left to
/// allocate. One thread at a time may use it.
final class Plan {
  /// Where the caller puts the preprocessed pictures, N×C×H×W. Its contents do not survive a run.
  let input: Tensor
  /// The scores, N×classes×H×W; valid until the next run.
  let output: Tensor
  /// The form that was chosen for each layer, in order.
  let formNames: [String]
  /// Bytes of activations and scratch memory.
  let byteCount: Int
  private let layerNames: [String]
  private let steps: [(kernel: any Kernel, call: ForwardCall)]

  init(
    _ network: Network, parameters: ParameterTable, inputShape: Shape, pool: WorkerPool,
    disabledForms: Set<String> = [], allocator: Allocator = .system
  ) throws {
    let wiring = try Wiring(
      network, inputShape: inputShape, disabledForms: disabledForms, forTraining: false)
    let arena = try Plan.layOut(wiring, allocator)
    let workers = try Workers(pool: pool, kernels: wiring.kernels, allocator: allocator)
    func tensor(_ buffer: Int, _ shape: Shape) -> Tensor {
      Tensor(shape, memory: arena.memory, offset: arena.offsets[buffer])
    }
    input = tensor(0, inputShape)
    steps = try wiring.kernels.enumerated().map { index, kernel in
      let inputs = zip(wiring.inputBuffers(index), wiring.inputShapes(index)).map {
        tensor($0, $1)
      }
      let call = ForwardCall(
        inputs: inputs, output: tensor(wiring.buffers[index], wiring.shapes[index]),
        parameters: try network.parameterTensors(index, in: parameters), workers: workers)
      return (kernel, call)
    }
    let last = wiring.shapes.count - 1
    output = tensor(wiring.buffers[last], wiring.shapes[last])
    formNames = wiring.formNames
    layerNames = network.layers.map(\.name)
    byteCount = (arena.memory.count + workers.floatCount) * MemoryLayout<Float>.stride
  }

  /// Runs every layer. Before each, `progress` hears its name, how many layers are done and how many
  /// there are; false stops the run with `aborted`.
  func run(progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)? = nil) throws {
    for (index, step) in steps.enumerated() {
      if let progress, !progress(layerNames[index], index, steps.count) {
        throw FCNError(.aborted, "stopped by the caller before layer \(layerNames[index])")
      }
      step.kernel.forward(step.call)
    }
  }

  /// An arena in which each buffer lives from the layer that makes it to the last that reads it.
  private static func layOut(
    _ wiring: Wiring, _ allocator: Allocator
  ) throws -> (memory: AlignedMemory, offsets: [Int]) {
    var lifetimes = [ClosedRange<Int>](repeating: -1...(-1), count: wiring.bufferCount)
    var born = Set([0])
    for index in wiring.shapes.indices {
      for buffer in wiring.inputBuffers(index) {
        lifetimes[buffer] = lifetimes[buffer].lowerBound...index
      }
      let buffer = wiring.buffers[index]
      if born.insert(buffer).inserted { lifetimes[buffer] = index...index }
      lifetimes[buffer] = lifetimes[buffer].lowerBound...index
    }
    let plan = MemoryPlan(
      zip(wiring.bufferCounts(), lifetimes).map { MemoryPlan.Buffer(count: $0, lifetime: $1) })
    return (try AlignedMemory(count: plan.total, from: allocator), plan.offsets)
  }
}
