import FCNSwift

/// How `fcn convert` says what annotations hold.
struct ConversionWords {
  private let report: ConversionReport
  private let source: Conversion.Source
  private let leavesOutFaulty: Bool
  private let errors: [ConversionFinding]

  init(_ report: ConversionReport, of source: Conversion.Source, leavesOutFaulty: Bool) {
    self.report = report
    self.source = source
    self.leavesOutFaulty = leavesOutFaulty
    errors = report.errors(leavingOutFaulty: leavesOutFaulty)
  }

  /// The lists and how long they are.
  var lists: String {
    report.splits.isEmpty
      ? counted(0, "picture")
      : report.splits.enumerated().map { index, split in
        (index == 0 ? counted(split.pictures.count, "picture") : "\(split.pictures.count)")
          + " in \(split.name)"
      }.joined(separator: ", ")
  }

  /// How often each class occurs.
  var table: String {
    let total = report.classPixels.reduce(0, +) + report.ignoredPixels
    func share(_ pixels: Int) -> String {
      guard total > 0, pixels > 0 else { return "-" }
      return "\((Double(pixels) / Double(total) * 100).rounded(toPlaces: 2)) %"
    }
    // Labels without names are hundreds, of which few occur.
    let hasNames = !report.findings.contains { $0.kind == .unnamedClasses }
    let classes = report.classNames.indices.filter { hasNames || report.classPixels[$0] > 0 }
    var rows = [("class", "pixels", "pictures")]
    rows += classes.map {
      (
        "\($0) \(report.classNames[$0])", share(report.classPixels[$0]),
        "\(report.classPictures[$0])"
      )
    }
    if report.ignoredPixels > 0 { rows.append(("255 ignored", share(report.ignoredPixels), "")) }
    let widths = (rows.map(\.0.count).max() ?? 0, rows.map(\.1.count).max() ?? 0)
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: width + 2 - text.count)
    }
    let lines = rows.map {
      let line = padded($0.0, widths.0) + padded($0.1, widths.1) + $0.2
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
    return (["found: \(lists)"] + lines).joined(separator: "\n")
  }

  /// Logs what is odd, and what is left out.
  func tell(isQuiet: Bool) {
    for finding in report.findings {
      switch finding.severity {
      case .error where !errors.contains(finding):
        Terminal.log("warning: left out: \(words(finding))")
      case .error: continue
      case .warning: Terminal.log("warning: \(words(finding))")
      case .note: if !isQuiet { Terminal.log(words(finding)) }
      }
    }
  }

  /// All errors in one; nil where there are none.
  var failure: FCNError? {
    guard !errors.isEmpty else { return nil }
    let canBeLeftOut = errors.allSatisfy(\.isAboutPictures)
    let advice = canBeLeftOut ? "\nMend them, or leave these pictures out with --skip-bad" : ""
    guard errors.count > 1 else {
      return FCNError(.corrupt, errors.map(words).joined() + advice)
    }
    let lines = errors.map { "\n  - \(words($0))" }
    return FCNError(
      .corrupt, "the annotations have \(errors.count) kinds of faults:\(lines.joined())\(advice)")
  }

  /// A finding, and the option that answers it.
  private func words(_ finding: ConversionFinding) -> String {
    switch finding.kind {
    case .unlistedLabels:
      finding.text
        + "; add them (--classes), or say what they become (--others ignore or background)"
    case .unnamedClasses: finding.text + " (--classes)"
    case .noValidation: finding.text + " (--val FRACTION)"
    case .missingPicture: finding.text + " (--images)"
    case .unknownValues where source == .binary: finding.text + " (--from png)"
    case .unknownValues where source == .png:
      finding.text + " (--classes, --shift-labels, --ignore-label)"
    default: finding.text
    }
  }

  /// The report in one object.
  func json(output: String?) -> JSON {
    func texts(_ severity: ConversionFinding.Severity) -> JSON {
      .array(report.findings.filter { $0.severity == severity }.map { .string(words($0)) })
    }
    return [
      "output": failure == nil ? output.map { .string($0) } ?? nil : nil,
      "pictures": .number(report.pictureCount), "left_out": .number(report.faultyCount),
      "classes": .array(report.classNames.map { .string($0) }),
      "class_pixels": .array(report.classPixels.map { .number($0) }),
      "class_pictures": .array(report.classPictures.map { .number($0) }),
      "ignored_pixels": .number(report.ignoredPixels),
      "lists": .object(
        report.splits.map { .init($0.name, .array($0.pictures.map { .string($0) })) }),
      "warnings": texts(.warning), "notes": texts(.note), "errors": texts(.error),
    ]
  }
}
