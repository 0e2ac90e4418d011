import FCNLoopTypes

/// A network ready to run on inputs of one shape: forms chosen, weights packed, memory laid out,
/// nothing left to allocate. One thread at a time may use it.
final class Plan {
  /// Where the caller puts the preprocessed pictures, N×C×H×W. Its contents do not survive a run.
  let input: Tensor
  /// The scores, N×classes×H×W; valid until the next run. Before the last resize, where that is left, and
  /// before the last upsampling, where that makes labels.
  let output: Tensor
  /// The last layer, where it is left to whoever reads the scores.
  let lastResize: LastResize?
  /// What the last layer does, where a run makes labels of it.
  let ranked: RankedScores?
  let loops: LoopTable
  /// Bytes of activations and scratch memory.
  let byteCount: Int
  /// What runs, in order.
  let steps: [Step]

  /// A prepared form with all that it works on.
  struct Step {
    /// The layers that it covers.
    let name: String
    let formName: String
    fileprivate let prepared: any PreparedForm
    let call: ForwardCall
    /// Set where it makes labels, which then are its output's memory.
    fileprivate let ranking: (any RankingForm)?

    /// What there is to do.
    var work: StepWork? { prepared.work }

    fileprivate func run() {
      guard let ranking else { return prepared.forward(call) }
      ranking.rank(call, to: labels)
    }

    /// N×H×W.
    fileprivate var labels: UnsafeMutablePointer<UInt8> {
      UnsafeMutableRawPointer(call.output.pointer).assumingMemoryBound(to: UInt8.self)
    }
  }

  /// What its forms read instead of the model's own weights.
  var packedWeights: [AlignedMemory] { steps.map(\.call.packed) }

  /// Packed weights come from `weights`, or are the plan's own; with them it may have no more bytes than
  /// `largestMemory`, else nothing is allocated and `outOfMemory` thrown. `leavesScores` leaves scores as
  /// they come to whoever reads them: in their layout, and before a last layer that enlarges them. With
  /// `makesLabels` a last form that can makes labels, and scores only for who asks `ranked` for them.
  init(
    _ whole: Network, parameters: any ParameterSource, inputShape: Shape, pool: WorkerPool,
    weights: PackedWeights<AlignedMemory> = PackedWeights(), disabledForms: Set<String> = [],
    precision: Precision = .float32, ranges: ValueRanges? = nil, leavesScores: Bool = false,
    makesLabels: Bool = false, fuses: Bool = true, loops: LoopTable? = nil,
    allocator: Allocator = .system,
    largestMemory: Int = .max
  ) throws {
    try BilinearAxis.requireMemory(height: inputShape.h, width: inputShape.w)
    let whole = try whole.concrete(for: inputShape)
    let reduced =
      disabledForms.contains(BorderReduction.name)
      ? whole : try whole.reducingBorders(for: inputShape)
    let (network, last) =
      leavesScores ? try reduced.leavingLastResize(for: inputShape) : (reduced, nil)
    lastResize = last
    let loops = try loops ?? Loops.chosen()
    self.loops = loops
    let schedule = try NetworkSchedule(
      network, inputShape: inputShape,
      ProcessorSchedule(
        disabledForms: disabledForms, precision: precision, loops: loops,
        leavesScores: leavesScores && last == nil, fuses: fuses,
        scalings: ranges?.scalings(of: network) ?? [:]))
    let rooms = schedule.steps.map { WorkerRoom([$0.prepared]) }
    // Of scores that are still to be enlarged there are no labels yet.
    let ranking = makesLabels && last == nil ? schedule.lastRanking : nil
    var sizes = schedule.bufferSizes()
    let scores = schedule.values[schedule.output]
    let labelCount = scores.place.shape.n * scores.place.shape.planeCount
    if ranking != nil { sizes[scores.buffer] = (labelCount + 3) / 4 }
    let values = zip(sizes, try schedule.lifetimes()).map {
      MemoryPlan.Buffer(count: $0, lifetime: $1)
    }
    let scratch = rooms.enumerated().map { step, room in
      MemoryPlan.Buffer(count: room.count(pool.threadCount), lifetime: step...step)
    }
    let arena = MemoryPlan(values + scratch)
    // Micro-kernels read, and do not use, rows after the last.
    let slack = microKernelRows * channelBlock
    try MemoryLimit(largestMemory).check(
      arena.total + slack, packed: schedule.steps.reduce(0) { $0 + $1.prepared.packedCount },
      for: inputShape)
    let memory = try AlignedMemory(count: arena.total + slack, from: allocator)
    let tensors = schedule.values.enumerated().map { index, value in
      // Labels are bytes; as floats they have no shape of their own.
      ranking != nil && index == schedule.output
        ? Tensor(
          Shape(1, 1, 1, sizes[value.buffer]), memory: memory, offset: arena.offsets[value.buffer])
        : Tensor(
          value.place.shape, value.place.layout, memory: memory,
          offset: arena.offsets[value.buffer] + value.place.offset)
    }
    input = tensors[0]
    output = tensors[ranking?.input ?? schedule.output]
    steps = try schedule.steps.enumerated().map { index, step in
      var (tensorsOfLayer, packed): ([Tensor], AlignedMemory?) = ([], nil)
      if let layer = step.layers.first {
        func own() throws -> [Tensor] {
          try step.layers.flatMap { try parameters.finiteTensors(of: $0, in: network, pool) }
        }
        packed = try weights.memory(for: step.prepared, network.layers[layer].name, pool, own)
        guard packed != nil || step.prepared.packing == nil else {
          throw FCNError(
            .internalDefect, "layer \(step.name): \(step.formName) wants weights that nobody packed"
          )
        }
        if packed == nil {
          tensorsOfLayer = try own()
        } else {
          for layer in step.layers { parameters.forget(layer, in: network) }
        }
      }
      let call = ForwardCall(
        inputs: step.inputs.map { tensors[$0] }, output: tensors[step.output],
        parameters: tensorsOfLayer, packed: packed,
        workers: Workers(
          pool: pool, rooms[index], memory: memory, offset: arena.offsets[values.count + index]))
      return Step(
        name: step.name, formName: step.formName, prepared: step.prepared, call: call,
        ranking: index == schedule.steps.count - 1 ? ranking?.form : nil)
    }
    let lastStep = steps.last
    ranked = ranking.flatMap { ranking in
      lastStep.map { RankedScores(ranking.form, $0.name, scores.place.shape, $0.call, loops) }
    }
    byteCount = memory.count * MemoryLayout<Float>.stride
    if schedule.steps.contains(where: { $0.prepared.usesMatrixLibrary }) {
      try pool.requireMatrixMemory()
    }
    // Weights that nobody looked at to the end must not pass for finite.
    try pool.checkGoesOn()
  }

  /// The first step of the last run that made bytes of values that are NaN or infinite, which scores may not
  /// show; nil where none did.
  func firstHidden() -> String? {
    var first: String?
    for step in steps where step.prepared.hidNotFinite() && first == nil { first = step.name }
    return first
  }

  /// Runs every step on what `input` was filled with anew, to find the first values that are not finite,
  /// in words; nil where all are.
  func firstNotFinite() throws -> String? {
    if !isFinite(input) { return "the network's input" }
    for step in steps {
      let isFine: Bool
      if step.ranking != nil, let ranked {
        isFine = try ranked.areFinite(output, step.call.workers.pool)
      } else {
        step.run()
        isFine = isFinite(step.call.output) && !step.prepared.hidNotFinite()
      }
      if !isFine { return "layer \(step.name)" }
    }
    return nil
  }

  /// N×H×W labels, where a run makes them; valid until the next.
  var labels: UnsafePointer<UInt8>? {
    ranked == nil ? nil : steps.last.map { UnsafePointer($0.labels) }
  }

  /// Runs every step and hands on what each made, under its layers' names.
  func run(observing observe: (_ layers: String, _ made: Tensor) throws -> Void) throws {
    for step in steps {
      step.run()
      try step.call.workers.pool.checkGoesOn("within layer \(step.name)")
      try observe(step.name, step.call.output)
    }
  }

  /// Runs every step. Before each, `progress` hears its name, how many steps are done and how many
  /// there are; false stops the run with `aborted`.
  func run(progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)? = nil) throws {
    // A run that was stopped may have left something.
    _ = firstHidden()
    for (index, step) in steps.enumerated() {
      if let progress, !progress(step.name, index, steps.count) {
        throw FCNError(.aborted, "stopped before layer \(step.name)")
      }
      step.run()
      try step.call.workers.pool.checkGoesOn("within layer \(step.name)")
    }
  }
}
