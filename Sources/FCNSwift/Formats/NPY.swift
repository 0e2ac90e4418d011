/// NumPy's array file, version 1.0, which `numpy.load` reads: little-endian, C order.
public enum NPY {
  /// What a file begins with.
  static let magic = [0x93] + Array("NUMPY".utf8)

  /// The bytes of a float32 array of `shape`; throws unless `elements` fill it.
  public static func bytes(_ elements: [Float], shape: [Int]) throws -> [UInt8] {
    try elements.withUnsafeBytes { try bytes($0, "<f4", 4, shape) }
  }

  /// The bytes of an array of unsigned bytes of `shape`; throws unless `elements` fill it.
  public static func bytes(_ elements: [UInt8], shape: [Int]) throws -> [UInt8] {
    try elements.withUnsafeBytes { try bytes($0, "|u1", 1, shape) }
  }

  /// The bytes of an int64 array of `shape`; throws unless `elements` fill it.
  public static func bytes(_ elements: [Int], shape: [Int]) throws -> [UInt8] {
    try elements.map { Int64($0).littleEndian }.withUnsafeBytes { try bytes($0, "<i8", 8, shape) }
  }

  private static func bytes(
    _ elements: UnsafeRawBufferPointer, _ type: String, _ elementSize: Int, _ shape: [Int]
  ) throws -> [UInt8] {
    guard checkedProduct(shape + [elementSize]) == elements.count else {
      throw FCNError(
        .shapeMismatch,
        "\(elements.count / elementSize) elements were given for an array of the shape \(shape)")
    }
    try requireMemory(2 * elements.count)
    // A tuple of one keeps its comma: (5,).
    let extents = shape.map { "\($0)," }.joined(separator: " ")
    let tuple = shape.count == 1 ? extents : String(extents.dropLast())
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(tuple)), }"
    // Magic, version and length take ten bytes; the data starts on a multiple of 64.
    let length = roundUp(10 + header.utf8.count + 1, toMultipleOf: 64) - 10
    guard let shortLength = UInt16(exactly: length) else {
      throw FCNError(.invalidArgument, "an array of \(shape.count) axes is beyond the npy format")
    }
    let padding = String(repeating: " ", count: length - header.utf8.count - 1)
    return magic + [1, 0]
      + [UInt8(shortLength & 0xFF), UInt8(shortLength >> 8)]
      + Array((header + padding + "\n").utf8) + Array(elements)
  }
}
