/// A TIFF's first directory: what stands in its entries is changed, where they stand is not.
struct TIFFParts: FileParts {
  private(set) var bytes: [UInt8]
  private let isBigEndian: Bool
  /// Bytes of a number that says where something is: 4, or 8 in BigTIFF.
  private let width: Int
  /// Where the entries begin.
  private let entries: Int
  private let count: Int

  private static let tags = [
    254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325,
    338, 339, 347, 529, 530, 532,
  ]

  private var entrySize: Int { 4 + 2 * width }

  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: [0x49, 0x49]) || bytes.starts(with: [0x4D, 0x4D]) else { return nil }
    isBigEndian = bytes[0] == 0x4D
    guard let version = bytes.integer(2, 2, bigEndian: isBigEndian), [42, 43].contains(version)
    else { return nil }
    width = version == 42 ? 4 : 8
    guard let place = bytes.integer(width, width, bigEndian: isBigEndian),
      (0..<bytes.count).contains(place),
      let count = bytes.integer(place, width == 4 ? 2 : 8, bigEndian: isBigEndian),
      (1..<200).contains(count)
    else { return nil }
    entries = place + (width == 4 ? 2 : 8)
    self.count = count
    self.bytes = bytes
    guard entries + count * entrySize <= bytes.count else { return nil }
  }

  mutating func change(_ chance: inout Chance) {
    let entry = entries + chance.below(count) * entrySize
    switch chance.below(8) {
    case 0: write(Self.tags[chance.below(Self.tags.count)], at: entry, 2)
    case 1: write(1 + chance.below(18), at: entry + 2, 2)
    case 2: write(number(&chance), at: entry + 4, width)
    case 3:
      // The tag stays, the rest is another's.
      let other = entries + chance.below(count) * entrySize
      let part = Array(bytes[other + 2..<other + entrySize])
      bytes.replaceSubrange(entry + 2..<entry + entrySize, with: part)
    case 4: write(number(&chance), at: entry + 4 + width, width)
    case 5: write(number(&chance), at: entry + 4 + width, 2)
    case 6: write(chance.below(bytes.count), at: entry + 4 + width, width)
    default:
      // What is not in the directory: pixels, and longer values.
      let rest = entries + count * entrySize
      let place = chance.isOne(in: 2) ? 0..<entries : rest..<bytes.count
      guard place.count > 8 else { return }
      let part = chance.changed(Array(bytes[place]), growing: false)
      bytes.replaceSubrange(
        place, with: (part + [UInt8](repeating: 0, count: place.count)).prefix(place.count))
    }
  }

  private func number(_ chance: inout Chance) -> Int {
    chance.isOne(in: 2)
      ? [1, 2, 3, 4, 5, 6, 7, 8, 16, 32773, 32946, 50000][chance.below(12)]
      : Int(truncatingIfNeeded: chance.limit())
  }

  private mutating func write(_ value: Int, at place: Int, _ count: Int) {
    var part: [UInt8] = []
    part.append(value, count, bigEndian: isBigEndian)
    bytes.replaceSubrange(place..<place + count, with: part)
  }
}
