import FCNSwift

/// What a command line said, with the checks that every value wants.
struct Arguments {
  private let values: [String: [String]]
  /// The words that are no options.
  let operands: [String]

  init(values: [String: [String]], operands: [String]) {
    self.values = values
    self.operands = operands
  }

  /// Whether the option was given.
  func has(_ option: Option) -> Bool { values[option.name] != nil }

  /// Which of two options that exclude each other was given: true for `yes`; nil for none.
  func either(_ yes: Option, or no: Option) throws -> Bool? {
    guard has(yes) || has(no) else { return nil }
    guard has(yes) != has(no) else {
      throw UsageError("give --\(yes.name) or --\(no.name), not both")
    }
    return has(yes)
  }

  /// The option's value, the last one where it was given more than once.
  func text(_ option: Option) -> String? { values[option.name]?.last }

  /// All values of an option that may be given more than once.
  func texts(_ option: Option) -> [String] { values[option.name] ?? [] }

  /// The value of an option that must be given.
  func required(_ option: Option) throws -> String {
    guard let text = text(option) else {
      throw UsageError("\(option.spelling) is missing")
    }
    return text
  }

  /// The option's value as an integer in `range`.
  func integer(_ option: Option, in range: ClosedRange<Int>) throws -> Int? {
    try number(option, in: NumberRange(range))
  }

  /// The option's value as a random seed.
  func seed(_ option: Option) throws -> UInt64? {
    try number(option, .seed)
  }

  /// The option's value as a number in `range`.
  func number<Number: LosslessStringConvertible>(
    _ option: Option, in range: NumberRange<Number>
  ) throws -> Number? {
    try text(option).map { try number($0, option, in: range) }
  }

  /// The option's value as a number of a training.
  func number<Number>(_ option: Option, _ number: TrainingNumber<Number>) throws -> Number? {
    try self.number(option, in: number.range)
  }

  /// The option's value as one of the cases of an enumeration.
  func choice<Choice>(_ option: Option) throws -> Choice?
  where Choice: RawRepresentable<String> & CaseIterable {
    try text(option).map { text in
      guard let choice = Choice(rawValue: text) else {
        let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw outside(option, text, "one of \(choices)")
      }
      return choice
    }
  }

  /// The option's value as `LOWxHIGH` or `LOW:HIGH` and the like, two numbers in `range`.
  func pair(
    _ option: Option, separator: Character, in range: NumberRange<Float>
  ) throws -> (Float, Float)? {
    try text(option).map { text in
      let parts = text.split(separator: separator, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        throw outside(option, text, option.value ?? "two numbers")
      }
      return (
        try number(String(parts[0]), option, in: range),
        try number(String(parts[1]), option, in: range)
      )
    }
  }

  /// The option's value as `WIDTHxHEIGHT` in pixels.
  func size(_ option: Option, in range: ClosedRange<Int>) throws -> (width: Int, height: Int)? {
    try text(option).map { text in
      let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      guard sides.count == 2, let width = sides[0], let height = sides[1],
        range.contains(width), range.contains(height)
      else {
        throw outside(
          option, text, "WIDTHxHEIGHT, each \(range.lowerBound)…\(range.upperBound) pixels")
      }
      return (width, height)
    }
  }

  /// `text`, which belongs to `option`, as a number in `range`.
  func number<Number: LosslessStringConvertible>(
    _ text: String, _ option: Option, in range: NumberRange<Number>
  ) throws -> Number {
    guard let value = Number(text), range.contains(value) else {
      let kind = Number.self is any BinaryInteger.Type ? "an integer" : "a number"
      // It may be a part of the value, as in 0.6:1.6.
      let whole = self.text(option) ?? text
      let place = whole == text ? "" : ", in place of \"\(text)\""
      throw outside(option, whole, "\(kind), \(range.words)\(place)")
    }
    return value
  }

  /// The value of `option` as `body` reads it; what that throws is a fault of the command line.
  func named<Value>(_ option: Option, _ body: (String) throws -> Value) throws -> Value? {
    try text(option).map { text in
      do {
        return try body(text)
      } catch let error as FCNError {
        throw UsageError("--\(option.name): \(error.message)")
      }
    }
  }

  /// The error for a value of `option` that is not what is `wanted`.
  func outside(_ option: Option, _ found: String, _ wanted: String) -> UsageError {
    UsageError("--\(option.name) is \"\(found)\"; wanted \(wanted)")
  }
}

extension Arguments {
  /// `--threads`, in the range that the engine takes.
  func threads() throws -> Int { try number(.threads, in: .threads) ?? 0 }

  /// The option's value in bytes, as `500M` and the like; nil where it is not given.
  func byteCount(_ option: Option) throws -> Int? {
    try text(option).map { text in
      let units: [Character: Int] = ["K": 10, "k": 10, "M": 20, "m": 20, "G": 30, "g": 30]
      let shift = text.last.flatMap { units[$0] }
      let digits = shift == nil ? text[...] : text.dropLast()
      let number = digits.allSatisfy { ("0"..."9").contains($0) } ? Int(digits) : nil
      let bytes = number?.multipliedReportingOverflow(by: 1 << (shift ?? 0))
      guard let bytes, !bytes.overflow, bytes.partialValue > 0 else {
        throw outside(option, text, "a number of bytes, or of K, M or G, such as 500M")
      }
      return bytes.partialValue
    }
  }

  /// `--device`, or `usual` where it is not given.
  func device() throws -> Device {
    guard let text = text(.device) else { return .processor }
    if text == "cpu" { return .processor }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let index = parts.count == 2 ? Int(parts[1]) : 0
    guard parts.first == "cuda", parts.count <= 2, let index, (0...255).contains(index) else {
      throw outside(.device, text, "cpu, cuda or cuda:N")
    }
    return .cuda(index)
  }
}
