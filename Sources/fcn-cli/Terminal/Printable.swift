/// `text` as it may be shown on a terminal: what would move the cursor, change colours or the
/// direction of writing, or hide, is spelled out, as `\u{1B}`. Line breaks and tabs stay.
///
/// Names in files come from anywhere, and a terminal does what they say.
func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isUnprintable) else { return text }
  var shown = ""
  for scalar in text.unicodeScalars {
    if isUnprintable(scalar) {
      shown += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
    } else {
      shown.unicodeScalars.append(scalar)
    }
  }
  return shown
}

/// A name within a line, fit for a terminal: `printable`, with line breaks and tabs spelled out
/// too, so that it cannot pass for another line.
func printableName(_ name: String) -> String {
  guard name.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\t" }) else {
    return printable(name)
  }
  var shown = ""
  for scalar in name.unicodeScalars {
    switch scalar {
    case "\n": shown += "\\n"
    case "\t": shown += "\\t"
    default: shown.unicodeScalars.append(scalar)
    }
  }
  return printable(shown)
}

private func isUnprintable(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x09, 0x0A: false
  // C0, DEL and C1, among them escape and the eight-bit control sequence introducer.
  case 0x00...0x1F, 0x7F...0x9F: true
  // Marks, embeddings, overrides and isolates of the direction of writing; breaks of line and
  // paragraph.
  case 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
  // The mark of byte order, invisible within a text, and invisible tags.
  case 0xFEFF, 0xE0000...0xE007F: true
  default: false
  }
}

/// `text` as one word of a command line that may be copied: in quotes where a shell wants them.
func shellWord(_ text: String) -> String {
  let isPlain = text.allSatisfy { $0.isLetter || $0.isNumber || "_./:=@%+,-".contains($0) }
  if isPlain, !text.isEmpty { return text }
  return "'" + text.map { $0 == "'" ? "'\\''" : String($0) }.joined() + "'"
}
