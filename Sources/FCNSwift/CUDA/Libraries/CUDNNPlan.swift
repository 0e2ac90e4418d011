/// What cuDNN has made ready to carry out a problem: an engine, with its settings.
final class CUDNNPlan {
  let handle: CUDNNHandle
  let descriptor: CUDNNDescriptor
  let workspaceByteCount: Int
  /// How long it took when it was tried out; nil where it was not.
  var milliseconds: Double?

  /// Throws where the engine turns out not to serve.
  init(_ configuration: CUDNNDescriptor, _ handle: CUDNNHandle) throws {
    self.handle = handle
    descriptor = try CUDNNDescriptor(.plan, handle)
    try descriptor.setHandle(.planHandle)
    try descriptor.set(.planConfiguration, configuration)
    try descriptor.finalize()
    workspaceByteCount = try descriptor.integer(.planWorkspace)
  }

  /// What the heuristics put first and serves, without trying it out: the same each time. Throws
  /// `unsupported` where there is nothing, or but engines without the matrix units that our own kernel
  /// uses.
  static func proposed(for problem: CUDNNProblem, _ handle: CUDNNHandle) throws -> CUDNNPlan {
    if let plan = handle.plans[problem]?.plan { return plan }
    var failure = FCNError(.unsupported, "cuDNN has no engine for this")
    for configuration in try CUDNNCandidates(
      problem, handle, mayCompile: false, wantsMatrixUnits: problem.precision != .float32
    ).configurations {
      do {
        let plan = try CUDNNPlan(configuration, handle)
        try plan.checkWorkspace()
        handle.remember(plan, for: problem)
        return plan
      } catch let error as FCNError where !handle.queue.context.isLost {
        failure = error
      }
    }
    throw failure
  }

  /// Throws `unsupported` where it wants too large a workspace.
  func checkWorkspace() throws {
    guard workspaceByteCount > DeviceTrial.mostWorkspace else { return }
    throw FCNError(
      .unsupported, "cuDNN wants a workspace of \(workspaceByteCount) bytes for this")
  }

  /// The addresses that it works on.
  func pack(
    _ bindings: CUDNNProblem.Bindings, workspace: CUDADriver.Address
  ) throws -> CUDNNDescriptor {
    let pack = try CUDNNDescriptor(.pack, handle)
    try pack.set(.packNumbers, bindings.numbers)
    try pack.set(.packAddresses, addresses: bindings.addresses)
    try pack.set(.packWorkspace, addresses: [workspace])
    try pack.finalize()
    return pack
  }
}

/// A plan that is carried out again and again, mostly on the same addresses.
final class CUDNNExecution {
  let problem: CUDNNProblem
  let plan: CUDNNPlan
  /// What the plan works on, and the addresses that it was made of.
  private var pack: (descriptor: CUDNNDescriptor, addresses: [CUDADriver.Address])?

  init(_ problem: CUDNNProblem, _ plan: CUDNNPlan) { (self.problem, self.plan) = (problem, plan) }

  /// Bytes to ask for; the workspace need not be aligned.
  var workspaceByteCount: Int { DeviceTrial.padded(plan.workspaceByteCount) }

  func enqueue(
    _ stream: DeviceStream, _ bindings: CUDNNProblem.Bindings, workspace: CUDADriver.Address
  ) throws {
    guard stream.queue === plan.handle.queue else {
      throw FCNError(.internalDefect, "a plan of cuDNN's is to run on a stream that it is not for")
    }
    let workspace = plan.workspaceByteCount == 0 ? 0 : DeviceTrial.aligned(workspace)
    let addresses = bindings.addresses + [workspace]
    if let pack, pack.addresses == addresses {
      return try plan.handle.execute(plan.descriptor, pack.descriptor)
    }
    let made = try plan.pack(bindings, workspace: workspace)
    pack = (made, addresses)
    try plan.handle.execute(plan.descriptor, made)
  }
}

/// The engine settings that cuDNN's heuristics propose for a problem, best first, and that may be used.
struct CUDNNCandidates {
  let configurations: [CUDNNDescriptor]

  /// At most so many are looked at.
  private static let most = 8
  /// Those that are compiled for the problem take a second each, so of them no more than this, and only
  /// where there are no others.
  private static let mostCompiled = 2

  init(
    _ problem: CUDNNProblem, _ handle: CUDNNHandle, mayCompile: Bool, wantsMatrixUnits: Bool = false
  ) throws {
    let graph = try problem.graph(handle)
    var ready: [CUDNNDescriptor] = []
    var compiled: [CUDNNDescriptor] = []
    func sort(_ configurations: [CUDNNDescriptor]) throws {
      for configuration in configurations where ready.count < Self.most {
        switch try Engine(configuration, problem.precision, wantsMatrixUnits) {
        case .ready: ready.append(configuration)
        case .compiled: compiled.append(configuration)
        case .excluded: break
        }
      }
    }
    try sort(try Self.proposals(graph, .trees, handle))
    // The heuristics name few of the engines that keep float32 as it is.
    if problem.precision == .float32 { try sort(try Self.engines(graph, handle)) }
    for mode in [CUDNNValue.HeuristicMode.fallback, .networks] where ready.isEmpty {
      try sort(try Self.proposals(graph, mode, handle))
    }
    configurations =
      ready.isEmpty && mayCompile ? Array(compiled.prefix(Self.mostCompiled)) : ready
  }

  private static func proposals(
    _ graph: CUDNNDescriptor, _ mode: CUDNNValue.HeuristicMode, _ handle: CUDNNHandle
  ) throws -> [CUDNNDescriptor] {
    let heuristics = try CUDNNDescriptor(.heuristics, handle)
    try heuristics.set(.heuristicGraph, graph)
    try heuristics.set(.heuristicMode, mode.rawValue)
    do {
      try heuristics.finalize()
      let room = try heuristics.count(.heuristicResults)
      guard room > 0 else { return [] }
      return try heuristics.descriptors(.heuristicResults, of: .configuration, atMost: room)
    } catch let error as FCNError where error.kind == .unsupported {
      // A mode may not know the graph though another does.
      return []
    }
  }

  /// Every engine with the settings that it has by itself, the first, which serves everything and is
  /// slow, left out.
  private static func engines(
    _ graph: CUDNNDescriptor, _ handle: CUDNNHandle
  ) throws -> [CUDNNDescriptor] {
    (1..<max(1, try graph.integer(.graphEngineCount))).compactMap { index in
      guard let engine = try? CUDNNDescriptor(.engine, handle) else { return nil }
      do {
        try engine.set(.engineGraph, graph)
        try engine.set(.engineIndex, index)
        try engine.finalize()
        let configuration = try CUDNNDescriptor(.configuration, handle)
        try configuration.set(.configurationEngine, engine)
        try configuration.finalize()
        return configuration
      } catch {
        // Most engines are for other problems.
        return nil
      }
    }
  }

  /// What may be done with an engine's settings.
  private enum Engine {
    case ready, compiled, excluded

    init(
      _ configuration: CUDNNDescriptor, _ precision: Precision, _ wantsMatrixUnits: Bool
    ) throws {
      guard
        let engine = try configuration.descriptors(
          .configurationEngine, of: .engine, atMost: 1
        ).first
      else {
        self = .excluded
        return
      }
      let most = CUDNNValue.mostNotes
      let notes = Set(try engine.numbers(.engineNumericalNotes, atMost: most))
      let matrixUnits = CUDNNValue.NumericalNote.matrixUnits.rawValue
      guard notes.isDisjoint(with: Engine.excluded(by: precision)),
        !wantsMatrixUnits || notes.contains(matrixUnits)
      else {
        self = .excluded
        return
      }
      let compiles = try engine.numbers(.engineBehaviorNotes, atMost: most)
        .contains(CUDNNValue.compiles)
      self = compiles ? .compiled : .ready
    }

    /// The notes of engines whose results would not be what the precision promises. That of the largest
    /// of Winograd's tiles loses bits even in float32; all of them in 16 bits. Sums are float32 always,
    /// and the same each time.
    private static func excluded(by precision: Precision) -> Set<Int32> {
      let never: [CUDNNValue.NumericalNote] = [.narrowsSums, .isNondeterministic, .winograd13]
      let others: [CUDNNValue.NumericalNote] =
        switch precision {
        case .float32: [.matrixUnits, .narrowsInputs]
        case .tf32: []
        default: [.winograd]
        }
      return Set((never + others).map(\.rawValue))
    }
  }
}
