/// What is in all pictures and labels that a training is to use, and what is wrong or odd about them,
/// found before the first step: every file is read, damage anywhere in one is noticed.
public struct DatasetSurvey: Sendable {
  /// Columns and rows.
  public typealias Size = PictureExamination.Size

  /// What was found in the pictures to learn from, or in the validation pictures.
  public struct Part: Sendable {
    /// Pictures on the lists.
    public internal(set) var pictureCount = 0
    /// Pixels of each class, in all label maps.
    public internal(set) var classPixels: [Int]
    /// Pictures in which each class occurs.
    public internal(set) var classPictures: [Int]
    /// Pixels that are labelled `ignore`.
    public internal(set) var ignoredPixels = 0
    /// The sizes of all pictures that could be read, smallest area first.
    public internal(set) var sizes: [Size] = []

    /// The picture of the smallest area.
    public var smallest: Size? { sizes.first }
    /// The picture in the middle of all, by area.
    public var median: Size? { sizes.isEmpty ? nil : sizes[sizes.count / 2] }
    /// The picture of the largest area.
    public var largest: Size? { sizes.last }
    /// Pixels that are labelled with a class.
    public var labelledPixels: Int { classPixels.reduce(0, +) }
    /// Classes that occur.
    public var classesThatOccur: [Int] { classPixels.indices.filter { classPixels[$0] > 0 } }
  }

  /// Something that is wrong or odd.
  public struct Finding: Sendable, Hashable {
    /// Whether a training may begin.
    public enum Severity: String, Sendable {
      /// It must not: it would fail, or learn nothing.
      case error
      /// It may, but perhaps not as it is meant.
      case warning
    }

    /// What it is about.
    public enum Kind: String, Sendable, CaseIterable {
      /// Files that are not there.
      case missingFiles
      /// Files that are damaged, end early or are of another kind.
      case unreadableFiles
      /// Labels that are no class.
      case labelsBeyondClasses
      /// Pictures whose labels are of another size.
      case sizesDiffer
      /// Labels of 0 and 255 alone, as masks of one thing have them: 255 is read as `ignore`.
      case binaryMasks
      /// Nothing but pixels to ignore, as masks of one thing may have them too.
      case nothingLabelled
      /// Pixels of one class alone.
      case nothingToLearn
      /// Classes without a pixel.
      case absentClasses
      /// Pictures of nothing but ignored pixels.
      case ignoredPictures
      /// Validation pictures that are learned from.
      case sharedPictures
      /// Pictures that are on a list more than once.
      case repeatedPictures
      /// Validation pictures with too few classes for a mean over classes.
      case unmeasurable
      /// A minibatch beyond the number of pictures.
      case batchSize
      /// A crop beyond the pictures.
      case cropSize
      /// Classes that are taken for those of the data, which lists none.
      case assumedClasses
      /// How a list is read.
      case remark
    }

    /// Whether a training may begin.
    public let severity: Severity
    /// What it is about.
    public let kind: Kind
    /// What was found, what was wanted, what to do.
    public let text: String
    /// How many pictures or files it is about; 0 where it is about all.
    public let count: Int

    /// Makes a finding.
    public init(_ severity: Severity, _ kind: Kind, _ text: String, count: Int = 0) {
      self.severity = severity
      self.kind = kind
      self.text = text
      self.count = count
    }
  }

  /// The classes that labels index.
  public let classNames: [String]
  /// The pictures to learn from; an empty part where there were none.
  public let training: Part
  /// The validation pictures; nil where there were none.
  public let validation: Part?
  /// What is wrong, then what is odd.
  public let findings: [Finding]

  /// Those that a training must not begin with.
  public var errors: [Finding] { findings.filter { $0.severity == .error } }
  /// Those that a person should hear of.
  public var warnings: [Finding] { findings.filter { $0.severity == .warning } }

  /// Throws `corrupt` with all errors, unless there are none.
  public func requireNoErrors(words: (Finding) -> String = \.text) throws {
    guard !errors.isEmpty else { return }
    throw FCNError(.corrupt, errors.map(words).joined(separator: "; "))
  }

  /// Reads all of `training` and `validation`, whichever are there, with `threads`, 0 for all cores.
  ///
  /// Label files are decoded. Pictures are gone through to their end without making pixels, which
  /// finds what decoding would. `progress`, on the thread of the caller, hears how many pictures are
  /// done of how many; false stops with `aborted`.
  public static func of(
    training: (any LabelledPictures)?, validation: (any LabelledPictures)? = nil, threads: Int = 0,
    progress: ((_ done: Int, _ total: Int) -> Bool)? = nil
  ) throws -> DatasetSurvey {
    let classNames = training?.classNames ?? validation?.classNames ?? []
    let pool = try WorkerPool(threads: threads)
    let total = (training?.count ?? 0) + (validation?.count ?? 0)
    var done = 0
    func collect(_ pictures: any LabelledPictures) throws -> SurveyTally {
      var tally = SurveyTally(classCount: classNames.count)
      // Enough at a time that no thread waits for long.
      let portion = 16 * pool.threadCount
      for start in stride(from: 0, to: pictures.count, by: portion) {
        let count = min(portion, pictures.count - start)
        for examination in examinations(of: pictures, from: start, count: count, pool) {
          if let shortage = examination.shortage { throw shortage }
          tally.add(examination)
        }
        done += count
        guard progress?(done, total) ?? true else {
          throw FCNError(.aborted, "stopped after \(done) of \(total) pictures")
        }
      }
      tally.finish()
      return tally
    }
    let learned = try training.map { try collect($0) }
    let measured = try validation.map { try collect($0) }
    var remarks: [Finding] = []
    for remark in (training?.remarks ?? []) + (validation?.remarks ?? [])
    where !remarks.contains(remark) {
      remarks.append(remark)
    }
    return DatasetSurvey(
      classNames: classNames, learned: learned, measured: measured, remarks: remarks)
  }

  private init(
    classNames: [String], learned: SurveyTally?, measured: SurveyTally?, remarks: [Finding]
  ) {
    self.classNames = classNames
    training = (learned ?? SurveyTally(classCount: classNames.count)).part
    validation = measured?.part
    let all =
      SurveyFindings(classNames: classNames, learned: learned, measured: measured).all
      + remarks
    findings = all.filter { $0.severity == .error } + all.filter { $0.severity == .warning }
  }

  private static func examinations(
    of pictures: any LabelledPictures, from start: Int, count: Int, _ pool: WorkerPool
  ) -> [PictureExamination] {
    [PictureExamination](unsafeUninitializedCapacity: count) { slots, initialized in
      guard let first = slots.baseAddress else { return }
      pool.run(count) { index, _ in
        (first + index).initialize(to: pictures.examination(at: start + index))
      }
      initialized = count
    }
  }
}
