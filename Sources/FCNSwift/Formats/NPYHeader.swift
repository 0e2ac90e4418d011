/// What an npy file, of version 1, 2 or 3, says of the array in it.
///
/// The layout: a magic number, a version, the length of a header, the header (a Python dictionary
/// of the array's type, order and shape), the elements.
struct NPYHeader {
  /// The element type as NumPy spells it (`<f4`, `|O`), nil for records.
  let type: String?
  /// Whether the first axis is the one whose neighbours lie side by side.
  let isColumnMajor: Bool
  /// Extents, outermost first.
  let shape: [Int]
  /// Where the elements start.
  let dataOffset: Int

  /// The longest header that is read; NumPy itself stops at 10 000 bytes.
  static let largestHeader = 1 << 16

  /// Reads the header that `file` begins with. Throws `corrupt` or `unsupported` where there is none
  /// that can be understood.
  init(reading file: UnsafeRawBufferPointer) throws {
    var cursor = ByteCursor(file, of: "npy header")
    guard file.starts(with: NPY.magic) else {
      throw FCNError(.corrupt, "it does not begin as an npy file does")
    }
    _ = try cursor.take(NPY.magic.count)
    let version = (try cursor.integer(UInt8.self), try cursor.integer(UInt8.self))
    let length: Int
    switch version {
    case (1, 0): length = try cursor.count(UInt16.self)
    case (2, 0), (3, 0): length = try cursor.count(UInt32.self)
    default:
      throw FCNError(
        .unsupported, "its npy version is \(version.0).\(version.1); wanted 1.0, 2.0 or 3.0")
    }
    guard length <= Self.largestHeader else {
      throw FCNError(
        .unsupported,
        "npy header: a length of \(length) bytes is beyond the limit of \(Self.largestHeader)")
    }
    let literal = try PythonLiteral(parsing: try cursor.take(length))
    dataOffset = cursor.position
    (type, isColumnMajor, shape) = try Self.fields(of: literal)
  }

  private static func fields(
    of literal: PythonLiteral
  ) throws -> (type: String?, isColumnMajor: Bool, shape: [Int]) {
    guard case .dictionary(let members) = literal, members.count == 3 else {
      throw FCNError(.corrupt, "npy header: wanted a dictionary of descr, fortran_order and shape")
    }
    func member(_ key: String) throws -> PythonLiteral {
      guard let member = members.first(where: { $0.key == key }) else {
        throw FCNError(.corrupt, "npy header: it has no \(key)")
      }
      return member.value
    }
    let type: String?
    switch try member("descr") {
    case .text(let text): type = text
    case .sequence: type = nil
    default: throw FCNError(.corrupt, "npy header: descr is no type")
    }
    guard case .boolean(let isColumnMajor) = try member("fortran_order") else {
      throw FCNError(.corrupt, "npy header: fortran_order is neither True nor False")
    }
    guard case .sequence(let extents) = try member("shape") else {
      throw FCNError(.corrupt, "npy header: shape is no tuple")
    }
    let shape = try extents.map {
      guard case .integer(let extent) = $0 else {
        throw FCNError(.corrupt, "npy header: shape holds something that is not a count")
      }
      return extent
    }
    return (type, isColumnMajor, shape)
  }
}
