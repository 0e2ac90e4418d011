/// Telling pickles by how they begin.
enum PickleSignature {
  /// Whether `file` begins as a pickle of protocol 2 to 5 does.
  static func isBinary(_ file: UnsafeRawBufferPointer) -> Bool {
    file.count >= 2 && file[0] == PickleOpcode.proto.rawValue && (2...5).contains(file[1])
  }

  /// Whether `file` begins as a pickle of protocol 0 or 1 does, which has no mark of its own: with a
  /// class's name on two lines, or with a dictionary.
  static func isText(_ file: UnsafeRawBufferPointer) -> Bool {
    guard let first = file.first else { return false }
    switch first {
    case PickleOpcode.global.rawValue:
      let lines = file.dropFirst().prefix(2 * PickleHeap.longestName)
        .split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
      return lines.count == 3 && lines.prefix(2).allSatisfy(isName)
    case PickleOpcode.mark.rawValue:
      // (dp0 and (i in protocol 0, (c in protocol 1
      guard file.count > 2, file.last == PickleOpcode.stop.rawValue else { return false }
      return [.dict, .inst, .global, .list].contains(PickleOpcode(rawValue: file[1]))
    case PickleOpcode.emptyDict.rawValue, PickleOpcode.emptyList.rawValue:
      return file.last == PickleOpcode.stop.rawValue
    default: return false
    }
  }

  private static func isName(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    !line.isEmpty
      && line.allSatisfy { byte in
        let character = Unicode.Scalar(byte)
        return byte < 0x80
          && (character.properties.isAlphabetic || character == "_"
            || character == "." || ("0"..."9").contains(character))
      }
  }
}
