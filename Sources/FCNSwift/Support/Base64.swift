/// Bytes as texts hold them, in 64 characters (RFC 4648).
enum Base64 {
  /// What `text` holds; line breaks in it, and a missing end of `=`, are allowed. Throws `corrupt` for
  /// other characters.
  static func decode(_ text: String) throws -> [UInt8] {
    try requireMemory(text.utf8.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count / 4 * 3 + 3)
    var (bits, count): (UInt32, Int) = (0, 0)
    var hasEnded = false
    for character in text.utf8 {
      if character == 0x0A || character == 0x0D { continue }
      if character == UInt8(ascii: "=") {
        hasEnded = true
        continue
      }
      guard !hasEnded, let value = value(of: character) else {
        throw FCNError(.corrupt, "base64: a character that is none of its 64 was found")
      }
      bits = bits << 6 | value
      count += 6
      guard count >= 8 else { continue }
      count -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
    }
    return bytes
  }

  private static func value(of character: UInt8) -> UInt32? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
