import FCNSwift

/// The command line is not one that `fcn` understands; `message` says what is wrong and what to do.
struct UsageError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

extension Subcommand {
  /// Reads the words after the subcommand's name: `--name value`, `--name=value`, `-n value`, and
  /// operands, in any order; after `--` there are only operands, and `-` is always one.
  func parse(_ words: [String]) throws -> Arguments {
    var values: [String: [String]] = [:]
    var found: [String] = []
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        found += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        found.append(word)
        continue
      }
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let option = try option(spelled: String(parts[0]))
      values[option.name, default: []].append(
        try value(of: option, attached: parts.count == 2 ? String(parts[1]) : nil, &rest))
    }
    if values[Option.help.name] == nil { try check(found) }
    return Arguments(values: values, operands: found)
  }

  private func option(spelled word: String) throws -> Option {
    let found = options.first { "--\($0.name)" == word || $0.letter.map { "-\($0)" } == word }
    guard let found else {
      let nearest = nearest(to: word, among: options.map { "--\($0.name)" })
      throw UsageError(
        "there is no option \(word)" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }
    return found
  }

  private func value(
    of option: Option, attached: String?, _ rest: inout ArraySlice<String>
  ) throws -> String {
    guard let placeholder = option.value else {
      guard attached == nil else { throw UsageError("--\(option.name) takes no value") }
      return ""
    }
    if let attached {
      try check(attached, of: option)
      return attached
    }
    // A word that looks like an option is taken for a forgotten value; `=` says otherwise.
    guard let next = rest.first, !next.hasPrefix("--") else {
      throw UsageError("--\(option.name) wants a value: --\(option.name) \(placeholder)")
    }
    rest.removeFirst()
    try check(next, of: option)
    return next
  }

  private func check(_ value: String, of option: Option) throws {
    guard option.isPath else { return }
    try check(path: value, "--\(option.name)", takesDash: option.takesDash)
  }

  /// Throws for a path that cannot be meant: an empty one would lead to the root of the file system
  /// or to nothing, and `-` to a file of that name.
  private func check(path: String, _ name: String, takesDash: Bool) throws {
    if path.isEmpty {
      throw UsageError("\(name) is empty; wanted the path of a file or folder")
    }
    if path == "-", !takesDash {
      throw UsageError(
        "\(name) is \"-\", but standard input or output cannot be used there; name a file, "
          + "or write ./- for one that is called so")
    }
  }

  private func check(_ found: [String]) throws {
    if found.count > operands.upperBound {
      throw UsageError(
        "\"\(found[operands.upperBound])\" is one argument too many: fcn \(name) \(usage.first ?? "")"
      )
    }
    if found.count < operands.lowerBound {
      throw UsageError("an argument is missing: fcn \(name) \(usage.first ?? "")")
    }
    for operand in found {
      try check(
        path: operand, operands.upperBound == 1 ? "the argument" : "an argument",
        takesDash: takesDash)
    }
  }
}

/// The candidate that differs from `word` in the fewest letters, if few enough for a slip, or the
/// only one that it begins.
func nearest(to word: String, among candidates: [String]) -> String? {
  let distances = candidates.map { ($0, editDistance(word, $0)) }
  let slips = max(1, word.count / 4)
  if let best = distances.min(by: { $0.1 < $1.1 }), best.1 <= slips { return best.0 }
  let startsAlike = candidates.filter { $0.hasPrefix(word) }
  return startsAlike.count == 1 ? startsAlike[0] : nil
}
