/// A form made ready for fixed shapes. Made once with the plan; holds what it must remember between
/// a forward and the backward that follows.
protocol PreparedForm: AnyObject {
  /// Scratch floats that each worker needs.
  var workspacePerWorker: Int { get }
  /// Scratch floats that all workers share.
  var sharedWorkspace: Int { get }

  /// What the packed form of its parameters is called, the same for forms that pack alike; nil where
  /// it reads parameters as they are.
  var packing: String? { get }

  /// Floats that `pack` makes.
  var packedCount: Int { get }

  /// Its parameters, packed; called only where `packing` names a form.
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory

  /// Whether its products are OpenBLAS's, which wants memory for every thread.
  var usesMatrixLibrary: Bool { get }

  /// Whether it makes bytes, as it was asked to, of a form whose layouts do not say so.
  var makesBytes: Bool { get }

  /// Whether it adds bytes where what is added lies as such; else that is to be floats.
  var addsBytes: Bool { get }

  /// Whether values that it made bytes of since it was last asked were NaN or infinite, which bytes cannot
  /// show.
  func hidNotFinite() -> Bool

  /// How long it takes, in some unit; to choose between forms that give one.
  var cost: Double? { get }

  /// What it has to do; nil where that is next to nothing.
  var work: StepWork? { get }

  /// Computes the output from the inputs and parameters. Must write every element of the output.
  func forward(_ call: ForwardCall)
}

/// A prepared form that can go back, and so train. Plans for training hold no others.
protocol PreparedTrainingForm: PreparedForm {
  /// Computes the gradients that are asked for. Must write every element of each, adding nothing.
  func backward(_ call: BackwardCall)
}

extension PreparedForm {
  var workspacePerWorker: Int { 0 }
  var sharedWorkspace: Int { 0 }
  var packing: String? { nil }
  var packedCount: Int { 0 }
  var usesMatrixLibrary: Bool { false }
  var makesBytes: Bool { false }
  var addsBytes: Bool { false }
  func hidNotFinite() -> Bool { false }
  var cost: Double? { nil }

  var work: StepWork? { nil }
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    throw FCNError(.internalDefect, "a form that packs nothing was asked for packed parameters")
  }
}

/// What a form has to do, to judge its time by.
struct StepWork {
  /// Floating-point operations of the definition: a product and a sum are two.
  var nominal: Double
  /// Those that the form carries out in matrix products.
  var performed: Double
  /// Bytes that it must read and write at least once: inputs, outputs, weights.
  var bytes: Double
}

/// Threads and scratch memory for one form at a time.
struct Workers {
  let pool: WorkerPool
  private let memory: AlignedMemory
  private let offset: Int
  private let room: WorkerRoom
  /// Floats of the shared scratch that are somebody else's.
  private var taken = 0

  /// Room for the neediest of `forms`.
  init(pool: WorkerPool, forms: [any PreparedForm], allocator: Allocator = .system) throws {
    let room = WorkerRoom(forms)
    self.init(
      pool: pool, room,
      memory: try AlignedMemory(count: room.count(pool.threadCount), from: allocator), offset: 0)
  }

  /// Room inside `memory`, from float `offset` on.
  init(pool: WorkerPool, _ room: WorkerRoom, memory: AlignedMemory, offset: Int) {
    assert(offset >= 0 && offset + room.count(pool.threadCount) <= memory.count)
    self.pool = pool
    self.room = room
    self.memory = memory
    self.offset = offset
  }

  /// Floats of scratch in all.
  var floatCount: Int { room.count(pool.threadCount) }

  /// Scratch that all workers share.
  var shared: UnsafeMutablePointer<Float> { memory.pointer + offset + taken }

  /// A planar tensor of the shared scratch, from float `start` on.
  func tensor(_ shape: Shape, at start: Int) -> Tensor {
    Tensor(shape, memory: memory, offset: offset + taken + start)
  }

  /// The same without the first `count` floats of the shared scratch.
  func withoutShared(_ count: Int) -> Workers {
    var rest = self
    rest.taken += count
    return rest
  }

  /// Calls `body(task, scratch of the worker)` for every task.
  func run(_ taskCount: Int, _ body: @escaping (Int, UnsafeMutablePointer<Float>) -> Void) {
    let own = memory.pointer + offset + room.shared
    let stride = room.perWorker
    pool.run(taskCount) { task, worker in body(task, own + worker * stride) }
  }
}

/// How much scratch memory forms need, in floats.
struct WorkerRoom {
  /// For all threads together.
  let shared: Int
  /// For each.
  let perWorker: Int

  /// Enough for each of `forms`.
  init(_ forms: [any PreparedForm]) {
    shared = roundUp(forms.map(\.sharedWorkspace).max() ?? 0, toMultipleOf: 16)
    perWorker = roundUp(forms.map(\.workspacePerWorker).max() ?? 0, toMultipleOf: 16)
  }

  /// In all.
  func count(_ threads: Int) -> Int { shared + perWorker * threads }
}

/// What a forward pass works on.
struct ForwardCall {
  let inputs: [Tensor]
  let output: Tensor
  /// In the order of the operation's `parameters`.
  let parameters: [Tensor]
  /// What `PreparedForm.pack` made of them; empty for forms that pack nothing.
  let packed: AlignedMemory
  let workers: Workers
  /// Whether batch statistics are taken and units dropped.
  var training: Bool
  /// What random choices of this step and layer follow from.
  var seed: UInt64

  var input: Tensor { inputs[0] }

  /// Plans see to it that forms which pack their parameters get them packed.
  init(
    inputs: [Tensor], output: Tensor, parameters: [Tensor], packed: AlignedMemory? = nil,
    workers: Workers, training: Bool = false, seed: UInt64 = 0
  ) {
    self.inputs = inputs
    self.output = output
    self.parameters = parameters
    self.packed = packed ?? .empty
    self.workers = workers
    self.training = training
    self.seed = seed
  }
}

/// What a backward pass works on.
struct BackwardCall {
  let inputs: [Tensor]
  let output: Tensor
  let parameters: [Tensor]
  /// Forms that rectify what they make may change it, as a rectifier in place does.
  let outputGradient: Tensor
  /// nil where nobody wants it.
  let inputGradients: [Tensor?]
  /// nil where nobody wants it; in the order of the operation's `parameters`.
  let parameterGradients: [Tensor?]
  let workers: Workers
  /// As in the forward pass that came before.
  var seed: UInt64 = 0

  var input: Tensor { inputs[0] }
}

/// sums[c] = the sum of channel c of `tensor` over all pictures: a bias's gradient.
func sumPlanes(_ tensor: Tensor, to sums: UnsafeMutablePointer<Float>, _ workers: Workers) {
  workers.run(tensor.shape.c) { c, _ in
    var total = 0.0
    for n in 0..<tensor.shape.n { total += sum(tensor.plane(n, c), tensor.shape.planeCount) }
    sums[c] = Float(total)
  }
}

/// Divides `count` elements into tasks of a fixed size, large enough to be worth handing out.
func forEachChunk(
  _ size: Int = 1 << 15, of count: Int, _ workers: Workers, _ body: @escaping (Range<Int>) -> Void
) {
  workers.run((count + size - 1) / size) { task, _ in
    body(task * size..<min(count, (task + 1) * size))
  }
}
