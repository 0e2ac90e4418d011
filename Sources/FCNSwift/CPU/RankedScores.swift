import FCNLoopTypes

/// Scores that a plan's last form ranks, so that labels are all that is left of them: what they are made of
/// if somebody asks.
struct RankedScores {
  private let form: any RankingForm
  /// The layer, or layers, whose scores they are.
  let name: String
  /// N×classes×H×W.
  let shape: Shape
  private let parameters: [Tensor]
  private let packed: AlignedMemory
  let loops: LoopTable
  /// Where the largest of what the form reads times it is finite, so are all scores.
  let gain: Float

  init(
    _ form: any RankingForm, _ name: String, _ shape: Shape, _ call: ForwardCall, _ loops: LoopTable
  ) {
    (self.form, self.name, self.shape, self.loops) = (form, name, shape, loops)
    // Not the call itself, which holds all of the plan's memory.
    (parameters, packed) = (call.parameters, call.packed)
    gain = form.gain(call)
  }

  /// The scores, 1×classes×H×W, of picture `n` of `input`, which is what the form reads.
  func scores(of n: Int, _ input: Tensor, _ pool: WorkerPool) throws -> Tensor {
    let made = try Tensor(uninitialized: Shape(1, shape.c, shape.h, shape.w))
    form.forward(
      ForwardCall(
        inputs: [input], output: made, parameters: parameters, packed: packed,
        workers: try Workers(pool: pool, forms: [form])), pictures: n..<n + 1)
    return made
  }

  /// Whether all scores of all pictures of `input` are finite, one picture after the other.
  func areFinite(_ input: Tensor, _ pool: WorkerPool) throws -> Bool {
    for n in 0..<input.shape.n where !isFinite(try scores(of: n, input, pool), pool) {
      return false
    }
    return true
  }
}

extension NetworkSchedule<ProcessorSchedule> {
  /// The last step's form, and the value that it reads, where it makes the network's scores, nobody else has
  /// them, and it can make labels instead.
  var lastRanking: (form: any RankingForm, input: Int)? {
    guard let last = steps.last, last.output == output, last.inputs.count == 1,
      let form = last.prepared as? any RankingForm, form.ranks,
      values.count(where: { $0.buffer == values[output].buffer }) == 1
    else { return nil }
    return (form, last.inputs[0])
  }
}

/// A picture of which a run made labels, at its own size; and scores, if somebody asks for them.
final class RankedPicture: SegmentedPicture {
  let width: Int
  let height: Int
  /// Of the first pixel; rows are `rowStride` apart. In the plan's memory, or in `own`.
  private let labels: UnsafePointer<UInt8>
  private let rowStride: Int
  private let own: AlignedMemory?
  /// What scores are made of, of picture `n`.
  private let input: Tensor
  private let n: Int
  private let ranked: RankedScores
  /// Made when they were asked for first.
  private var view: ScoreView?

  /// Of picture `n`, in the top left corner of what `plan`, which made `labels`, ran on.
  init(
    _ plan: Plan, _ ranked: RankedScores, _ labels: UnsafePointer<UInt8>, _ n: Int,
    _ picture: PixelView
  ) throws {
    try ScoreView.requireCover(
      (ranked.shape.w, ranked.shape.h), of: (picture.width, picture.height))
    (width, height) = (picture.width, picture.height)
    self.labels = labels + n * ranked.shape.planeCount
    rowStride = ranked.shape.w
    own = nil
    (input, self.n, self.ranked) = (plan.output, n, ranked)
  }

  private init(copyOf other: RankedPicture, _ allocator: Allocator) throws {
    (width, height, rowStride) = (other.width, other.height, other.width)
    let memory = try AlignedMemory(count: (width * height + 3) / 4, from: allocator)
    let target = UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: UInt8.self)
    other.copyLabels(to: target)
    (own, labels) = (memory, UnsafePointer(target))
    let shape = other.input.shape
    input = try Tensor(uninitialized: Shape(1, shape.c, shape.h, shape.w), from: allocator)
    input.pointer.update(
      from: other.input.pointer + other.n * shape.pictureCount, count: shape.pictureCount)
    (n, ranked, view) = (0, other.ranked, nil)
  }

  var classCount: Int { ranked.shape.c }

  func copied(from allocator: Allocator) throws -> any SegmentedPicture {
    try RankedPicture(copyOf: self, allocator)
  }

  func copyLabels(to target: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) throws {
    copyLabels(to: target)
  }

  private func copyLabels(to target: UnsafeMutablePointer<UInt8>) {
    for y in 0..<height {
      (target + y * width).update(from: labels + y * rowStride, count: width)
    }
  }

  func copyScores(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
    try scores(pool).copyScores(to: target, pool)
  }

  func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
    try scores(pool).copyProbabilities(to: target, pool)
  }

  func copyProbabilities(
    _ plane: ProbabilityPlane, to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool
  ) throws {
    try scores(pool).copyProbabilities(plane, to: target, pool)
  }

  private func scores(_ pool: WorkerPool) throws -> ScoreView {
    if let view { return view }
    let made = try ScoreView(
      ranked.scores(of: n, input, pool), 0, nil, ranked.loops, width: width, height: height,
      networkSize: (width, height))
    view = made
    return made
  }
}
