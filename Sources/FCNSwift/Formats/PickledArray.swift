/// An array of whole numbers out of a file that Python wrote: NumPy's own (`.npy`) or a pickle of one
/// array, as label maps are kept.
///
/// Nothing in a pickle is ever run. Any integer, truth or float type is read, of either byte order,
/// in C or Fortran order, as long as every value is a whole number.
public struct PickledArray: Sendable, Hashable {
  /// Extents, outermost first; height and width of a label map.
  public let shape: [Int]
  /// The elements, the last axis fastest.
  public let values: [Int32]

  /// Whether `bytes` begin as an npy file or a pickle, of any protocol, does.
  public static func recognizes(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes {
      isNPY($0) || PickleSignature.isBinary($0) || PickleSignature.isText($0)
    }
  }

  /// Reads the file at `path`; errors as `init(_:)`, and `notFound` or `inputOutput` where the
  /// system does not give it.
  public init(contentsOf path: String) throws {
    let storage = try ByteStorage(mapping: path)
    self = try FCNSwift.naming(path) { try PickledArray(storage) }
  }

  /// Reads a file that is in memory.
  ///
  /// Throws `unsupported` where it holds no array or one of another kind of elements, `corrupt` where
  /// it contradicts itself or ends early, `invalidArgument` where a value is no whole number or is
  /// beyond 32 bits, `outOfMemory` where the system has not enough.
  public init(_ bytes: [UInt8]) throws {
    self = try PickledArray(bytes.withUnsafeBytes { try ByteStorage(copying: $0) })
  }

  private static func isNPY(_ file: UnsafeRawBufferPointer) -> Bool {
    file.starts(with: NPY.magic)
  }

  /// Whether a file that begins with `start` may be one that is recognised: the oldest pickles are
  /// known by their end too.
  static func mayBegin(_ start: UnsafeRawBufferPointer) -> Bool {
    let oldest = [PickleOpcode.mark, .emptyDict, .emptyList].map(\.rawValue)
    return start.first.map(oldest.contains) ?? false || recognizes(Array(start))
  }

  private init(_ storage: ByteStorage) throws {
    let file = StoredBytes(storage)
    if Self.isNPY(storage.bytes) {
      let header = try file.withUnsafeBytes { try NPYHeader(reading: $0) }
      try self.init(
        NumPyArray(
          type: header.type ?? "|V", shape: header.shape, isColumnMajor: header.isColumnMajor,
          data: StoredBytes(storage, header.dataOffset..<file.count)))
      return
    }
    let pickle = try PickleMachine.run(file)
    let heap = pickle.heap
    // The array itself, or the only one anywhere in the pickle.
    var number = heap.arrays.count == 1 ? 0 : nil
    if case .array(let root) = heap[pickle.root] { number = root }
    guard let number, let array = try heap.contents(ofArray: number) else {
      throw FCNError(
        .unsupported,
        "the file is a pickle of something else than one NumPy array of numbers")
    }
    try self.init(array)
  }

  private init(_ array: NumPyArray) throws {
    guard let reader = ElementReader(array.type) else {
      throw FCNError(
        .unsupported, "its elements are \(quoted(array.type)); wanted integers, such as '|u1'")
    }
    guard let count = checkedProduct(array.shape),
      checkedProduct(count, reader.size) == array.data.count
    else {
      throw FCNError(
        .corrupt,
        "\(array.data.count) bytes are not what \(array.shape) elements of \(reader.size) bytes take"
      )
    }
    shape = array.shape
    let order = try Self.order(of: array, count: count)
    try requireMemory(checkedProduct(count, 4) ?? .max)
    values = try array.data.withUnsafeBytes { bytes in
      try (0..<count).map { index in
        try reader.value(bytes, order.map { Int($0[index]) } ?? index)
      }
    }
  }

  /// Where in the file each element stands, nil where that is in order.
  private static func order(of array: NumPyArray, count: Int) throws -> [Int32]? {
    guard array.isColumnMajor, array.shape.count > 1, count > 0 else { return nil }
    guard count <= Int(Int32.max) else {
      throw FCNError(.outOfMemory, "an array of \(count) elements in Fortran order is not read")
    }
    try requireMemory(checkedProduct(count, 4) ?? .max)
    var order = [Int32](repeating: 0, count: count)
    var index = [Int](repeating: 0, count: array.shape.count)
    var strides: [Int] = []
    var stride = 1
    for extent in array.shape {
      strides.append(stride)
      stride *= extent
    }
    for position in 0..<count {
      order[position] = Int32(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 })
      for axis in array.shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < array.shape[axis] { break }
        index[axis] = 0
      }
    }
    return order
  }
}

/// Reads elements of one of NumPy's types as whole numbers.
private struct ElementReader {
  let kind: Character
  let size: Int
  let isBigEndian: Bool

  /// For NumPy's name of a type, `<i4`; nil where that is no number's.
  init?(_ type: String) {
    let parts = Array(type)
    guard parts.count == 3, let size = parts[2].wholeNumberValue else { return nil }
    switch (parts[1], size) {
    case ("i", 1), ("i", 2), ("i", 4), ("i", 8), ("u", 1), ("u", 2), ("u", 4), ("u", 8), ("b", 1),
      ("f", 2), ("f", 4), ("f", 8):
      break
    default: return nil
    }
    kind = parts[1]
    self.size = size
    isBigEndian = parts[0] == ">"
  }

  func value(_ bytes: UnsafeRawBufferPointer, _ index: Int) throws -> Int32 {
    var bits: UInt64 = 0
    for byte in 0..<size {
      let place = isBigEndian ? size - 1 - byte : byte
      bits |= UInt64(bytes[index * size + place]) << (8 * UInt64(byte))
    }
    let value: Int32?
    switch kind {
    case "f":
      let number =
        switch size {
        case 2: Double(Float16(bitPattern: UInt16(truncatingIfNeeded: bits)))
        case 4: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        default: Double(bitPattern: bits)
        }
      value = Int32(exactly: number)
      guard value != nil else { throw outside("\(number)", index) }
    case "i":
      let shift = UInt64(64 - 8 * size)
      let number = Int64(bitPattern: bits << shift) >> Int64(shift)
      value = Int32(exactly: number)
      guard value != nil else { throw outside("\(number)", index) }
    default:
      value = Int32(exactly: bits)
      guard value != nil else { throw outside("\(bits)", index) }
    }
    return value ?? 0
  }

  private func outside(_ value: String, _ index: Int) -> FCNError {
    FCNError(
      .invalidArgument, "element \(index) is \(value); wanted whole numbers of at most 32 bits")
  }
}
