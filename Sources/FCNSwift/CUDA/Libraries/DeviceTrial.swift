import Synchronization

/// Memory in which forms of a convolution are tried out before the plan's own exists.
struct DeviceTrial {
  let inputs: [DeviceTensor]
  let output: DeviceTensor
  /// Addresses of weights and bias.
  let parameters: [CUDADriver.Address]
  let workspace: CUDADriver.Address
  private let stopwatch: DeviceStopwatch
  private let memory: DeviceMemory

  /// Alignment of every part, and of workspaces that libraries are handed.
  static let alignment = 256

  /// Throws `outOfMemory` where the device has none to spare. To be used with the context current.
  init(
    _ request: DeviceRequest, _ parameters: ConvolutionParameters, workspaceByteCount: Int,
    _ stream: DeviceStream
  ) throws {
    var byteCount = 0
    func reserve(_ count: Int) -> Int {
      let offset = byteCount
      byteCount += roundUp(count, toMultipleOf: Self.alignment)
      return offset
    }
    let tensors = request.inputs + [request.output]
    // A window is tried out as the whole that it begins.
    let offsets = tensors.map { reserve($0.spanByteCount + Int($0.view.address)) }
    let weights = reserve(parameters.byteCounts.weights)
    let bias = reserve(parameters.byteCounts.bias)
    let workspace = reserve(workspaceByteCount)
    let memory = try DeviceMemory(byteCount, in: stream.context)
    let base = memory.address
    let placed = zip(tensors, offsets).map { tensor, offset in
      var tensor = tensor
      tensor.base = base + UInt64(offset)
      return tensor
    }
    inputs = Array(placed.dropLast())
    output = placed[placed.count - 1]
    self.parameters = [base + UInt64(weights), base + UInt64(bias)]
    self.workspace = base + UInt64(workspace)
    self.memory = memory
    stopwatch = DeviceStopwatch(stream)
    // Numbers that are none, or very small ones, may take longer.
    try stream.clear(base, byteCount)
  }

  /// The quickest of `candidates` by its place among them; nil where all fail, with what the last said.
  /// `prepare` makes one ready and returns what hands it over.
  func quickest<Candidate>(
    of candidates: [Candidate], on stream: DeviceStream,
    _ prepare: (Candidate) throws -> () throws -> Void
  ) throws -> (best: (index: Int, milliseconds: Double)?, failure: FCNError?) {
    var best: (index: Int, milliseconds: Double)?
    var failure: FCNError?
    for (index, candidate) in candidates.enumerated() {
      do {
        let time = try stopwatch.milliseconds(best: best?.milliseconds, try prepare(candidate))
        if time < best?.milliseconds ?? .infinity { best = (index, time) }
      } catch let error as FCNError where !stream.context.isLost {
        failure = error
      }
    }
    // Until then the memory is in use.
    try stream.synchronize()
    return (best, failure)
  }

  /// `address` or the next that is aligned, as forms that ask for `padded` bytes have room for.
  static func aligned(_ address: CUDADriver.Address) -> CUDADriver.Address {
    (address + UInt64(alignment - 1)) / UInt64(alignment) * UInt64(alignment)
  }

  /// Bytes to ask for where `byteCount` aligned ones are wanted.
  static func padded(_ byteCount: Int) -> Int { byteCount == 0 ? 0 : byteCount + alignment }

  /// Most bytes that a form may have as its workspace.
  static let mostWorkspace = 256 << 20
}

extension DeviceContext {
  /// What trials of convolutions by cuDNN have shown on it.
  func cudnnResults() throws -> TrialResults<CUDNNProblem> {
    try shared.object("cuDNN") { TrialResults() }
  }

  /// The same of products by cuBLASLt.
  func cublasLtResults() throws -> TrialResults<CUBLASLtProblem> {
    try shared.object("cuBLASLt") { TrialResults() }
  }
}

/// What trials in a context have shown, so that a problem is tried out once and solved alike ever after.
final class TrialResults<Problem: Hashable & Sendable>: Sendable {
  /// The candidate that was quickest, by its place among them, and how long it took; or that there is
  /// none that serves.
  enum Choice: Sendable {
    case candidate(Int, milliseconds: Double)
    case unserved(String)
  }

  /// Most that are remembered: those of a hundred networks or shapes.
  private static var most: Int { 5000 }
  private let choices = Mutex<[Problem: Choice]>([:])

  subscript(problem: Problem) -> Choice? {
    get { choices.withLock { $0[problem] } }
    set {
      choices.withLock { choices in
        if choices.count >= Self.most { choices.removeAll() }
        choices[problem] = newValue
      }
    }
  }
}
