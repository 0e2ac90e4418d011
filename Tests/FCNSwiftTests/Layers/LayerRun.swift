import FCNLoopTypes
import Testing

@testable import FCNSwift

/// One form of an operation, run forward and backward on guarded memory.
final class LayerRun {
  /// What a backward pass leaves.
  struct Gradients {
    var inputs: [Tensor]
    /// Of the learned parameters, in the operation's order; statistics have none.
    var parameters: [Tensor]
    var all: [Tensor] { inputs + parameters }
  }

  let operation: any Operation
  let outputShape: Shape
  /// How many of the operation's parameters, the first ones, are learned.
  let learnedCount: Int
  /// Whether the form has a backward pass.
  var trains: Bool { form.trains }
  private let form: Form
  private var formName: String { form.name }
  private let prepared: any PreparedForm
  private let memory = GuardedAllocator()
  private var workers: Workers?
  private let inputs: [Tensor]
  private let parameters: [Tensor]
  private var forwardOutput: Tensor?

  /// nil where the form does not serve these shapes.
  init?(
    _ operation: any Operation, _ form: Form, inputs: [Tensor], parameters: [Tensor],
    threads: Int = 1, loops: LoopTable? = nil, epilogue: Epilogue = Epilogue(),
    allowsBFloats: Bool = false
  ) throws {
    let shapes = inputs.map(\.shape)
    outputShape = try operation.outputShape(of: shapes)
    let request = FormRequest(
      inputs: shapes, output: outputShape, epilogue: epilogue,
      loops: try loops ?? Loops.chosen(), allowsBFloats: allowsBFloats)
    guard let prepared = form.make(request) else { return nil }
    self.operation = operation
    self.prepared = prepared
    self.form = form
    self.inputs = inputs
    self.parameters = parameters
    learnedCount = operation.parameters(inputChannels: shapes[0].c).count { $0.role != .statistic }
    workers = try Workers(
      pool: WorkerPool(threads: threads), forms: [prepared], allocator: memory.allocator)
  }

  deinit {
    // Scratch is checked when it goes.
    workers = nil
    #expect(memory.overrunCount == 0, "\(formName) wrote beyond its scratch memory")
  }

  /// Runs forward; parameters that are statistics change.
  func forward(training: Bool = false, seed: UInt64 = 0) throws -> Tensor {
    let output = try GuardedTensor(outputShape, form.layouts.makes)
    let lying = try inputs.map { try $0.laidOut(form.layouts.takes) }
    prepared.forward(try forwardCall(lying, to: output.tensor, training, seed))
    #expect(output.isIntact, "\(formName) wrote beyond its output")
    forwardOutput = try output.tensor.copyOfMemory()
    return try output.tensor.laidOut(.planar)
  }

  /// Runs backward after `forward`.
  func backward(_ upstream: Tensor, seed: UInt64 = 0) throws -> Gradients {
    let inputCount = inputs.count
    let all = try gradients(upstream, seed) { _ in true }.compactMap { $0 }
    return Gradients(inputs: Array(all[..<inputCount]), parameters: Array(all[inputCount...]))
  }

  /// Runs backward as if only one of the gradients, inputs' first, were wanted.
  func backward(_ upstream: Tensor, wanting index: Int, seed: UInt64 = 0) throws -> Tensor? {
    try gradients(upstream, seed) { $0 == index }[index]
  }

  /// Runs forward and backward with each output in the place of its input, as plans do for
  /// operations that allow it.
  func inPlace(
    _ upstream: Tensor, training: Bool = false, seed: UInt64 = 0
  ) throws -> (output: Tensor, gradient: Tensor) {
    let value = try GuardedTensor(copying: inputs[0].laidOut(form.layouts.takes))
    prepared.forward(try forwardCall([value.tensor], to: value.tensor, training, seed))
    let gradient = try GuardedTensor(copying: upstream.laidOut(form.layouts.makes))
    try #require(prepared as? any PreparedTrainingForm).backward(
      BackwardCall(
        inputs: [value.tensor], output: value.tensor, parameters: parameters,
        outputGradient: gradient.tensor, inputGradients: [gradient.tensor], parameterGradients: [],
        workers: try requireWorkers(), seed: seed))
    #expect(value.isIntact && gradient.isIntact, "\(formName) wrote beyond its tensors in place")
    return (try value.tensor.laidOut(.planar), try gradient.tensor.laidOut(.planar))
  }

  private func requireWorkers() throws -> Workers { try #require(workers) }

  private func forwardCall(
    _ inputs: [Tensor], to output: Tensor, _ training: Bool, _ seed: UInt64
  ) throws -> ForwardCall {
    let workers = try requireWorkers()
    return ForwardCall(
      inputs: inputs, output: output, parameters: parameters,
      packed: prepared.packing == nil ? nil : try prepared.pack(parameters, workers.pool),
      workers: workers, training: training, seed: seed)
  }

  private func gradients(
    _ upstream: Tensor, _ seed: UInt64, where isWanted: (Int) -> Bool
  ) throws -> [Tensor?] {
    let output = try #require(forwardOutput, "backward comes after forward")
    let (takes, makes) = form.layouts
    let places = try (inputs + parameters.prefix(learnedCount)).enumerated().map {
      isWanted($0) ? try GuardedTensor($1.shape, $0 < inputs.count ? takes : .planar) : nil
    }
    let statistics = [Tensor?](repeating: nil, count: parameters.count - learnedCount)
    try #require(prepared as? any PreparedTrainingForm).backward(
      BackwardCall(
        inputs: try inputs.map { try $0.laidOut(takes) }, output: output, parameters: parameters,
        outputGradient: try upstream.laidOut(makes),
        inputGradients: places[..<inputs.count].map { $0?.tensor },
        parameterGradients: places[inputs.count...].map { $0?.tensor } + statistics,
        workers: try requireWorkers(), seed: seed))
    for case let place? in places {
      #expect(place.isIntact, "\(formName) wrote beyond a gradient")
    }
    return try places.map { try $0?.tensor.laidOut(.planar) }
  }
}

extension Tensor {
  /// The same elements in another layout; itself where that is its own.
  func laidOut(_ layout: Layout) throws -> Tensor {
    guard layout != self.layout else { return self }
    // As in plans, there is room behind the last row that forms read.
    let count = layout.count(shape)
    let memory = try AlignedMemory(count: count + microKernelRows * channelBlock)
    memory.pointer.update(repeating: .nan, count: memory.count)
    let target = Tensor(shape, layout, memory: memory, offset: 0)
    let change = LayoutChange(shape, to: layout)
    change.forward(
      ForwardCall(
        inputs: [self], output: target, parameters: [],
        workers: try Workers(pool: WorkerPool(threads: 1), forms: [change])))
    return target
  }

  /// The same elements in memory of its own.
  func copy() throws -> Tensor { try Tensor(shape, elements) }

  /// The same in memory of its own, in its layout.
  func copyOfMemory() throws -> Tensor {
    let count = layout.count(shape)
    let memory = try AlignedMemory(count: count)
    memory.pointer.update(from: pointer, count: count)
    return Tensor(shape, layout, memory: memory, offset: 0)
  }

  /// The elements' bits, in which NaNs and signs of zero differ.
  var bits: [UInt32] { elements.map(\.bitPattern) }
}
