/// A name from a file or caller, in quotes, fit for an error message: control characters are
/// escaped and what is too long to read is cut.
func quoted(_ name: String) -> String {
  name.utf8.count <= 200 ? name.debugDescription : String(name.prefix(200)).debugDescription + "…"
}

/// Names in one line of an error message, every one up to a hundred.
func listed(_ items: [String]) -> String {
  let most = 100
  let shown = items.prefix(most).joined(separator: ", ")
  return items.count <= most ? shown : shown + " and \(items.count - most) more"
}

/// A name of several words run together as words of their own: "batch size" of `batchSize`.
func spelledOut(_ name: String) -> String {
  name.map { $0.isUppercase ? " " + $0.lowercased() : String($0) }.joined()
}
