/// A safetensors file's header and data.
struct SafetensorsParts: FileParts {
  private var header: [UInt8]
  private var data: [UInt8]

  init?(_ bytes: [UInt8]) {
    guard bytes.count > 8, bytes[6] == 0, bytes[7] == 0, let count = bytes.integer(0, 6),
      count <= bytes.count - 8
    else { return nil }
    header = Array(bytes[8..<8 + count])
    data = Array(bytes[(8 + count)...])
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(header.count, 8)
    return bytes + header + data
  }

  mutating func change(_ chance: inout Chance) {
    switch chance.below(8) {
    case 0: data = chance.changed(data)
    case 1..<4: header = TextParts.changed(header, &chance)
    default: header = chance.changed(header)
    }
  }
}

/// Text, in which numbers and words stand.
struct TextParts: FileParts {
  private(set) var bytes: [UInt8]

  init?(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func change(_ chance: inout Chance) {
    bytes = chance.isOne(in: 2) ? chance.changed(bytes) : Self.changed(bytes, &chance)
  }

  /// `text` with another number or word in the place of one, or a part in brackets doubled, moved or gone.
  static func changed(_ text: [UInt8], _ chance: inout Chance) -> [UInt8] {
    func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    switch chance.below(4) {
    case 0, 1:
      let starts = text.indices.filter {
        isDigit(text[$0]) && ($0 == 0 || !isDigit(text[$0 - 1]))
      }
      guard !starts.isEmpty else { return text }
      let start = starts[chance.below(starts.count)]
      let end = text[start...].firstIndex { !isDigit($0) } ?? text.count
      let old = Int(String(decoding: text[start..<end], as: UTF8.self)) ?? 0
      let number =
        switch chance.below(4) {
        case 0: "\(old &+ 1)"
        case 1: "\(old &- 1)"
        case 2: "\(chance.below(40))"
        default: "\(chance.limit())"
        }
      return [UInt8](text[..<start]) + number.utf8 + text[end...]
    case 2:
      let words = quoted(text)
      guard !words.isEmpty else { return text }
      let (one, other) = (words[chance.below(words.count)], words[chance.below(words.count)])
      return [UInt8](text[..<one.lowerBound]) + text[other] + text[one.upperBound...]
    default:
      let groups = bracketed(text)
      guard !groups.isEmpty else { return text }
      let (one, other) = (groups[chance.below(groups.count)], groups[chance.below(groups.count)])
      switch chance.below(3) {
      case 0: return [UInt8](text[..<one.lowerBound]) + text[other] + text[one.upperBound...]
      case 1: return [UInt8](text[..<one.upperBound]) + [44] + text[other] + text[one.upperBound...]
      default:
        // With the comma that follows, if one does.
        let end = one.upperBound + (text.dropFirst(one.upperBound).first == 44 ? 1 : 0)
        return [UInt8](text[..<one.lowerBound]) + text[end...]
      }
    }
  }

  /// Where words in quotes stand, these included.
  private static func quoted(_ text: [UInt8]) -> [Range<Int>] {
    let marks = text.indices.filter {
      (text[$0] == 34 || text[$0] == 39) && ($0 == 0 || text[$0 - 1] != 92)
    }
    return stride(from: 0, to: marks.count - 1, by: 2).map { marks[$0]..<marks[$0 + 1] + 1 }
  }

  /// Where what is in brackets stands, these included.
  private static func bracketed(_ text: [UInt8]) -> [Range<Int>] {
    var (open, groups): ([Int], [Range<Int>]) = ([], [])
    for (index, byte) in text.enumerated() {
      if [40, 91, 123].contains(byte) { open.append(index) }
      if [41, 93, 125].contains(byte), let start = open.popLast() {
        groups.append(start..<index + 1)
      }
    }
    return groups
  }
}

/// A JPEG's segments up to its first scan, and what follows.
struct JPEGParts: FileParts {
  private struct Segment {
    var marker: UInt8
    var data: [UInt8]
  }

  private var segments: [Segment] = []
  private var rest: [UInt8]

  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
    var offset = 2
    while bytes.integer(offset, 1) == 0xFF, let marker = bytes.integer(offset + 1, 1),
      let count = bytes.integer(offset + 2, 2, bigEndian: true), count >= 2,
      offset + 2 + count <= bytes.count
    {
      segments.append(
        Segment(marker: UInt8(marker), data: Array(bytes[offset + 4..<offset + 2 + count])))
      offset += 2 + count
    }
    rest = Array(bytes[offset...])
    guard !segments.isEmpty else { return nil }
  }

  var bytes: [UInt8] {
    segments.reduce(into: [0xFF, 0xD8]) { bytes, segment in
      bytes += [0xFF, segment.marker]
      bytes.append(segment.data.count + 2, 2, bigEndian: true)
      bytes += segment.data
    } + rest
  }

  mutating func change(_ chance: inout Chance) {
    guard !segments.isEmpty else { return }
    let index = chance.below(segments.count)
    switch chance.below(8) {
    case 0: chance.rearrange(&segments)
    case 1:
      segments[index].marker =
        [0xC0, 0xC1, 0xC2, 0xC4, 0xC9, 0xDA, 0xDB, 0xDD, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE][
          chance.below(13)]
    case 2: rest = chance.changed(rest)
    case 3:
      // Samples, sampling, tables: bytes of a few values.
      guard !segments[index].data.isEmpty else { return }
      let place = chance.below(min(20, segments[index].data.count))
      segments[index].data[place] =
        [0, 1, 2, 3, 4, 0x11, 0x12, 0x21, 0x22, 0x41, 8, 12, 255][
          chance.below(13)]
    default: segments[index].data = chance.changed(segments[index].data)
    }
    // The length has 16 bits.
    segments.removeAll { $0.data.count > 65533 }
  }
}
