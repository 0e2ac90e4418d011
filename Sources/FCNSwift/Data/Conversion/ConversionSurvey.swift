/// Annotations that have been read and looked through, and can be written as a dataset.
public struct ConversionSurvey: Sendable {
  /// What was found.
  public let report: ConversionReport
  let conversion: Conversion
  let isUpright: Bool
  let rendering: LabelRendering
  /// The pictures that can be converted.
  let pictures: [AnnotatedPicture]

  init(
    _ conversion: Conversion, _ set: AnnotationSet, _ assignment: ClassAssignment,
    namesAreMissing: Bool, threads: Int, progress: ((_ done: Int, _ total: Int) -> Bool)?
  ) throws {
    self.conversion = conversion
    isUpright = set.isUpright
    let rendering = LabelRendering(assignment: assignment, smallerOnTop: set.smallerOnTop)
    self.rendering = rendering
    var tally = ConversionTally(
      set, assignment, namesAreMissing: namesAreMissing, wantedValues: conversion.wantedValues)
    let named = tally.nameable(set.pictures)
    let pool = try WorkerPool(threads: threads)
    var kept: [AnnotatedPicture] = []
    try ConversionSurvey.forEach(named, pool, progress) { picture in
      rendering.convert(picture, isUpright: set.isUpright, checking: true).examination
    } take: { picture, examination in
      if let shortage = examination.shortage { throw shortage }
      if tally.add(picture, examination) { kept.append(picture) }
    }
    pictures = kept
    report = tally.report(conversion.divided(kept))
  }

  /// Calls `work` for all `pictures` on the threads of `pool`, and `take`, in order, with what comes of it.
  static func forEach<Result: Sendable>(
    _ pictures: [AnnotatedPicture], _ pool: WorkerPool,
    _ progress: ((_ done: Int, _ total: Int) -> Bool)?,
    _ work: @escaping (AnnotatedPicture) throws -> Result,
    take: (AnnotatedPicture, Result) throws -> Void
  ) throws {
    // Few at a time: whoever wants to stop need not wait long for those that have been begun.
    let portion = 2 * pool.threadCount
    for start in stride(from: 0, to: pictures.count, by: portion) {
      let count = min(portion, pictures.count - start)
      let results = [Swift.Result<Result, any Error>](unsafeUninitializedCapacity: count) {
        slots, initialized in
        guard let first = slots.baseAddress else { return }
        pool.run(count) { index, _ in
          (first + index).initialize(
            to: Swift.Result { try work(pictures[start + index]) })
        }
        initialized = count
      }
      for (index, result) in results.enumerated() {
        try take(pictures[start + index], try result.get())
      }
      guard progress?(start + count, pictures.count) ?? true else {
        throw FCNError(.aborted, "stopped after \(start + count) of \(pictures.count) pictures")
      }
    }
  }

  // MARK: Writing

  /// Writes the dataset to the folder `path`, which comes to be when all is written.
  ///
  /// Pictures are copied as they are, or, where `linking`, are made other names of the same files; labels
  /// are PNGs with a palette. `progress` as for `Conversion.survey`. Where the folder holds files, throws
  /// `invalidState` unless a conversion wrote them and they may be replaced, `overwrite`. Throws
  /// `corrupt` where the report has errors that `leavingOutFaulty` does not answer.
  public func write(
    to path: String, leavingOutFaulty: Bool = false, linking: Bool = false,
    overwrite: Bool = false, threads: Int = 0,
    progress: ((_ done: Int, _ total: Int) -> Bool)? = nil
  ) throws {
    let errors = report.errors(leavingOutFaulty: leavingOutFaulty)
    guard errors.isEmpty else {
      throw FCNError(.corrupt, errors.map(\.text).joined(separator: "; "))
    }
    try ConversionSurvey.checkPlace(path, overwrite: overwrite)
    let folder = try UnfinishedFolder(for: path)
    let writer = try VOCWriter(
      path: folder.path, classNames: report.classNames, palette: rendering.assignment.palette,
      splits: report.splits.map { ($0.name, $0.pictures) },
      description: "\(AnnotationFiles.conversionMark) \(conversion.source.rawValue)",
      overwrite: false)
    let pool = try WorkerPool(threads: threads)
    let (rendering, isUpright) = (rendering, isUpright)
    try ConversionSurvey.forEach(pictures, pool, progress) { picture in
      let (examination, result) = rendering.convert(
        picture, isUpright: isUpright, checking: false)
      if let shortage = examination.shortage { throw shortage }
      guard let result else {
        throw FCNError(
          .inputOutput,
          "\(examination.fault?.text ?? picture.origin); the file has changed since it was looked at"
        )
      }
      if linking, picture.picture.isPlain {
        try writer.write(picture.name, linking: picture.picture.path, result.suffix, result.labels)
      } else {
        try writer.write(picture.name, result.bytes, result.suffix, result.labels)
      }
    } take: { _, _ in
    }
    try ConversionSurvey.checkPlace(path, overwrite: overwrite)
    try folder.moveIntoPlace(last: "ImageSets")
  }

  /// Throws `invalidState` where `write` would not write to `path`, so that nobody need wait for a survey
  /// to hear of it.
  public static func checkPlace(_ path: String, overwrite: Bool = false) throws {
    guard File.exists(path) else { return }
    guard File.isFolder(path) else {
      throw FCNError(.invalidState, "\(path): is a file; name a folder to write to")
    }
    guard try File.names(inFolder: path).contains(where: { !$0.hasPrefix(".fcn-") }) else { return }
    guard AnnotationFiles.isConverted(path) else {
      throw FCNError(
        .invalidState,
        "\(path): the folder holds files that no conversion wrote; choose an empty folder, or one that "
          + "does not exist yet")
    }
    guard overwrite else {
      throw FCNError(
        .invalidState,
        "\(path): the folder holds another set of pictures already; choose an empty folder, or "
          + FCNError.overwritingAdvice)
    }
  }
}
