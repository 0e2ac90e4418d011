/// A protocol buffer's fields, and those of the messages within.
struct ProtobufParts: FileParts {
  private indirect enum Value {
    case integer(UInt64)
    /// Four bytes or eight.
    case fixed([UInt8])
    case bytes([UInt8])
    case message([Field])
  }

  private struct Field {
    var number: UInt64
    var value: Value
  }

  private var fields: [Field]

  init?(_ bytes: [UInt8]) {
    guard let fields = Self.fields(bytes[...], depth: 0), !fields.isEmpty else { return nil }
    self.fields = fields
  }

  var bytes: [UInt8] { Self.bytes(of: fields) }

  // MARK: Reading and writing

  private static func integer(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 127) << shift
      if byte < 128 { return value }
    }
    return nil
  }

  /// nil where `bytes` are none. Text may be taken for a message, which does no harm.
  private static func fields(_ bytes: ArraySlice<UInt8>, depth: Int) -> [Field]? {
    var (rest, fields): (ArraySlice<UInt8>, [Field]) = (bytes, [])
    while !rest.isEmpty {
      guard let key = integer(&rest), (1..<1000).contains(key >> 3) else { return nil }
      let value: Value
      switch key & 7 {
      case 0:
        guard let number = integer(&rest) else { return nil }
        value = .integer(number)
      case 1, 5:
        let count = key & 7 == 1 ? 8 : 4
        guard rest.count >= count else { return nil }
        value = .fixed(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      case 2:
        guard let count = integer(&rest), count <= UInt64(rest.count) else { return nil }
        let part = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        if depth < 10, !part.isEmpty, let inner = Self.fields(part, depth: depth + 1) {
          value = .message(inner)
        } else {
          value = .bytes(Array(part))
        }
      default: return nil
      }
      fields.append(Field(number: key >> 3, value: value))
    }
    return fields
  }

  private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func bytes(of fields: [Field]) -> [UInt8] {
    var bytes: [UInt8] = []
    for field in fields {
      switch field.value {
      case .integer(let value):
        append(field.number << 3, to: &bytes)
        append(value, to: &bytes)
      case .fixed(let part):
        append(field.number << 3 | (part.count == 8 ? 1 : 5), to: &bytes)
        bytes += part
      case .bytes(let part): append(field.number, part, to: &bytes)
      case .message(let inner): append(field.number, Self.bytes(of: inner), to: &bytes)
      }
    }
    return bytes
  }

  private static func append(_ number: UInt64, _ part: [UInt8], to bytes: inout [UInt8]) {
    append(number << 3 | 2, to: &bytes)
    append(UInt64(part.count), to: &bytes)
    bytes += part
  }

  // MARK: Changing

  mutating func change(_ chance: inout Chance) {
    let whole = fields
    Self.change(&fields, whole, &chance)
  }

  private static func count(_ fields: [Field]) -> Int {
    fields.reduce(fields.count) { sum, field in
      if case .message(let inner) = field.value { sum + count(inner) } else { sum }
    }
  }

  /// The field that is number `index` of all in `fields`, those within others counted too.
  private static func field(_ index: inout Int, _ fields: [Field]) -> Field? {
    for field in fields {
      if index == 0 { return field }
      index -= 1
      if case .message(let inner) = field.value, let found = Self.field(&index, inner) {
        return found
      }
    }
    return nil
  }

  /// Each field is as likely as any other.
  private static func change(_ fields: inout [Field], _ whole: [Field], _ chance: inout Chance) {
    var index = chance.below(count(fields))
    for place in fields.indices {
      guard case .message(var inner) = fields[place].value else {
        if index == 0 { return changeOne(&fields, place, whole, &chance) }
        index -= 1
        continue
      }
      if index == 0 { return changeOne(&fields, place, whole, &chance) }
      index -= 1
      let size = count(inner)
      if index < size {
        change(&inner, whole, &chance)
        fields[place].value = .message(inner)
        return
      }
      index -= size
    }
  }

  private static func changeOne(
    _ fields: inout [Field], _ place: Int, _ whole: [Field], _ chance: inout Chance
  ) {
    switch chance.below(8) {
    case 0: chance.rearrange(&fields)
    case 1:
      // Something from elsewhere.
      var index = chance.below(count(whole))
      if let other = field(&index, whole) { fields.insert(other, at: place) }
    case 2 where chance.isOne(in: 4): fields[place].number = UInt64(1 + chance.below(30))
    case 2:
      var index = chance.below(count(whole))
      if let other = field(&index, whole) { fields[place].value = other.value }
    default:
      switch fields[place].value {
      case .integer(let value):
        let others = [
          value &+ 1, value &- 1, value ^ 1, UInt64(chance.below(64)), chance.limit(), 0 &- value,
        ]
        fields[place].value = .integer(others[chance.below(others.count)])
      case .fixed(let part):
        let changed = chance.changed(part, growing: false)
        fields[place].value = .fixed(
          Array((changed + [UInt8](repeating: 0, count: 8)).prefix(part.count)))
      case .bytes(let part): fields[place].value = .bytes(chance.changed(part))
      case .message(let inner):
        fields[place].value =
          chance.isOne(in: 2) ? .message([]) : .bytes(chance.changed(bytes(of: inner)))
      }
    }
  }
}
