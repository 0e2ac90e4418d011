/// Runs pictures of any size through a network: preprocessing, a plan for each input shape, scores.
/// What sessions and evaluation share. One thread at a time.
final class Segmenter {
  let pool: WorkerPool
  private let network: Network
  private let parameters: any ParameterSource
  private let packedWeights: PackedWeights
  private let preprocessing: Preprocessing
  private let disabledForms: Set<String>
  private let precision: Session.Precision
  private let allocator: Allocator
  /// Of the shape that ran last: pictures mostly come in one size, and a plan holds much memory.
  private var plan: Plan?

  init(
    _ network: Network, parameters: any ParameterSource,
    packedWeights: PackedWeights = PackedWeights(),
    preprocessing: Preprocessing, pool: WorkerPool,
    disabledForms: Set<String> = [], precision: Session.Precision = .float32,
    allocator: Allocator = .system
  ) throws {
    guard preprocessing.channels == network.inputChannels else {
      throw FCNError(
        .invalidArgument,
        "the preprocessing makes \(preprocessing.channels) channels, the network takes "
          + "\(network.inputChannels); pictures cannot be segmented with this model")
    }
    self.network = network
    self.parameters = parameters
    self.packedWeights = packedWeights
    self.preprocessing = preprocessing
    self.pool = pool
    self.disabledForms = disabledForms
    self.precision = precision
    self.allocator = allocator
  }

  /// The shape of the network's input for a picture of the given size.
  func inputShape(_ picture: PixelView) -> Shape {
    let size = preprocessing.networkSize(width: picture.width, height: picture.height)
    return Shape(
      1, network.inputChannels, roundUp(size.height, toMultipleOf: network.stride),
      roundUp(size.width, toMultipleOf: network.stride))
  }

  /// The scores of pictures that share one `inputShape`; valid until the next call.
  func run(
    _ pictures: ArraySlice<PixelView>,
    progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)? = nil
  ) throws -> [ScoreView] {
    guard let first = pictures.first else { return [] }
    var shape = inputShape(first)
    shape.n = pictures.count
    let plan = try plan(for: shape)
    for (n, picture) in pictures.enumerated() {
      try preprocessing.fill(plan.input, n, from: picture)
    }
    try plan.run(progress: progress)
    return pictures.enumerated().map { n, picture in
      ScoreView(
        plan.output, n, width: picture.width, height: picture.height,
        networkSize: preprocessing.networkSize(width: picture.width, height: picture.height))
    }
  }

  /// Bytes of activations and scratch of the plan that ran last.
  var planByteCount: Int { plan?.byteCount ?? 0 }

  /// To be called when the parameters' values have changed, for plans hold them packed.
  func parametersChanged() { plan = nil }

  /// The steps of the plan that ran last.
  var steps: [Plan.Step] { plan?.steps ?? [] }

  private func plan(for shape: Shape) throws -> Plan {
    if let plan, plan.input.shape == shape { return plan }
    // The last plan's memory goes before the next one's comes, but not what it had packed.
    let packed = plan?.packedWeights
    plan = nil
    let made = try withExtendedLifetime(packed) {
      try Plan(
        network, parameters: parameters, inputShape: shape, pool: pool, weights: packedWeights,
        disabledForms: disabledForms, precision: precision, allocator: allocator)
    }
    plan = made
    return made
  }
}
