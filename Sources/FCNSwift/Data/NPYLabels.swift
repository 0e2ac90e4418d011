extension NPY {
  /// Whether `bytes` begin as a NumPy array file does.
  static func recognises(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x93] + Array("NUMPY".utf8))
  }

  /// The labels in a NumPy array file: integers or truth values of two axes, rows and columns, or of
  /// more where all but two are 1; -1 is `ignore`.
  static func labels(in bytes: UnsafeRawBufferPointer) throws -> LabelMap {
    let header = try Header(bytes)
    let sides = header.shape.count > 2 ? header.shape.filter { $0 != 1 } : header.shape
    guard sides.count == 2 else {
      throw FCNError(
        .unsupported,
        "the array has the shape \(header.shape); labels have two axes, rows and columns")
    }
    let (height, width) = (sides[0], sides[1])
    let count = try Image.pixelCount(width: width, height: height)
    let data = UnsafeRawBufferPointer(rebasing: bytes[header.length...])
    guard data.count / header.element.size >= count else {
      throw FCNError(
        .corrupt,
        "the array of \(width)×\(height) labels ends early, after \(data.count / header.element.size)"
      )
    }
    try requireMemory(count)
    var labels = [UInt8](repeating: 0, count: count)
    for position in 0..<count {
      // Columns follow each other where the array is in Fortran's order.
      let (x, y) =
        header.isFortranOrder
        ? (position / height, position % height) : (position % width, position / width)
      let value = header.element.value(in: data, at: position)
      guard (-1...255).contains(value) else {
        throw FCNError(
          .corrupt,
          "the label at x \(x), y \(y) is \(value); classes are 0…254, and 255 or -1 for pixels to "
            + "ignore")
      }
      labels[y * width + x] = value < 0 ? LabelMap.ignore : UInt8(value)
    }
    return try LabelMap(width: width, height: height, labels: labels)
  }

  /// An integer as the file stores it.
  private struct Element {
    let size: Int
    let isSigned: Bool
    let isBigEndian: Bool

    /// Reads NumPy's name of a type, such as `<i4`; nil for what is no integer.
    init?(_ name: String) {
      let letters = Array(name)
      guard letters.count == 3, let order = letters.first, "<>|=".contains(order),
        let size = letters[2].wholeNumberValue, [1, 2, 4, 8].contains(size),
        letters[1] == "i" || letters[1] == "u" || name == "|b1"
      else { return nil }
      self.size = size
      isSigned = letters[1] == "i"
      isBigEndian = order == ">"
    }

    /// The element at `index`; Int.max for what is beyond `Int`.
    func value(in data: UnsafeRawBufferPointer, at index: Int) -> Int {
      var bits: UInt64 = 0
      for byte in 0..<size {
        let place = index * size + (isBigEndian ? byte : size - 1 - byte)
        bits = bits << 8 | UInt64(data[place])
      }
      guard isSigned else { return Int(exactly: bits) ?? Int.max }
      let unused = UInt64(64 - 8 * size)
      return Int(Int64(bitPattern: bits << unused) >> Int64(unused))
    }
  }

  /// What stands before an array's elements.
  private struct Header {
    let element: Element
    let isFortranOrder: Bool
    let shape: [Int]
    /// Bytes up to the first element.
    let length: Int

    init(_ bytes: UnsafeRawBufferPointer) throws {
      let early = FCNError(.corrupt, "the NumPy file ends within its header")
      guard bytes.count >= 12 else { throw early }
      let isShort = bytes[6] == 1
      let textLength =
        Int(bytes[8]) | Int(bytes[9]) << 8
        | (isShort ? 0 : Int(bytes[10]) << 16 | Int(bytes[11]) << 24)
      let start = isShort ? 10 : 12
      guard (1...3).contains(bytes[6]), textLength <= bytes.count - start else { throw early }
      length = start + textLength
      let text = UnsafeRawBufferPointer(rebasing: bytes[start..<length])
      guard case .dictionary(let members) = try PythonLiteral(parsing: text) else {
        throw FCNError(.corrupt, "the NumPy file's header is no dictionary")
      }
      func value(_ key: String) -> PythonLiteral? { members.first { $0.key == key }?.value }
      guard case .text(let type)? = value("descr"),
        case .boolean(let order)? = value("fortran_order"),
        case .sequence(let extents)? = value("shape")
      else {
        throw FCNError(.corrupt, "the NumPy file's header lacks the array's type, order or shape")
      }
      guard let element = Element(type) else {
        throw FCNError(
          .unsupported, "the array is of type \(quoted(type)); labels are integers")
      }
      self.element = element
      isFortranOrder = order
      shape = try extents.map {
        guard case .integer(let extent) = $0, extent >= 0 else {
          throw FCNError(.corrupt, "the NumPy file's header has a shape that is none")
        }
        return extent
      }
    }
  }
}
