import FCNSwift

extension Subcommand {
  static let checkedPrecision = Option.value(
    "precision", "NUMBERS",
    "Check only this: float32, int16 or int8; of a device, float32, tf32, float16 or bfloat16."
  ).choosing(from: Precision.self)

  /// `fcn check`.
  static let check = Subcommand(
    "check", "Check that this processor, or a CUDA device, computes what it should.",
    usage: ["[--device cuda:N] [--precision NUMBERS] [--json]"],
    discussion: """
      Without a device: computes convolutions by every form of every instruction set
      that this processor has, tells the largest difference from the reference forms
      as a part of the largest value, and how fast one core multiplies with each. The
      last one is what runs, unless FCN_CPU names another.
      On a device: computes layers and their gradients on random values, whole
      networks, and steps of their training, there and on the processor; convolutions
      by our own kernels, and by cuDNN and cuBLASLt where those are found.
      Fails where a difference is beyond what rounding explains. Run it first on a new
      kind of processor, device or driver.
      """,
    [OptionGroup("Options", [.device, checkedPrecision, .json, .quiet])]
  ) { arguments in
    if case .cuda(let index) = try arguments.device() {
      try checkDevice(index, arguments)
    } else {
      try checkProcessor(arguments)
    }
  }

  private static func checkDevice(_ index: Int, _ arguments: Arguments) throws {
    let chosen: Precision? = try arguments.choice(checkedPrecision)
    let check = try DeviceCheck(
      device: index, precisions: chosen.map { [$0] } ?? [.float32, .tf32, .float16, .bfloat16])
    let isTable = !arguments.has(.json)
    if isTable { try Terminal.print(check.deviceText) }
    var findings: [DeviceCheck.Finding] = []
    try check.run { finding in
      findings.append(finding)
      if isTable, !arguments.has(.quiet) || !finding.isGood { try Terminal.print(line(finding)) }
      return !Interrupt.isPending
    }
    let bad = findings.count { !$0.isGood }
    if isTable {
      try Terminal.print("\(findings.count) comparisons, \(bad) beyond their tolerance")
    } else {
      let report: JSON = [
        "device": .string(check.deviceText),
        "findings": .array(
          findings.map { finding in
            [
              "name": .string(finding.name), "part": .string(finding.part),
              "precision": .string(finding.precision.rawValue),
              "difference": .number(finding.difference), "tolerance": .number(finding.tolerance),
              "good": .bool(finding.isGood),
            ]
          }),
      ]
      try Terminal.print(report.indentedText)
    }
    guard bad == 0 else {
      throw FCNError(
        .deviceFailure, "\(bad) of \(findings.count) comparisons are beyond their tolerance")
    }
  }

  private static func line(_ finding: DeviceCheck.Finding) -> String {
    let name = "\(finding.precision.rawValue)  \(finding.name), \(finding.part)"
    let padding = String(repeating: " ", count: max(1, 72 - name.count))
    let verdict = finding.isGood ? "" : "  BEYOND \(scientific(finding.tolerance))"
    return name + padding + scientific(finding.difference) + verdict
  }

  /// Two digits and a power of ten.
  static func scientific(_ value: Double) -> String {
    guard value > 0, value.isFinite else { return "\(value)" }
    var (digits, exponent) = (value, 0)
    while digits >= 9.95 { (digits, exponent) = (digits / 10, exponent + 1) }
    while digits < 0.995 { (digits, exponent) = (digits * 10, exponent - 1) }
    return digits.rounded(toPlaces: 1) + "e\(exponent)"
  }
}
