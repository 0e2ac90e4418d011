import CZLibrary

/// zlib, for what mutators unpack and pack again.
enum Packed {
  /// `bytes` unpacked, in zlib's wrapper or, where `isBare`, without; nil where they cannot be, or are more
  /// than `most`.
  static func unpacked(_ bytes: [UInt8], isBare: Bool, most: Int = 1 << 17) -> [UInt8]? {
    var (input, output) = (bytes, [UInt8](repeating: 0, count: most))
    var stream = z_stream()
    guard
      inflateInit2_(
        &stream, isBare ? -15 : 15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { inflateEnd(&stream) }
    let status = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return inflate(&stream, Z_FINISH)
      }
    }
    guard status == Z_STREAM_END else { return nil }
    output.removeLast(Int(stream.avail_out))
    return output
  }

  /// `bytes` in zlib's wrapper, or without.
  static func packed(_ bytes: [UInt8], isBare: Bool) -> [UInt8] {
    var count = compressBound(UInt(bytes.count))
    var output = [UInt8](repeating: 0, count: Int(count))
    guard compress2(&output, &count, bytes, UInt(bytes.count), 1) == Z_OK else { return [] }
    output.removeLast(output.count - Int(count))
    return isBare ? Array(output.dropFirst(2).dropLast(4)) : output
  }

  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    UInt32(truncatingIfNeeded: crc32(0, bytes, UInt32(bytes.count)))
  }
}

extension Array where Element == UInt8 {
  /// An unsigned integer of `count` bytes at `offset`, the least first or last; nil beyond the end.
  func integer(_ offset: Int, _ count: Int, bigEndian: Bool = false) -> Int? {
    guard offset >= 0, offset + count <= self.count else { return nil }
    let part = self[offset..<offset + count]
    return (bigEndian ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | Int($1) }
  }

  mutating func append(_ value: Int, _ count: Int, bigEndian: Bool = false) {
    let part = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    self += bigEndian ? part.reversed() : part
  }
}

/// A PNG's chunks.
struct PNGParts: FileParts {
  private struct Chunk {
    var type: [UInt8]
    var data: [UInt8]
  }

  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private var chunks: [Chunk] = []

  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: Self.signature) else { return nil }
    var offset = 8
    while let count = bytes.integer(offset, 4, bigEndian: true), count <= bytes.count - offset - 12
    {
      chunks.append(
        Chunk(
          type: Array(bytes[offset + 4..<offset + 8]),
          data: Array(bytes[offset + 8..<offset + 8 + count])))
      offset += 12 + count
    }
    guard !chunks.isEmpty else { return nil }
  }

  var bytes: [UInt8] {
    chunks.reduce(into: Self.signature) { bytes, chunk in
      bytes.append(chunk.data.count, 4, bigEndian: true)
      bytes += chunk.type + chunk.data
      bytes.append(Int(Packed.checksum(chunk.type + chunk.data)), 4, bigEndian: true)
    }
  }

  mutating func change(_ chance: inout Chance) {
    switch chance.below(6) {
    case 0: chance.rearrange(&chunks)
    case 1: changeHeader(&chance)
    case 2, 3: changePixels(&chance)
    default:
      guard !chunks.isEmpty else { return }
      let index = chance.below(chunks.count)
      if chance.isOne(in: 8) {
        chunks[index].type = chance.changed(chunks[index].type, growing: false)
        chunks[index].type += Array("IDAT".utf8.dropFirst(chunks[index].type.count))
      } else if chunks[index].type == Array("IDAT".utf8), !chance.isOne(in: 8) {
        changePixels(&chance)
      } else {
        chunks[index].data = chance.changed(chunks[index].data)
      }
    }
  }

  /// Another kind of picture, with as many bytes of pixels as it wants.
  private mutating func changeHeader(_ chance: inout Chance) {
    guard let index = chunks.firstIndex(where: { $0.type == Array("IHDR".utf8) }),
      chunks[index].data.count == 13
    else { return }
    var data = chunks[index].data
    switch chance.below(4) {
    case 0: data[3] = UInt8(1 + chance.below(64))
    case 1: data[7] = UInt8(1 + chance.below(64))
    case 2: data[12] ^= 1
    default:
      data[8] = [1, 2, 4, 8, 16][chance.below(5)]
      data[9] = [0, 2, 3, 4, 6][chance.below(5)]
    }
    chunks[index].data = data
    guard let width = data.integer(0, 4, bigEndian: true), width < 4096,
      let height = data.integer(4, 4, bigEndian: true), height < 4096
    else { return }
    let samples = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][Int(data[9])] ?? 1
    let row = (width * samples * Int(data[8]) + 7) / 8 + 1
    // Interlaced, there are more and shorter rows.
    let count = row * height + (data[12] == 1 ? 14 * (width + height) : 0)
    guard count < 1 << 17 else { return }
    withPixels { pixels in
      if pixels.count > count { pixels.removeLast(pixels.count - count) }
      for _ in pixels.count..<count { pixels.append(pixels.count % row == 0 ? 0 : 85) }
    }
  }

  private mutating func changePixels(_ chance: inout Chance) {
    withPixels { pixels in
      let count = pixels.count
      pixels = chance.changed(pixels)
      guard !chance.isOne(in: 3) else { return }
      pixels = Array((pixels + [UInt8](repeating: 3, count: count)).prefix(count))
    }
  }

  /// Has `change` change what is packed in IDAT chunks, which become one.
  private mutating func withPixels(_ change: (inout [UInt8]) -> Void) {
    let type = Array("IDAT".utf8)
    guard let first = chunks.firstIndex(where: { $0.type == type }) else { return }
    let packed = chunks.filter { $0.type == type }.flatMap(\.data)
    guard var pixels = Packed.unpacked(packed, isBare: false) else { return }
    change(&pixels)
    chunks[first].data = Packed.packed(pixels, isBare: false)
    chunks = chunks.enumerated().filter { $0 <= first || $1.type != type }.map(\.element)
  }
}

/// A zip archive's entries, unpacked.
struct ZipParts: FileParts {
  private struct Entry {
    var name: [UInt8]
    var content: [UInt8]
    var isPacked: Bool
  }

  private var entries: [Entry] = []

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 22, let end = Self.end(of: bytes),
      let count = bytes.integer(end + 10, 2), var offset = bytes.integer(end + 16, 4)
    else { return nil }
    for _ in 0..<count {
      guard bytes.integer(offset, 4) == 0x0201_4B50, let method = bytes.integer(offset + 10, 2),
        let size = bytes.integer(offset + 20, 4), let name = bytes.integer(offset + 28, 2),
        let extra = bytes.integer(offset + 30, 2), let comment = bytes.integer(offset + 32, 2),
        let header = bytes.integer(offset + 42, 4), let ownName = bytes.integer(header + 26, 2),
        let ownExtra = bytes.integer(header + 28, 2)
      else { return nil }
      let start = header + 30 + ownName + ownExtra
      guard start + size <= bytes.count, offset + 46 + name <= bytes.count else { return nil }
      let content = Array(bytes[start..<start + size])
      guard let plain = method == 8 ? Packed.unpacked(content, isBare: true) : content else {
        return nil
      }
      entries.append(
        Entry(
          name: Array(bytes[offset + 46..<offset + 46 + name]), content: plain,
          isPacked: method == 8))
      offset += 46 + name + extra + comment
    }
    guard !entries.isEmpty else { return nil }
  }

  private static func end(of bytes: [UInt8]) -> Int? {
    (0...bytes.count - 22).reversed().first { bytes.integer($0, 4) == 0x0605_4B50 }
  }

  var bytes: [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for entry in entries {
      let packed = entry.isPacked ? Packed.packed(entry.content, isBare: true) : entry.content
      var fields: [UInt8] = []
      fields.append(20, 2)
      fields.append(0, 2)
      fields.append(entry.isPacked ? 8 : 0, 2)
      fields.append(0, 4)
      fields.append(Int(Packed.checksum(entry.content)), 4)
      fields.append(packed.count, 4)
      fields.append(entry.content.count, 4)
      fields.append(entry.name.count, 2)
      fields.append(0, 2)
      directory += [0x50, 0x4B, 1, 2, 20, 0] + fields + [UInt8](repeating: 0, count: 10)
      directory.append(bytes.count, 4)
      directory += entry.name
      bytes += [0x50, 0x4B, 3, 4] + fields + entry.name + packed
    }
    var end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
    end.append(entries.count, 2)
    end.append(entries.count, 2)
    end.append(directory.count, 4)
    end.append(bytes.count, 4)
    return bytes + directory + end + [0, 0]
  }

  mutating func change(_ chance: inout Chance) {
    guard !entries.isEmpty else { return }
    let index = chance.below(entries.count)
    switch chance.below(10) {
    case 0: chance.rearrange(&entries)
    case 1: entries[index].name = chance.changed(entries[index].name)
    case 2: entries[index].isPacked.toggle()
    case 3...6:
      // Where there is a pickle, it says what all others are.
      let pickle = entries.firstIndex { $0.name.suffix(4) == Array(".pkl".utf8)[...] }
      change(pickle ?? index, &chance)
    default: change(index, &chance)
    }
  }

  /// What is in an entry may have parts too.
  private mutating func change(_ index: Int, _ chance: inout Chance) {
    let content = entries[index].content
    let parts: [any FileParts.Type] = [NPYParts.self, PickleParts.self]
    if !chance.isOne(in: 4), var inner = parts.lazy.compactMap({ $0.init(content) }).first {
      inner.change(&chance)
      entries[index].content = inner.bytes
    } else {
      entries[index].content = chance.changed(content)
    }
  }
}
