/// Python's pickles, one after another, as their instructions, and what follows them.
struct PickleParts: FileParts {
  private struct Instruction {
    var code: UInt8
    /// Without the length that stands before it.
    var argument: [UInt8]
  }

  /// How long an instruction's argument is.
  private enum Length {
    case bytes(Int)
    /// As a number of so many bytes before it says.
    case told(Int)
    case lines(Int)
  }

  private var instructions: [Instruction] = []
  private var rest: [UInt8]

  private static func length(of code: UInt8) -> Length? {
    switch code {
    case UInt8(ascii: "K"), UInt8(ascii: "q"), UInt8(ascii: "h"), 0x80, 0x82: .bytes(1)
    case UInt8(ascii: "M"), 0x83: .bytes(2)
    case UInt8(ascii: "J"), UInt8(ascii: "r"), UInt8(ascii: "j"), 0x84: .bytes(4)
    case UInt8(ascii: "G"), 0x95: .bytes(8)
    case UInt8(ascii: "U"), UInt8(ascii: "C"), 0x8A, 0x8C: .told(1)
    case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"), 0x8B: .told(4)
    case 0x8D, 0x8E, 0x96: .told(8)
    case UInt8(ascii: "c"), UInt8(ascii: "i"): .lines(2)
    case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "F"), UInt8(ascii: "S"),
      UInt8(ascii: "V"), UInt8(ascii: "p"), UInt8(ascii: "g"), UInt8(ascii: "P"):
      .lines(1)
    case UInt8(ascii: "("), UInt8(ascii: "."), UInt8(ascii: "0"), UInt8(ascii: "1"),
      UInt8(ascii: "2"), UInt8(ascii: "N"), UInt8(ascii: "Q"), UInt8(ascii: "R"),
      UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "d"), UInt8(ascii: "e"),
      UInt8(ascii: "l"), UInt8(ascii: "o"), UInt8(ascii: "s"), UInt8(ascii: "t"),
      UInt8(ascii: "u"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ")"),
      0x81, 0x85...0x89, 0x8F...0x94, 0x97, 0x98:
      .bytes(0)
    default: nil
    }
  }

  init?(_ bytes: [UInt8]) {
    var offset = 0
    while let code = bytes.dropFirst(offset).first, let length = Self.length(of: code) {
      var start = offset + 1
      let count: Int
      switch length {
      case .bytes(let fixed): count = fixed
      case .told(let width):
        guard let told = bytes.integer(start, width) else { count = -1; break }
        start += width
        count = told
      case .lines(let lines):
        let ends = bytes[start...].indices.lazy.filter { bytes[$0] == 10 }.prefix(lines)
        count = Array(ends).count == lines ? (Array(ends).last ?? start) + 1 - start : -1
      }
      guard count >= 0, count <= bytes.count - start else { break }
      // Frames are left out, for their lengths would no longer be right.
      if code != 0x95 {
        instructions.append(
          Instruction(code: code, argument: Array(bytes[start..<start + count])))
      }
      offset = start + count
    }
    rest = Array(bytes[offset...])
    guard instructions.count > 2 else { return nil }
  }

  var bytes: [UInt8] {
    instructions.reduce(into: []) { bytes, instruction in
      bytes.append(instruction.code)
      if case .told(let width)? = Self.length(of: instruction.code) {
        bytes.append(instruction.argument.count, width)
      }
      bytes += instruction.argument
    } + rest
  }

  mutating func change(_ chance: inout Chance) {
    guard !instructions.isEmpty else { return }
    let index = chance.below(instructions.count)
    switch chance.below(8) {
    case 0: chance.rearrange(&instructions)
    case 1: instructions[index] = instructions[chance.below(instructions.count)]
    case 2:
      // A few of them again, elsewhere.
      let end = min(instructions.count, index + 1 + chance.below(12))
      instructions.insert(
        contentsOf: instructions[index..<end], at: chance.below(instructions.count + 1))
    case 3 where !rest.isEmpty: rest = chance.changed(rest)
    default: changeArgument(of: index, &chance)
    }
  }

  /// Of the instruction at `index` or the next that has one.
  private mutating func changeArgument(of index: Int, _ chance: inout Chance) {
    guard let index = instructions[index...].firstIndex(where: { !$0.argument.isEmpty }) else {
      return
    }
    let old = instructions[index].argument
    var new = chance.changed(old)
    switch Self.length(of: instructions[index].code) {
    case .bytes(let count)?:
      var limit: [UInt8] = []
      limit.append(Int(truncatingIfNeeded: chance.limit()), 8)
      new = Array(((chance.isOne(in: 2) ? new : []) + limit).prefix(count))
    case .told(1)? where new.count > 255: new = old
    case .lines?: if new.last != 10 { new.append(10) }
    default: break
    }
    instructions[index].argument = new
  }
}

/// The header of NumPy's file of an array, and the array.
struct NPYParts: FileParts {
  private var version: UInt8
  private var header: [UInt8]
  private var data: [UInt8]

  init?(_ bytes: [UInt8]) {
    guard bytes.starts(with: [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]), bytes.count > 12 else {
      return nil
    }
    version = bytes[6]
    let width = version == 1 ? 2 : 4
    guard let count = bytes.integer(8, width), count <= bytes.count - 8 - width else { return nil }
    header = Array(bytes[8 + width..<8 + width + count])
    data = Array(bytes[(8 + width + count)...])
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0]
    bytes.append(header.count, version == 1 ? 2 : 4)
    return bytes + header + data
  }

  mutating func change(_ chance: inout Chance) {
    switch chance.below(8) {
    case 0: version = UInt8(1 + chance.below(4))
    case 1, 2: data = chance.changed(data)
    case 3, 4: header = chance.changed(header)
    default: header = TextParts.changed(header, &chance)
    }
    if header.count > 65535 { header = [] }
  }
}
