/// Adds up what a survey of annotations finds, and says it.
struct ConversionTally {
  private let set: AnnotationSet
  private let assignment: ClassAssignment
  private let namesAreMissing: Bool
  private let wantedValues: String
  private var report = ConversionReport()
  private var faults: [ConversionFault]
  private var unlisted: [Int: (amount: Int, pictures: Int, first: String)] = [:]
  private var empty: [String] = []
  private var overlaps: (pixels: Int, pictures: [String]) = (0, [])
  private var turns: [ConversionExamination.Turn: [String]] = [:]

  init(
    _ set: AnnotationSet, _ assignment: ClassAssignment, namesAreMissing: Bool, wantedValues: String
  ) {
    self.set = set
    self.assignment = assignment
    self.namesAreMissing = namesAreMissing
    self.wantedValues = wantedValues
    faults = set.faults
    report.classNames = assignment.names
    report.classPixels = [Int](repeating: 0, count: assignment.names.count)
    report.classPictures = report.classPixels
  }

  /// Those of `pictures` that a dataset can name, and by names of their own.
  mutating func nameable(_ pictures: [AnnotatedPicture]) -> [AnnotatedPicture] {
    var origins: [String: String] = [:]
    var users: [String: String] = [:]
    return pictures.filter { picture in
      // A name alone may have led two annotations to one picture.
      if let other = users.updateValue(picture.origin, forKey: picture.picture.path) {
        faults.append(
          .init(
            .names,
            "\(picture.origin): its picture \(picture.picture.path) is also that of \(other)"))
        return false
      }
      let name = picture.name
      let isPlain =
        (try? VOCFolder.check(name: name)) != nil && TextLines.trimmed(name[...]) == name
        && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
      guard isPlain else {
        faults.append(
          .init(.names, "\(picture.origin): \(quoted(name)) cannot name a picture in a list"))
        return false
      }
      if let other = origins.updateValue(picture.origin, forKey: name) {
        origins[name] = other
        faults.append(
          .init(
            .names,
            "\(picture.origin): its picture would be called \(quoted(name)), as that of "
              + other))
        return false
      }
      return true
    }
  }

  /// Adds what was found in `picture`; returns whether it can be converted.
  mutating func add(_ picture: AnnotatedPicture, _ examination: ConversionExamination) -> Bool {
    for (label, amount) in examination.unlisted {
      let old = unlisted[label] ?? (0, 0, picture.origin)
      unlisted[label] = (old.amount + amount, old.pictures + 1, old.first)
    }
    if let fault = examination.fault {
      faults.append(fault)
      return false
    }
    for (label, count) in examination.pixels.enumerated() where count > 0 {
      if label < report.classPixels.count {
        report.classPixels[label] += count
        report.classPictures[label] += 1
      } else {
        report.ignoredPixels += count
      }
    }
    if examination.isEmpty { empty.append(picture.origin) }
    if examination.overlap > 0 {
      overlaps.pixels += examination.overlap
      overlaps.pictures.append(picture.origin)
    }
    if let turn = examination.turn { turns[turn, default: []].append(picture.picture.path) }
    report.pictureCount += 1
    return true
  }

  // MARK: Words

  /// What was found, with the lists that the pictures are divided into.
  func report(_ splits: [ConversionReport.Split]) -> ConversionReport {
    var report = report
    report.splits = splits
    report.faultyCount = faults.count
    report.findings = faultFindings() + labelFindings() + oddFindings()
    if report.pictureCount > 0, !splits.contains(where: { $0.name == "val" }) {
      report.findings.append(
        ConversionFinding(
          .note, .noValidation, "there is no list val, so nothing to measure a training by",
          count: 0))
    }
    if report.pictureCount == 0 {
      report.findings.insert(
        ConversionFinding(
          .error, .nothing, "there is no picture with annotations that can be converted", count: 0),
        at: 0)
    }
    return report
  }

  private static let headings: [(kind: ConversionFinding.Kind, words: @Sendable (Int) -> String)] =
    [
      (.unreadable, { "\(counted($0, "picture")) cannot be read" }),
      (.missingPicture, { "\(counted($0, "annotation")) without a picture" }),
      (.sizesDiffer, { "\(counted($0, "picture")) with labels of another size" }),
      (.unknownValues, { "\(counted($0, "picture")) with values or colours that are no label" }),
      (.boxesAlone, { "\(counted($0, "picture")) with boxes of which no labels can be made" }),
      (.names, { "\(counted($0, "picture")) that a dataset cannot name" }),
    ]

  private func faultFindings() -> [ConversionFinding] {
    Self.headings.compactMap { kind, words in
      let texts = faults.filter { $0.kind == kind }.map(\.text)
      guard !texts.isEmpty else { return nil }
      let wanted = kind == .unknownValues ? "; \(wantedValues)" : ""
      return ConversionFinding(
        .error, kind, "\(words(texts.count)): \(told(texts))\(wanted)", count: texts.count,
        isAboutPictures: true)
    }
  }

  /// Some of `texts`.
  private func told(_ texts: [String]) -> String {
    let shown = texts.prefix(10).joined(separator: "; ")
    return texts.count > 10 ? "\(shown); and \(texts.count - 10) more" : shown
  }

  private func labelFindings() -> [ConversionFinding] {
    let isRegions = set.pictures.contains {
      if case .regions = $0.content { return true }
      return false
    }
    let unit = isRegions ? "region" : "pixel"
    let found = unlisted.sorted { $0.key < $1.key }.map { label, count in
      "\(quoted(set.labels[label])) (\(counted(count.amount, unit)) in "
        + "\(counted(count.pictures, "picture")), first \(count.first))"
    }
    var findings: [ConversionFinding] = []
    if !found.isEmpty {
      findings.append(
        ConversionFinding(
          .error, .unlistedLabels,
          "labels that are no class: \(listed(found, most: 20)); the classes are "
            + listed(assignment.names, most: 20), count: found.count))
    }
    // Of pictures that can be converted; where there are none, that is what is said.
    let values = report.classPixels.indices.filter { report.classPixels[$0] > 0 }
    if namesAreMissing, !values.isEmpty {
      findings.append(
        ConversionFinding(
          .error, .unnamedClasses,
          "nobody said what the labels \(listed(values.map(String.init), most: 40)) are called; name "
            + "the classes, from 0 to \(values.last ?? 0)", count: values.count))
    }
    return findings
  }

  private func oddFindings() -> [ConversionFinding] {
    func named(_ files: [String]) -> String { listed(files, most: 3) }
    var findings: [ConversionFinding] = []
    func say(
      _ severity: ConversionFinding.Severity, _ kind: ConversionFinding.Kind, _ count: Int,
      _ text: String
    ) {
      findings.append(ConversionFinding(severity, kind, text, count: count))
    }
    let absent = report.classNames.indices.filter { report.classPixels[$0] == 0 }
    if !absent.isEmpty, report.pictureCount > 0, !namesAreMissing {
      say(
        .warning, .absentClasses, absent.count,
        "no pixel has the class \(listed(absent.map { report.classNames[$0] }, most: 20))")
    }
    let turned = "that a camera marked as turned"
    if let either = turns[.either] {
      say(
        .warning, .turned, either.count,
        "the labels of \(counted(either.count, "picture")) \(turned) fit both ways, and are taken for those "
          + "of the upright picture: \(named(either))")
    }
    for (what, count) in set.passedOver.sorted(by: { $0.key < $1.key }) {
      if what == "crowd" {
        say(
          .note, .passedOver, count,
          "\(counted(count, "crowd")), which \(count == 1 ? "lies" : "lie") below all other regions"
        )
      } else {
        say(
          .warning, .passedOver, count,
          "left out: \(counted(count, "shape")) without area, \(what)")
      }
    }
    if !set.unannotated.isEmpty {
      let count = set.unannotated.count
      say(
        .note, .unannotated, count,
        "left out: \(counted(count, "picture")) without annotations: \(named(set.unannotated))")
    }
    if !empty.isEmpty {
      say(
        .note, .empty, empty.count,
        "nothing is drawn in \(counted(empty.count, "picture")): \(named(empty))")
    }
    if !overlaps.pictures.isEmpty {
      let count = overlaps.pictures.count
      say(
        .note, .overlap, count,
        "regions of different classes lie over one another in \(counted(count, "picture")), "
          + "\(counted(overlaps.pixels, "pixel")); the \(set.smallerOnTop ? "smaller" : "later") are on top"
      )
    }
    for (turn, words) in [
      (ConversionExamination.Turn.upright, "are those of the upright picture"),
      (.stored, "are those of the picture as it is stored, and are turned with it"),
    ] {
      guard let files = turns[turn] else { continue }
      say(
        .note, .turned, files.count,
        "the labels of \(counted(files.count, "picture")) \(turned) \(words): \(named(files))")
    }
    for note in set.notes { say(.note, .remark, 0, note) }
    return findings
  }
}
