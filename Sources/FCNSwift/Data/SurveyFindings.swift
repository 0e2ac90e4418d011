/// Words for what a survey counted.
struct SurveyFindings {
  typealias Finding = DatasetSurvey.Finding

  let classNames: [String]
  let learned: SurveyTally?
  let measured: SurveyTally?

  /// Everything that is wrong or odd.
  var all: [Finding] {
    var all: [Finding] = []
    for (tally, role) in [(learned, "training"), (measured, "validation")] {
      guard let tally else { continue }
      all += files(tally, role)
      if let finding = binaryMasks(tally, role) {
        all.append(finding)
      } else if role == "training" {
        all += learnable(tally)
      } else {
        all += measurable(tally)
      }
      all += oddPictures(tally, role)
    }
    if let shared { all.append(shared) }
    return all
  }

  // MARK: Errors

  private func files(_ tally: SurveyTally, _ role: String) -> [Finding] {
    func texts(_ belongs: (PictureExamination.Problem.Kind) -> Bool) -> [String] {
      tally.problems.filter { belongs($0.kind) }.map(\.text)
    }
    let count = tally.part.pictureCount
    var findings: [Finding] = []
    let missing = texts { $0 == .missing }
    if !missing.isEmpty {
      findings.append(
        Finding(
          .error, .missingFiles,
          "\(missing.count) file\(missing.count == 1 ? "" : "s") of the \(count) \(role) pictures "
            + "\(missing.count == 1 ? "is" : "are") missing: \(first(missing))",
          count: missing.count))
    }
    let unreadable = texts { $0 == .unreadable }
    if !unreadable.isEmpty {
      findings.append(
        Finding(
          .error, .unreadableFiles,
          "\(unreadable.count) \(role) file\(unreadable.count == 1 ? "" : "s") cannot be used: "
            + first(unreadable),
          count: unreadable.count))
    }
    if let stray = strayLabels(tally, role) { findings.append(stray) }
    let sizes = texts { $0 == .sizes }
    if !sizes.isEmpty {
      findings.append(
        Finding(
          .error, .sizesDiffer,
          "\(sizes.count) of the \(count) \(role) pictures "
            + (sizes.count == 1 ? "and its labels are" : "and their labels are")
            + " of two sizes: \(first(sizes)). They must be of one size",
          count: sizes.count))
    }
    return findings
  }

  private func strayLabels(_ tally: SurveyTally, _ role: String) -> Finding? {
    var values: [Int: (count: Int, text: String)] = [:]
    let files = tally.strayFiles
    for problem in tally.problems {
      guard case .label(let label) = problem.kind else { continue }
      values[label] = ((values[label]?.count ?? 0) + 1, values[label]?.text ?? problem.text)
    }
    guard !values.isEmpty else { return nil }
    let listed = values.sorted { $0.key < $1.key }.map { label, found in
      "\(label) in \(found.count) file\(found.count == 1 ? "" : "s"), \(found.text)"
    }
    // Classes have few values, greys and smoothed edges many.
    let hint =
      values.count > 16
      ? "These look like greys or smoothed edges, not class indices; store each pixel's class"
      : "Mend the labels or list all classes"
    return Finding(
      .error, .labelsBeyondClasses,
      "\(files) of the \(tally.part.pictureCount) \(role) label files "
        + "\(files == 1 ? "holds" : "hold") labels beyond the "
        + "\(classNames.count) classes, 0…\(classNames.count - 1) (255 is ignored): "
        + "\(first(listed)). \(hint)",
      count: files)
  }

  /// Masks of 0 and 255, which say nothing but class 0.
  private func binaryMasks(_ tally: SurveyTally, _ role: String) -> Finding? {
    let part = tally.part
    guard tally.strayPixels == 0, part.ignoredPixels > 0, part.labelledPixels > 0,
      part.classesThatOccur == [0]
    else { return nil }
    // Validation pictures may well show class 0 alone, with a border.
    guard role == "training" || learned.map({ $0.part.classesThatOccur == [0] }) ?? false else {
      return nil
    }
    return Finding(
      .error, .binaryMasks,
      "the \(role) labels are 0 and 255 alone. 255 means pixels to ignore, so all that could be "
        + "learned is class 0\(name(of: 0)). If they are binary masks, have 255 read as class 1")
  }

  private func learnable(_ tally: SurveyTally) -> [Finding] {
    let part = tally.part
    // Where most of the labels could not be read there are better words.
    guard tally.readable > 0, tally.strayPixels == 0 else { return [] }
    guard part.labelledPixels > 0 else {
      return [
        Finding(
          .error, .nothingLabelled,
          "every pixel of the training labels is 255, to be ignored: there is nothing to learn. If "
            + "they are binary masks, have 255 read as class 1")
      ]
    }
    let there = part.classesThatOccur
    if let only = there.first, there.count == 1 {
      return [
        Finding(
          .error, .nothingToLearn,
          "every labelled pixel of the training pictures is of class \(only)\(name(of: only)): "
            + "there is nothing to tell apart. Background is a class of its own, 0")
      ]
    }
    let absent = part.classPixels.indices.filter { part.classPixels[$0] == 0 }
    guard !absent.isEmpty else { return [] }
    let unlearned = absent.filter { (measured?.part.classPixels[$0] ?? 0) > 0 }
    let measuredToo =
      unlearned.isEmpty
      ? ""
      : "; in validation pictures \(names(unlearned)) \(unlearned.count == 1 ? "does" : "do")"
    return [
      Finding(
        .warning, .absentClasses,
        "\(absent.count) of the \(classNames.count) classes "
          + "\(absent.count == 1 ? "occurs" : "occur") in no training picture: "
          + "\(names(absent))\(measuredToo)",
        count: absent.count)
    ]
  }

  // MARK: Warnings

  private func measurable(_ tally: SurveyTally) -> [Finding] {
    let part = tally.part
    guard tally.readable > 0, tally.strayPixels == 0, classNames.count > 1 else { return [] }
    if part.labelledPixels == 0 {
      return [
        Finding(
          .warning, .unmeasurable,
          "every pixel of the validation labels is 255, to be ignored: nothing can be evaluated on "
            + "them")
      ]
    }
    let there = part.classesThatOccur
    guard there.count == 1, let only = there.first else { return [] }
    return [
      Finding(
        .warning, .unmeasurable,
        "every labelled pixel of the validation pictures is of class \(only)\(name(of: only)): mean "
          + "IU says little there")
    ]
  }

  private func oddPictures(_ tally: SurveyTally, _ role: String) -> [Finding] {
    var findings: [Finding] = []
    if !tally.ignored.isEmpty, tally.part.labelledPixels > 0 {
      findings.append(
        Finding(
          .warning, .ignoredPictures,
          "\(tally.ignored.count) of the \(tally.part.pictureCount) \(role) pictures "
            + "\(tally.ignored.count == 1 ? "has" : "have") nothing but ignored pixels: "
            + first(tally.ignored),
          count: tally.ignored.count))
    }
    var seen: Set<String> = []
    let repeated = tally.pictures.filter {
      !seen.insert("\($0.fingerprint ?? 0) \($0.name)").inserted
    }.map(\.name)
    if !repeated.isEmpty {
      findings.append(
        Finding(
          .warning, .repeatedPictures,
          "\(repeated.count) of the \(tally.part.pictureCount) \(role) pictures "
            + "\(repeated.count == 1 ? "is" : "are") listed more than once: \(first(repeated))",
          count: repeated.count))
    }
    return findings
  }

  /// Validation pictures that are learned from, whatever they are called.
  private var shared: Finding? {
    guard let learned, let measured else { return nil }
    let shared = measured.pictures.filter { picture in
      picture.fingerprint.map { learned.fingerprints.contains($0) } ?? false
    }
    guard !shared.isEmpty else { return nil }
    let isOne = shared.count == 1
    let how = !isOne && shared.count == measured.pictures.count ? "all" : "\(shared.count)"
    return Finding(
      .warning, .sharedPictures,
      "\(how) of the \(measured.pictures.count) validation pictures "
        + "\(isOne ? "is a training picture" : "are training pictures") too, byte "
        + "for byte: \(first(shared.map(\.name))). What is evaluated on them looks too good to be true",
      count: shared.count)
  }

  // MARK: Words

  /// The first few of `items`, and how many more there are.
  private func first(_ items: [String]) -> String {
    let most = 3
    let shown = items.prefix(most).joined(separator: "; ")
    return items.count > most ? "\(shown); and \(items.count - most) more" : shown
  }

  private func name(of index: Int) -> String {
    classNames.indices.contains(index) ? " (\(classNames[index]))" : ""
  }

  private func names(_ indices: [Int]) -> String {
    let most = 8
    let shown = indices.prefix(most).map { classNames[$0] }.joined(separator: ", ")
    return indices.count > most ? "\(shown) and \(indices.count - most) more" : shown
  }
}
