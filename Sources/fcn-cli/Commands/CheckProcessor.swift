import FCNSwift

extension Subcommand {
  /// `fcn check` without a device.
  static func checkProcessor(_ arguments: Arguments) throws {
    let chosen: Precision? = try arguments.choice(checkedPrecision)
    if let chosen, ![.float32, .int16, .int8].contains(chosen) {
      throw UsageError(
        "--\(checkedPrecision.name) \(chosen.rawValue) is a device's; the processor has float32, "
          + "int16 and int8. --device cuda checks a device")
    }
    let check = try ProcessorCheck(precisions: chosen.map { [$0] } ?? [.float32, .int16, .int8])
    let isTable = !arguments.has(.json)
    if isTable { try Terminal.print(Capabilities.processor) }
    var findings: [ProcessorCheck.Finding] = []
    try check.run { finding in
      findings.append(finding)
      if isTable, !finding.isGood { try Terminal.print(line(finding)) }
      return !Interrupt.isPending
    }
    let report = ProcessorReport(findings: findings, rates: try check.rates())
    try Terminal.print(isTable ? report.table : report.json.indentedText)
    for warning in report.warnings { Terminal.log("warning: \(warning)") }
    guard report.bad == 0 else {
      throw FCNError(
        .internalDefect,
        "\(report.bad) of \(findings.count) comparisons are beyond their tolerance; set FCN_CPU to an "
          + "instruction set that has none, and report this")
    }
  }

  private static func line(_ finding: ProcessorCheck.Finding) -> String {
    "\(finding.instructionSet): \(finding.name) by \(finding.form): \(scientific(finding.difference)), "
      + "at most \(scientific(finding.tolerance)) wanted"
  }
}

/// What `fcn check` found out about the processor.
private struct ProcessorReport {
  let findings: [ProcessorCheck.Finding]
  let rates: [ProcessorCheck.Rate]

  var bad: Int { findings.count { !$0.isGood } }

  /// Of each instruction set, as text; the numbers to the right.
  var table: String {
    var rows = [["", "compared", "largest difference", "float32 GFLOP/s", "int16 GOP/s"]]
    for rate in rates {
      let own = findings.filter { $0.instructionSet == rate.instructionSet }
      let worst = Precision.allCases.compactMap { precision -> String? in
        let differences = own.filter { $0.precision == precision }.map(\.difference)
        guard let largest = differences.max() else { return nil }
        return "\(Subcommand.scientific(largest)) \(precision.rawValue)"
      }
      rows.append([
        rate.instructionSet, "\(own.count)", worst.joined(separator: ", "),
        (rate.operations / 1e9).rounded(toPlaces: 1),
        (rate.integerOperations / 1e9).rounded(toPlaces: 1),
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      zip(row, widths).enumerated().map { column, cell in
        let padding = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == 0 ? cell.0 + padding : padding + cell.0
      }.joined(separator: "  ")
    }
    return lines.joined(separator: "\n")
      + "\n\(findings.count) comparisons, \(bad) beyond their tolerance; "
      + "\(Capabilities.instructionSet) runs"
  }

  var warnings: [String] {
    ProcessorCheck.slowness(in: rates).map { slow in
      func rate(_ rate: ProcessorCheck.Rate) -> String {
        let operations = slow.precision == .int16 ? rate.integerOperations : rate.operations
        return (operations / 1e9).rounded(toPlaces: 1)
      }
      return "\(slow.wider.instructionSet) is SLOWER than \(slow.narrower.instructionSet) in "
        + "\(slow.precision.rawValue): \(rate(slow.wider)) against \(rate(slow.narrower)) billion "
        + "operations a second. Run this again on a quiet machine; if it stays so, set "
        + "FCN_CPU=\(slow.narrower.instructionSet) and report it"
    }
  }

  var json: JSON {
    [
      "processor": .string(Capabilities.processor),
      "instruction_set": .string(Capabilities.instructionSet),
      "instruction_sets": .array(
        rates.map { rate in
          [
            "name": .string(rate.instructionSet),
            "float32_gflops": .number(rate.operations / 1e9),
            "int16_gops": .number(rate.integerOperations / 1e9),
          ]
        }),
      "findings": .array(
        findings.map { finding in
          [
            "instruction_set": .string(finding.instructionSet), "name": .string(finding.name),
            "form": .string(finding.form), "precision": .string(finding.precision.rawValue),
            "difference": .number(finding.difference), "tolerance": .number(finding.tolerance),
            "good": .bool(finding.isGood),
          ]
        }),
      "warnings": .array(warnings.map { .string($0) }),
    ]
  }
}
