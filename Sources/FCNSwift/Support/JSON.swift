/// A JSON value (RFC 8259). Objects keep the order of their members.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  /// Any finite number; integers are exact up to 2⁵³ in magnitude.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([Member])

  /// A name and its value within an object.
  package struct Member: Sendable, Hashable {
    package var name: String
    package var value: JSON

    package init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// An integer; exact up to 2⁵³ in magnitude.
  package static func number(_ value: Int) -> JSON { .number(Double(value)) }

  /// A float as the shortest decimal that reads back as the same float: 0.1, not
  /// 0.10000000149011612.
  package static func number(_ value: Float) -> JSON {
    .number(Double(value.description) ?? Double(value))
  }

  /// The value of the member `name`, where this is an object that has one.
  package subscript(name: String) -> JSON? {
    members?.first { $0.name == name }?.value
  }

  /// The members, where this is an object.
  package var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The elements, where this is an array.
  package var elements: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  /// The text, where this is a string.
  package var text: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The truth value, where this is one.
  package var truth: Bool? {
    guard case .bool(let truth) = self else { return nil }
    return truth
  }

  /// The number, where this is one.
  package var double: Double? {
    guard case .number(let value) = self else { return nil }
    return value
  }

  /// The number as a float, where this is a number that a float can hold.
  package var float: Float? {
    guard let value = double.map({ Float($0) }), value.isFinite else { return nil }
    return value
  }

  /// The number as an integer, where this is one of at most 2⁵³ in magnitude.
  package var integer: Int? {
    guard let value = double, abs(value) <= 0x1p53 else { return nil }
    return Int(exactly: value)
  }
}

extension JSON: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
  ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByNilLiteral
{
  package init(dictionaryLiteral members: (String, JSON)...) {
    self = .object(members.map { Member($0, $1) })
  }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(stringLiteral text: String) { self = .string(text) }
  package init(booleanLiteral truth: Bool) { self = .bool(truth) }
  package init(integerLiteral value: Int) { self = .number(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(nilLiteral: ()) { self = .null }
}
