/// Runs pictures of any size through a network on the processor: preprocessing, a plan for each input
/// shape, scores. What sessions and evaluation share.
final class Segmenter: PictureSegmenter {
  let pool: WorkerPool
  let network: Network
  private let parameters: any ParameterSource
  private let packedWeights: PackedWeights<AlignedMemory>
  private let preprocessing: Preprocessing
  private let disabledForms: Set<String>
  private let precision: Precision
  /// What `int8` needs to know; measured on the first pictures where nobody has.
  private(set) var ranges: ValueRanges?
  private let allocator: Allocator
  private let largestMemory: Int
  /// Of the shape that ran last: pictures mostly come in one size, and a plan holds much memory.
  private var plan: Plan?
  /// Whether it was to make labels where it can.
  private var makesLabels = false

  init(
    _ network: Network, parameters: any ParameterSource,
    packedWeights: PackedWeights<AlignedMemory> = PackedWeights(),
    preprocessing: Preprocessing, pool: WorkerPool,
    disabledForms: Set<String> = [], precision: Precision = .float32,
    ranges: ValueRanges? = nil, allocator: Allocator = .system, largestMemory: Int = .max
  ) throws {
    try preprocessing.checkChannels(of: network)
    self.network = network
    self.parameters = parameters
    self.packedWeights = packedWeights
    self.preprocessing = preprocessing
    self.pool = pool
    self.disabledForms = disabledForms
    self.precision = precision
    self.ranges = ranges
    self.allocator = allocator
    self.largestMemory = largestMemory
  }

  func inputShape(_ picture: PixelView) -> Shape { preprocessing.inputShape(picture, network) }

  func run(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)? = nil
  ) throws -> [any SegmentedPicture] {
    guard let first = pictures.first else { return [] }
    var shape = inputShape(first)
    shape.n = pictures.count
    if precision == .int8, ranges == nil {
      ranges = try measureRanges(
        pictures.count, { _, _ in progress?(Network.inputName, 0, 1) ?? true }
      ) { index, body in
        try body(pictures[pictures.startIndex + index])
      }
    }
    // Labels are of the scores at the picture's own size.
    let isOwnSize = pictures.allSatisfy { networkSize($0) == ($0.width, $0.height) }
    let plan = try plan(for: shape, makesLabels: isOwnSize)
    func fill() throws {
      for (n, picture) in pictures.enumerated() {
        try preprocessing.fill(plan.input, n, from: picture, pool)
      }
    }
    try fill()
    try plan.run(progress: progress)
    try checkScores(of: plan, resizes: plan.lastResize != nil, refill: fill)
    return try pictures.enumerated().map { n, picture in
      if let ranked = plan.ranked, let labels = plan.labels {
        return try RankedPicture(plan, ranked, labels, n, picture)
      }
      return try ScoreView(
        plan.output, n, plan.lastResize, plan.loops, width: picture.width, height: picture.height,
        networkSize: networkSize(picture))
    }
  }

  private func networkSize(_ picture: PixelView) -> (width: Int, height: Int) {
    preprocessing.networkSize(width: picture.width, height: picture.height)
  }

  /// Writes the labels that `resize` makes of the scores of `tile`, a part of a picture that lies in the top
  /// left corner of an input of `shape`.
  func segmentTile(
    _ tile: PixelView, _ shape: Shape, _ resize: LastResize,
    to labels: UnsafeMutablePointer<UInt8>,
    progress: @escaping (_ layer: String, _ done: Int, _ total: Int) -> Bool
  ) throws {
    let plan = try plan(for: shape, makesLabels: false)
    try preprocessing.fill(plan.input, 0, from: tile, pool)
    try plan.run(progress: progress)
    try checkScores(of: plan, resizes: true) {
      try preprocessing.fill(plan.input, 0, from: tile, pool)
    }
    let (width, height) = (resize.columns.low.count, resize.rows.low.count)
    let scores = try planar(plan.output)
    try ScoreView(
      scores, 0, resize, plan.loops, width: width, height: height, networkSize: (width, height)
    ).copyLabels(to: labels, pool)
  }

  /// `scores` with each class's in a plane of its own, as a resize reads them.
  private func planar(_ scores: Tensor) throws -> Tensor {
    guard scores.layout == .blocked else { return scores }
    let made = try Tensor(scores.shape)
    let change = LayoutChange(scores.shape, to: .planar)
    change.forward(
      ForwardCall(
        inputs: [scores], output: made, parameters: [],
        workers: try Workers(pool: pool, forms: [change])))
    return made
  }

  /// Bytes of activations and scratch memory that tiles of `shape` take.
  func activationByteCount(_ shape: Shape) throws -> Int {
    try plan(for: shape, makesLabels: false).byteCount
  }

  /// Throws where scores are not finite, or values between layers that became bytes; `refill` gives the plan
  /// its input again.
  private func checkScores(
    of plan: Plan, resizes: Bool, refill: () throws -> Void
  ) throws {
    if let layer = plan.firstHidden() { throw FCNError.valuesNotFinite(layer) }
    // A resize takes differences, which scores of half the largest float can be too large for.
    let factor = plan.ranked?.gain ?? (resizes ? 2 : 1)
    guard !isFinite(plan.output, pool, times: factor) else { return }
    try pool.checkGoesOn()
    if let ranked = plan.ranked, try ranked.areFinite(plan.output, pool) { return }
    try refill()
    throw FCNError.scoresNotFinite(try plan.firstNotFinite(), precision)
  }

  func stepTimes(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
  ) throws -> [StepTime] {
    // Progress is told of before every step, so that the time between is the step's.
    var begun: [Double] = []
    _ = try run(pictures) { layer, done, total in
      begun.append(monotonicSeconds())
      return progress?(layer, done, total) ?? true
    }
    begun.append(monotonicSeconds())
    return zip(steps, zip(begun, begun.dropFirst())).map {
      StepTime(step: $0, seconds: $1.1 - $1.0)
    }
  }

  var byteCount: Int { plan?.byteCount ?? 0 }

  /// To be called when the parameters' values have changed, for plans hold them packed.
  func parametersChanged() { plan = nil }

  var steps: [RunStep] {
    (plan?.steps ?? []).map { RunStep($0.name, $0.formName, $0.work) }
  }

  /// The ranges of what the network's layers make of `count` pictures: see `RangeMeasurement.measure`.
  func measureRanges(
    _ count: Int, _ progress: ((_ done: Int, _ total: Int) -> Bool)? = nil,
    _ withPicture: (_ index: Int, _ body: (PixelView) throws -> Void) throws -> Void
  ) throws -> ValueRanges {
    var plan: Plan?
    return try RangeMeasurement.measure(count, pool, progress) { index, measurement in
      try withPicture(index) { picture in
        let shape = inputShape(picture)
        if plan?.input.shape != shape {
          plan = nil
          plan = try Plan(
            network, parameters: parameters, inputShape: shape, pool: pool, weights: packedWeights,
            disabledForms: disabledForms.union([BorderReduction.name]), fuses: false,
            allocator: allocator, largestMemory: largestMemory)
        }
        guard let plan else { return }
        try preprocessing.fill(plan.input, 0, from: picture, pool)
        try plan.run { name, made in
          // Pictures are no layer's.
          if name != Network.inputName { try measurement.add(name, made) }
        }
        guard isFinite(plan.output, pool) else {
          try preprocessing.fill(plan.input, 0, from: picture, pool)
          throw FCNError.scoresNotFinite(try plan.firstNotFinite(), .float32)
        }
      }
    }
  }

  private func plan(for shape: Shape, makesLabels: Bool) throws -> Plan {
    if let plan, plan.input.shape == shape, self.makesLabels == makesLabels { return plan }
    // The last plan's memory goes before the next one's comes, but not what it had packed.
    let packed = plan?.packedWeights
    plan = nil
    let made = try withExtendedLifetime(packed) {
      try Plan(
        network, parameters: parameters, inputShape: shape, pool: pool, weights: packedWeights,
        disabledForms: disabledForms, precision: precision, ranges: ranges, leavesScores: true,
        makesLabels: makesLabels, allocator: allocator, largestMemory: largestMemory)
    }
    (plan, self.makesLabels) = (made, makesLabels)
    return made
  }
}
