/// Segments pictures with a model. Holds activations and threads, so it belongs to one thread at a
/// time; any number of sessions may share a model.
public final class Session {
  /// How a session works.
  public struct Options: Sendable, Hashable {
    /// Threads, the caller's included; 0 means one for every core that the process may use. Results
    /// do not depend on it.
    public var threads: Int
    /// Most pictures that run together, 1…64; more need more memory.
    public var largestBatch: Int
    /// Fast forms that are switched off, such as `convolution.winograd4`, and `batch_norm.folding`; see
    /// `Session.formNames(of:)`.
    public var disabledForms: Set<String>
    /// The numbers that are multiplied: float32, int16 or int8 on the processor; float32, tf32, float16 or
    /// bfloat16 on a device.
    public var precision: Precision
    /// What the network runs on.
    public var device: Device
    /// The most pixels that a picture may have.
    public var largestPicture: Int
    /// The most bytes that the network's activations, scratch memory and prepared weights may take; on a
    /// device, its activations.
    public var largestMemory: Int

    /// Makes options; without arguments the defaults.
    public init(
      threads: Int = 0, largestBatch: Int = 8, disabledForms: Set<String> = [],
      precision: Precision = .float32, device: Device = .processor,
      largestPicture: Int = Image.largestPixelCount, largestMemory: Int = .max
    ) {
      self.threads = threads
      self.largestBatch = largestBatch
      self.disabledForms = disabledForms
      self.precision = precision
      self.device = device
      self.largestPicture = largestPicture
      self.largestMemory = largestMemory
    }
  }

  /// How far a run is.
  public struct Progress: Sendable, Hashable {
    /// Pictures of the run that are done, and all of them.
    public var picturesDone: Int
    /// Pictures of the run.
    public var pictureCount: Int
    /// Pictures that go through the network at present.
    public var batchCount: Int
    /// Steps of the present batch that are done; layers that are computed together are one.
    public var layersDone: Int
    /// Steps of a batch.
    public var layerCount: Int
    /// The layer that comes next, or the layers, joined by +.
    public var layerName: String

    /// All of a run of `count` pictures.
    static func finished(_ count: Int) -> Progress {
      Progress(
        picturesDone: count, pictureCount: count, batchCount: 0, layersDone: 0, layerCount: 0,
        layerName: "")
    }

    /// The part of the work that is done, 0 to 1, all layers taken alike.
    public var fraction: Float {
      let batch = Float(layersDone) / Float(max(1, layerCount)) * Float(batchCount)
      return (Float(picturesDone) + batch) / Float(max(1, pictureCount))
    }
  }

  /// The model whose scores it computes.
  public let model: Model
  let options: Options
  private let allocator: Allocator
  let segmenter: any PictureSegmenter
  /// Of the last run.
  var results: [any SegmentedPicture] = []

  /// Makes a session. Throws `invalidArgument` where an option is out of range, `outOfMemory` where
  /// the weights cannot be held, `unavailable` where there is no such device or a library that it needs
  /// is missing. On the processor, activations and scratch memory come from `allocator`.
  public convenience init(
    model: Model, options: Options = Options(), allocator: Allocator = .system
  ) throws {
    try self.init(model: model, options: options, allocator: allocator, findRuntime: CUDA.runtime)
  }

  init(
    model: Model, options: Options, allocator: Allocator = .system,
    findRuntime: () throws -> CUDARuntime
  ) throws {
    guard (1...64).contains(options.largestBatch) else {
      throw FCNError(
        .invalidArgument, "the largest batch is \(options.largestBatch); it must be 1…64")
    }
    self.model = model
    self.options = options
    self.allocator = allocator
    segmenter = try Session.segmenter(model, options, allocator, findRuntime: findRuntime)
  }

  /// What runs `model` as `options` say.
  static func segmenter(
    _ model: Model, _ options: Options, _ allocator: Allocator = .system,
    findRuntime: () throws -> CUDARuntime
  ) throws -> any PictureSegmenter {
    var forms = options.disabledForms
    try model.network.validateFormNames(forms, and: planNames)
    let folding = forms.remove(InferenceWeights.foldingName) == nil
    let weights = try model.inferenceWeights(folding: folding)
    let preprocessing = model.description.preprocessing
    let pool = try WorkerPool(threads: options.threads)
    switch options.device {
    case .processor:
      try options.precision.checkOnProcessor()
      guard options.precision != .int8 || folding else {
        throw FCNError(
          .invalidArgument,
          "\(InferenceWeights.foldingName) is switched off, and int8 is for networks with it; use int16 or "
            + "float32")
      }
      return try Segmenter(
        weights.network, parameters: weights, packedWeights: weights.packed(),
        preprocessing: preprocessing, pool: pool, disabledForms: forms,
        precision: options.precision, ranges: model.ranges, allocator: allocator,
        largestMemory: options.largestMemory)
    case .cuda(let index):
      return try DeviceSegmenter(
        weights, preprocessing: preprocessing, pool: pool, disabledForms: forms,
        precision: options.precision, runtime: findRuntime(), device: index,
        largestMemory: options.largestMemory)
    }
  }

  /// Every name that `Options.disabledForms` may hold for `model`.
  public static func formNames(of model: Model) -> [String] {
    planNames + model.network.formNames
  }

  /// Of what plans do besides choosing a form for each operation.
  private static let planNames = [
    InferenceWeights.foldingName, BorderReduction.name, Joining.name, ExpandedDepthwise.name,
  ]

  /// Whether the ranges that `Precision.int8` needs are measured on the pictures that run together first,
  /// since the model has none.
  public var measuresRanges: Bool { options.precision == .int8 && model.ranges == nil }

  /// Threads it works with.
  public var threadCount: Int { segmenter.pool.threadCount }

  /// Bytes of activations and scratch memory it holds now.
  public var memoryByteCount: Int { segmenter.byteCount }

  /// Segments `pictures`, those of one size together. Their results stay valid until the next run.
  ///
  /// `progress` is called on this thread before every layer, on the processor also some fifty times a
  /// second within one, and, with a fraction of 1, when all is done; false stops the run, which then throws
  /// `aborted`, leaves no results, and leaves the session ready for the next run. Throws `notFinite`, with
  /// the layer, where a weight or a score is NaN or infinite, and `outOfMemory` where the options' limits
  /// are passed, before anything is allocated.
  public func run(_ pictures: [PixelView], progress: ((Progress) -> Bool)? = nil) throws {
    try run(SessionPictures(pictures), progress)
  }

  /// Segments pictures as `run(_:progress:)` for views does.
  public func run(_ images: [Image], progress: ((Progress) -> Bool)? = nil) throws {
    try run(SessionPictures(images), progress)
  }

  private func run(_ pictures: SessionPictures, _ progress: ((Progress) -> Bool)?) throws {
    results = []
    for size in pictures.sizes { try checkSize(width: size.width, height: size.height) }
    var results: [any SegmentedPicture] = []
    let told = progress.map { ToldProgress($0, of: pictures.count) }
    try segmenter.pool.watched(by: told?.again) {
      try forEachBatch(of: pictures, told?.tell) { batch, progress in
        let scores = try segmenter.run(batch, progress: progress)
        // A later batch of this run would overwrite the plan's own memory.
        let isOnlyBatch = batch.count == pictures.count
        results += isOnlyBatch ? scores : try scores.map { try $0.copied(from: allocator) }
      }
    }
    if let progress, pictures.count > 0, !progress(.finished(pictures.count)) {
      throw FCNError(.aborted, "stopped after the last layer")
    }
    self.results = results
  }

  /// The most pixels that a picture may have.
  package var largestPicture: Int { min(options.largestPicture, Image.largestPixelCount) }

  private func checkSize(width: Int, height: Int) throws {
    _ = try Image.pixelCount(width: width, height: height, atMost: largestPicture)
  }

  /// Calls `body` with those of `pictures` that run together, and with what it is to tell of their progress.
  func forEachBatch(
    of pictures: SessionPictures, _ progress: ((Progress) -> Bool)?,
    _ body: (
      _ batch: ArraySlice<PixelView>,
      _ progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
    ) throws -> Void
  ) throws {
    try pictures.forEachBatch(
      atMost: options.largestBatch, { segmenter.inputShape($0) }, progress, body)
  }

  // MARK: Results of the last run

  /// Pictures that the last run segmented.
  public var resultCount: Int { results.count }

  /// The size of picture `index`, which is that of its label map.
  public func resultSize(_ index: Int) throws -> (width: Int, height: Int) {
    let result = try result(index)
    return (result.width, result.height)
  }

  /// Writes the label map of picture `index`, H×W class indices, into `labels`.
  ///
  /// Throws `bufferTooSmall` unless it has room for H·W, `notFound` unless the last run had such a
  /// picture.
  public func copyLabels(_ index: Int, to labels: UnsafeMutableBufferPointer<UInt8>) throws {
    let result = try result(index)
    let base = try room(labels, for: result.width * result.height, "labels")
    try result.copyLabels(to: base, segmenter.pool)
  }

  /// Writes the scores of picture `index` before softmax, classes×H×W at the picture's own size.
  public func copyScores(_ index: Int, to scores: UnsafeMutableBufferPointer<Float>) throws {
    let result = try result(index)
    let base = try room(
      scores, for: result.classCount * result.width * result.height, "scores")
    try result.copyScores(to: base, segmenter.pool)
  }

  /// Writes the probabilities of picture `index`, classes×H×W; each pixel's sum to 1.
  public func copyProbabilities(
    _ index: Int, to probabilities: UnsafeMutableBufferPointer<Float>
  ) throws {
    let result = try result(index)
    let base = try room(
      probabilities, for: result.classCount * result.width * result.height, "probabilities")
    try result.copyProbabilities(to: base, segmenter.pool)
  }

  /// The label map of picture `index`.
  public func labelMap(_ index: Int) throws -> LabelMap {
    let result = try result(index)
    let count = result.width * result.height
    try requireMemory(count)
    let labels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try copyLabels(index, to: buffer)
      initialized = count
    }
    return try LabelMap(width: result.width, height: result.height, labels: labels)
  }

  /// The pixels of each class in picture `index`.
  public func areas(_ index: Int) throws -> [Int] {
    try labelMap(index).areas(classCount: model.description.classNames.count)
  }

  func result(_ index: Int) throws -> any SegmentedPicture {
    guard results.indices.contains(index) else {
      throw FCNError(
        .notFound,
        results.isEmpty
          ? "result \(index) was asked for, but this session has none: segment a picture first"
          : "result \(index) was asked for; the last run of this session left \(results.count), counted "
            + "from 0")
    }
    return results[index]
  }

  func room<Element>(
    _ buffer: UnsafeMutableBufferPointer<Element>, for count: Int, _ what: String
  ) throws -> UnsafeMutablePointer<Element> {
    guard let base = buffer.baseAddress, buffer.count >= count else {
      throw FCNError(
        .bufferTooSmall,
        "the buffer has room for \(buffer.count) \(what); \(count) are needed")
    }
    return base
  }
}
