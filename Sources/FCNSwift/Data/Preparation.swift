/// Prepares a dataset as the published VOC2012 system does: of each picture the largest centred square
/// at one size, and four fifths of the pictures for training, the rest for testing, both cut to whole
/// minibatches.
public struct Preparation: Sendable, Hashable {
  /// Rows and columns of the prepared pictures.
  public var size = 224
  /// The training count is cut to a multiple of this.
  public var trainingMinibatch = 10
  /// The test count is cut to a multiple of this.
  public var testMinibatch = 5
  /// Pictures are shuffled by this seed before they are divided; nil leaves them in the list's order.
  public var seed: UInt64? = 0

  /// The published preparation, shuffled by seed 0.
  public init() {}

  /// How many pictures go where.
  public struct Counts: Sendable, Hashable {
    /// Pictures to train with.
    public let training: Int
    /// Pictures to test with.
    public let test: Int
    /// Whether both are whole minibatches; not so where too few pictures would have been left.
    public let areWholeMinibatches: Bool
  }

  /// What was written.
  public struct Result: Sendable, Hashable {
    /// The pictures of the split `train`.
    public let training: [String]
    /// The pictures of the split `val`.
    public let test: [String]
    /// How many pictures were left over by cutting to whole minibatches.
    public let leftOver: Int
    /// What the person who prepares should hear, or nil.
    public let note: String?
  }

  /// Divides `count` pictures 4 : 1 and cuts each part to whole minibatches: 2,913 give 2,330 and 580.
  ///
  /// A part that has not one whole minibatch is kept as it is. Throws `invalidArgument` for fewer
  /// than two pictures, which cannot be divided.
  public func counts(of count: Int) throws -> Counts {
    try validate()
    guard count >= 2 else {
      throw FCNError(
        .invalidArgument,
        "\(count) labelled pictures cannot be divided into training and test; at least two are "
          + "needed")
    }
    let fifth = (count + 4) / 5
    let training = count - fifth
    func cut(_ part: Int, _ minibatch: Int) -> Int {
      part < minibatch ? part : part - part % minibatch
    }
    return Counts(
      training: cut(training, trainingMinibatch), test: cut(fifth, testMinibatch),
      areWholeMinibatches: training >= trainingMinibatch && fifth >= testMinibatch)
  }

  /// Prepares the pictures of `split`, or all that have labels, of `source` into the folder `path`.
  ///
  /// The result is a VOC folder with the splits `train` and `val`. Pictures are scaled smoothly and
  /// stored as PNG, so that they are compressed but once; labels are scaled by the nearest pixel.
  /// `progress` hears how many pictures are done and how many there are; false stops, which throws
  /// `aborted`: the same call takes it up again. Throws `invalidState` where `path` holds another set
  /// of pictures, unless `overwrite`, and always where it is the source itself.
  public func run(
    _ source: VOCFolder, split: String? = nil, to path: String, overwrite: Bool = false,
    progress: ((_ done: Int, _ total: Int) -> Bool)? = nil
  ) throws -> Result {
    guard !Preparation.areSameFolder(source.path, path) else {
      throw FCNError(
        .invalidState, "\(path): a dataset cannot be prepared into itself; choose another folder")
    }
    var entries =
      try split.map { try source.entries(inSplit: $0).entries } ?? source.labelledEntries()
    let counts = try naming(source.path) { try self.counts(of: entries.count) }
    try source.validatePairs(of: entries, in: split.map { "the split “\($0)”" } ?? "the folder")
    if let seed {
      var generator = SeededGenerator(seed: seed)
      generator.shuffle(&entries)
    }
    // The cut takes the last of each part, so that the parts do not depend on the minibatches.
    let boundary = entries.count - (entries.count + 4) / 5
    let training = Array(entries[..<counts.training])
    let test = Array(entries[boundary..<boundary + counts.test])
    let order = seed.map { "shuffled by seed \($0)" } ?? "in the list's order"
    let writer = try VOCWriter(
      path: path, classNames: source.classNames, palette: Palette.voc(count: 255),
      splits: [("train", training.map(\.name)), ("val", test.map(\.name))],
      description: "Centred squares of \(size)×\(size), \(order)", overwrite: overwrite)
    let chosen = training + test
    for (index, entry) in chosen.enumerated() {
      try writer.write(try prepared(source.picture(entry)), as: .png)
      if let progress, !progress(index + 1, chosen.count), index + 1 < chosen.count {
        throw FCNError(
          .aborted, "\(path): stopped after \(index + 1) of \(chosen.count) pictures")
      }
    }
    return Result(
      training: training.map(\.name), test: test.map(\.name),
      leftOver: entries.count - chosen.count,
      note: counts.areWholeMinibatches
        ? nil
        : "\(entries.count) pictures are too few for whole minibatches of \(trainingMinibatch) and "
          + "\(testMinibatch): \(training.count) are kept for training and \(test.count) for testing"
    )
  }

  /// The largest centred square of `picture` at the wanted size.
  public func prepared(_ picture: LabelledPicture) throws -> LabelledPicture {
    try validate()
    return LabelledPicture(
      name: picture.name,
      image: try picture.image.centredSquare().resized(width: size, height: size),
      labels: try picture.labels.centredSquare().resized(width: size, height: size))
  }

  private func validate() throws {
    guard (1...16_384).contains(size) else {
      throw FCNError(.invalidArgument, "pictures of \(size)×\(size) are outside 1…16384")
    }
    guard trainingMinibatch > 0, testMinibatch > 0 else {
      throw FCNError(
        .invalidArgument,
        "minibatches of \(trainingMinibatch) and \(testMinibatch) pictures; both must be positive")
    }
  }

  /// Whether two paths lead to one existing folder.
  private static func areSameFolder(_ a: String, _ b: String) -> Bool {
    guard let first = File.identity(ofFolder: a) else { return false }
    return first == File.identity(ofFolder: b)
  }
}
