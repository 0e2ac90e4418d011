/// An array of an ONNX file: a constant of the graph.
struct ONNXTensor {
  /// What the elements are, by TensorProto's numbers.
  enum Kind: Int {
    case float32 = 1
    case uint8 = 2
    case int8 = 3
    case int32 = 6
    case int64 = 7
    case bool = 9
    case float16 = 10
    case float64 = 11
    case bfloat16 = 16

    /// How weights of it are stored; nil for integers.
    var elementType: ElementType? {
      switch self {
      case .float32: .float32
      case .float16: .float16
      case .float64: .float64
      case .bfloat16: .bfloat16
      case .uint8, .int8, .int32, .int64, .bool: nil
      }
    }

    fileprivate var byteCount: Int {
      switch self {
      case .uint8, .int8, .bool: 1
      case .float16, .bfloat16: 2
      case .float32, .int32: 4
      case .float64, .int64: 8
      }
    }
  }

  let name: String
  /// Outermost first; empty for a single value.
  let extents: [Int]
  let kind: Kind
  /// Elements in all.
  let count: Int
  private let data: Data

  private enum Data {
    /// Little-endian elements in one piece.
    case bytes(ByteStorage, Range<Int>)
    case floats([Float])
    /// Of integers, and of 16-bit floats their bits.
    case integers([Int])
  }

  /// Reads the TensorProto at `range`.
  ///
  /// Throws `corrupt` where it does not parse or has another number of elements than its extents say,
  /// `unsupported` where they are of a type that is not read.
  init(_ storage: ByteStorage, _ range: Range<Int>, _ external: ONNXExternalData) throws {
    let file = storage.bytes
    var (name, extents, kindNumber): (String, [Int], Int) = ("", [], 0)
    var (floats, integers): ([Float], [Int]) = ([], [])
    var raw: Range<Int>?
    var doubles = false
    var (places, isExternal): ([String: String], Bool) = ([:], false)
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: extents += try Self.integers(field, file)
      case 2: kindNumber = try field.integer()
      case 4: floats += try Self.floats(field, file)
      case 5, 7, 11: integers += try Self.integers(field, file)
      case 8: name = try field.text(in: file)
      case 9: raw = try field.range()
      case 10: doubles = true
      case 13:
        let (key, value) = try Self.pair(file, field.range())
        places[key] = value
      case 14: isExternal = try field.integer() == 1
      default: break
      }
      guard extents.count <= 16 else {
        throw FCNError(.corrupt, "byte \(range.lowerBound): an array has more than 16 axes")
      }
    }
    let label = "the constant \(quoted(name))"
    guard let kind = Kind(rawValue: kindNumber), !doubles || raw != nil else {
      throw FCNError(
        .unsupported,
        "\(label) has elements of type \(kindNumber); floats, int8, uint8, int32, int64 and bool are read"
      )
    }
    guard extents.allSatisfy({ $0 >= 0 }), let count = checkedProduct(extents),
      let bytes = checkedProduct(count, kind.byteCount)
    else { throw FCNError(.corrupt, "\(label) has the extents \(extents)") }
    (self.name, self.extents, self.kind, self.count) = (name, extents, kind, count)
    let found: Int
    if isExternal {
      let (storage, range) = try naming(label) { try external.find(places, byteCount: bytes) }
      data = .bytes(storage, range)
      found = count
    } else if let raw {
      data = .bytes(storage, raw)
      found = raw.count == bytes ? count : raw.count / kind.byteCount
      guard raw.count == bytes else {
        throw FCNError(
          .corrupt, "\(label) is \(extents), \(bytes) bytes; found \(raw.count) in its data")
      }
    } else if kind == .float64 {
      throw FCNError(.unsupported, "\(label) holds float64 numbers in a list; wanted raw data")
    } else if kind == .float32 {
      data = .floats(floats)
      found = floats.count
    } else {
      data = .integers(integers)
      found = integers.count
    }
    guard found == count else {
      throw FCNError(
        .corrupt, "\(label) is \(extents), \(count) elements; found \(found) in its data")
    }
  }

  /// It as weights called `name`, in place in the file where they lie there in one piece.
  func weights(_ name: String) throws -> WeightTensor {
    guard let type = kind.elementType else {
      throw FCNError(
        .unsupported, "the constant \(quoted(self.name)) holds integers; wanted floats")
    }
    switch data {
    case .bytes(let storage, let range):
      return WeightTensor(
        name: name, shape: extents, elementType: type, count: count, storage: storage,
        offset: range.lowerBound)
    case .floats(let floats): return try WeightTensor(name: name, shape: extents, floats: floats)
    case .integers(let bits):
      // float16 and bfloat16 that lie in a list of integers.
      let storage = try ByteStorage(count: count * 2) { bytes in
        for (i, bits) in bits.enumerated() {
          bytes.storeBytes(
            of: UInt16(truncatingIfNeeded: bits).littleEndian, toByteOffset: 2 * i, as: UInt16.self)
        }
      }
      return WeightTensor(
        name: name, shape: extents, elementType: type, count: count, storage: storage, offset: 0)
    }
  }

  /// It as a size; nil where it has more elements than sizes do.
  func size() throws -> SizeValue? {
    guard count <= SizeValue.mostElements else { return nil }
    if kind.elementType != nil {
      return try SizeValue(.float, extents, weights(name).floats.map(Double.init))
    }
    // The ends of slices are the largest integer there is; what is beyond any size is as good as that.
    let most = 1 << 53
    return try SizeValue(.integer, extents, integers().map { Double(min(max($0, -most), most)) })
  }

  /// The elements of an array of integers.
  func integers() -> [Int] {
    switch data {
    case .integers(let integers): integers
    case .floats: []
    case .bytes(let storage, let range):
      (0..<count).map { index in
        let place = range.lowerBound + index * kind.byteCount
        return switch kind {
        case .uint8, .bool: Int(storage.bytes[place])
        case .int8: Int(Int8(bitPattern: storage.bytes[place]))
        case .int32:
          Int(
            Int32(
              littleEndian: storage.bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)))
        default:
          Int(
            Int64(
              littleEndian: storage.bytes.loadUnaligned(fromByteOffset: place, as: Int64.self)))
        }
      }
    }
  }
}

extension ONNXTensor {
  /// The integers of a field that holds one, or several packed.
  static func integers(
    _ field: ProtobufReader.Field, _ file: UnsafeRawBufferPointer
  ) throws -> [Int] {
    guard case .bytes(let range) = field.value else { return [try field.integer()] }
    // Each takes a byte of the file at least, so that this is bounded by its length.
    var reader = ProtobufReader(file, range)
    var list: [Int] = []
    while !reader.isAtEnd { list.append(Int(truncatingIfNeeded: try reader.varint())) }
    return list
  }

  /// The floats of a field that holds one, or several packed.
  static func floats(
    _ field: ProtobufReader.Field, _ file: UnsafeRawBufferPointer
  ) throws -> [Float] {
    switch field.value {
    case .fixed32(let bits): return [Float(bitPattern: bits)]
    case .bytes(let range) where range.count % 4 == 0:
      return (0..<range.count / 4).map { index in
        let bits = file.loadUnaligned(fromByteOffset: range.lowerBound + 4 * index, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
      }
    default: throw field.wrongType("floats")
    }
  }

  /// A pair of texts, key and value.
  static func pair(
    _ file: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws -> (key: String, value: String) {
    var (key, value) = ("", "")
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case 1: key = try field.text(in: file)
      case 2: value = try field.text(in: file)
      default: break
      }
    }
    return (key, value)
  }
}

/// Constants that lie in files beside the graph's.
final class ONNXExternalData {
  private let folder: String?
  private var files: [String: ByteStorage] = [:]

  /// `folder` is where the graph's file lies; nil where it is no file.
  init(_ folder: String?) { self.folder = folder }

  /// Where the `byteCount` bytes lie that `places` tells of: a location, an offset, a length.
  ///
  /// Throws `unsupported` where the location is not in the graph's own folder, `corrupt` where its file
  /// does not reach so far.
  func find(
    _ places: [String: String], byteCount: Int
  ) throws -> (ByteStorage, Range<Int>) {
    let location = places["location"] ?? ""
    guard let folder else {
      throw FCNError(
        .unsupported,
        "its data lie in the file \(quoted(location)), and a graph in memory has no folder; import it "
          + "from a file")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.isEmpty, parts.allSatisfy({ !["", ".", ".."].contains($0) }),
      !location.utf8.contains(0)
    else {
      throw FCNError(
        .unsupported,
        "its data lie in \(quoted(location)); only files in the graph's own folder are opened")
    }
    let path = "\(folder)/\(location)"
    let storage = try files[path] ?? ByteStorage(mapping: path)
    files[path] = storage
    guard files.count <= 100_000, let offset = Int(places["offset"] ?? "0"),
      let length = Int(places["length"] ?? "\(byteCount)"), length == byteCount, offset >= 0,
      offset <= storage.bytes.count, byteCount <= storage.bytes.count - offset
    else {
      throw FCNError(
        .corrupt,
        "its \(byteCount) bytes are said to begin at \(places["offset"] ?? "0") of \(location), which has "
          + "\(storage.bytes.count): that file is another one's, or cut off")
    }
    return (storage, offset..<offset + byteCount)
  }
}
