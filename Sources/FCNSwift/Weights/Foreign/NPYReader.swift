/// Reads the float arrays among npy files.
enum NPYReader {
  /// The array in `file` as a tensor called `name`, in `file`'s own memory unless it is in Fortran
  /// order; nil where its elements are integers, objects or anything else but floats.
  ///
  /// Objects are pickles, which are never read. Throws `unsupported` for floats of a kind that is
  /// not read, `corrupt` where the elements do not fill the file.
  static func tensor(
    _ name: String, in file: StoredBytes, budget: CopyBudget
  ) throws -> WeightTensor? {
    let header = try file.withUnsafeBytes { try NPYHeader(reading: $0) }
    guard let type = header.type else { return nil }
    let start = file.range.lowerBound + header.dataOffset
    let array = NumPyArray(
      type: type, shape: header.shape, isColumnMajor: header.isColumnMajor,
      data: StoredBytes(file.storage, start..<file.range.upperBound))
    return try array.tensor(name, budget: budget)
  }

  /// The type of NumPy's name, nil where its values are no floats.
  static func elementType(_ name: String) throws -> ElementType? {
    switch name {
    case "<f2": return .float16
    case "<f4": return .float32
    case "<f8": return .float64
    default: break
    }
    // A byte order, a kind, a size.
    guard name.utf8.dropFirst().first == UInt8(ascii: "f") else { return nil }
    throw FCNError(
      .unsupported,
      "its elements are \(quoted(name)); wanted little-endian floats of 2, 4 or 8 bytes ('<f2', "
        + "'<f4', '<f8'); save array.astype('<f4')")
  }
}
