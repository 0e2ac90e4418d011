/// A BlobProto, Caffe's array: extents, and elements of one of two types. Gradients that lie beside
/// them are stepped over.
struct CaffeBlob {
  private enum Field {
    /// num, channels, height and width: the only form before blobs had any number of axes.
    static let legacyExtents = 1...4
    static let data = 5
    static let shape = 7
    static let doubleData = 8
    /// The one field of a BlobShape.
    static let extent = 1
  }

  /// Caffe's own limit.
  private static let mostAxes = 32

  private let storage: ByteStorage
  private let range: Range<Int>
  /// Outermost first.
  private let shape: [Int]
  private let elements: Elements

  /// Reads all but the elements of the BlobProto at `range` in `storage`.
  ///
  /// Throws `corrupt` where it does not parse, or has not as many elements as its extents say.
  init(_ storage: ByteStorage, _ range: Range<Int>) throws {
    var legacy: [Int]?
    var extents: [Int] = []
    var floats = Elements(.float32)
    var doubles = Elements(.float64)
    var reader = ProtobufReader(storage.bytes, range)
    while let field = try reader.next() {
      switch field.number {
      case Field.legacyExtents:
        var known = legacy ?? [0, 0, 0, 0]
        known[field.number - Field.legacyExtents.lowerBound] = try field.integer()
        legacy = known
      case Field.data: try floats.count(field)
      case Field.doubleData: try doubles.count(field)
      case Field.shape: try Self.append(field, of: storage.bytes, to: &extents)
      default: break
      }
    }
    self.storage = storage
    self.range = range
    // As Caffe: the old extents go before the new, doubles before floats.
    shape = legacy ?? extents
    elements = doubles.total > 0 ? doubles : floats
    guard let count = checkedProduct(shape) else {
      throw FCNError(.corrupt, "its shape, \(shape), has no count of elements that fits memory")
    }
    guard count == elements.total else {
      throw FCNError(
        .corrupt, "its shape is \(shape), \(count) elements; found \(elements.total) in its data")
    }
  }

  /// The blob under `name`: in place in the file where its elements lie there in one piece, as
  /// Caffe writes them.
  func tensor(named name: String) throws -> WeightTensor {
    if let start = elements.start {
      return WeightTensor(
        name: name, shape: shape, elementType: elements.type, count: elements.total,
        storage: storage, offset: start)
    }
    return WeightTensor(
      name: name, shape: shape, elementType: elements.type, count: elements.total,
      storage: try gathered(), offset: 0)
  }

  /// A copy of elements that lie in several pieces.
  private func gathered() throws -> ByteStorage {
    let number = elements.type == .float64 ? Field.doubleData : Field.data
    return try ByteStorage(count: elements.total * elements.type.byteCount) { target in
      var reader = ProtobufReader(storage.bytes, range)
      var end = 0
      while let field = try reader.next() {
        guard field.number == number else { continue }
        // The first pass counted these very bytes.
        let piece = Elements.bytes(of: field, upTo: reader.offset)
        UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: storage.bytes[piece]))
        end += piece.count
      }
    }
  }

  /// Appends the extents of a BlobShape, packed or one by one.
  private static func append(
    _ field: ProtobufReader.Field, of file: UnsafeRawBufferPointer, to extents: inout [Int]
  ) throws {
    var shape = ProtobufReader(file, try field.range())
    while let field = try shape.next() {
      guard field.number == Field.extent else { continue }
      if case .bytes(let range) = field.value {
        var packed = ProtobufReader(file, range)
        while !packed.isAtEnd {
          try append(Int(truncatingIfNeeded: try packed.varint()), to: &extents)
        }
      } else {
        try append(try field.integer(), to: &extents)
      }
    }
  }

  private static func append(_ extent: Int, to extents: inout [Int]) throws {
    guard extents.count < mostAxes else {
      throw FCNError(.corrupt, "its shape has more than \(mostAxes) axes, the most Caffe takes")
    }
    extents.append(extent)
  }
}

/// The elements of a blob before they are read: how many there are, and whether in one piece.
private struct Elements {
  let type: ElementType
  private(set) var total = 0
  /// Where in the file they start, nil where they lie in several pieces or one by one.
  private(set) var start: Int?

  init(_ type: ElementType) { self.type = type }

  /// Takes a field into account: a packed array, or a single element.
  mutating func count(_ field: ProtobufReader.Field) throws {
    let size = type.byteCount
    switch field.value {
    case .bytes(let range):
      guard range.count % size == 0 else {
        throw FCNError(
          .corrupt,
          "byte \(field.offset): its data take \(range.count) bytes; wanted a multiple of \(size)")
      }
      start = total == 0 ? range.lowerBound : nil
      total += range.count / size
    case .fixed32 where size == 4, .fixed64 where size == 8:
      start = nil
      total += 1
    default: throw field.wrongType("an array of \(type.rawValue)")
    }
  }

  /// Where the bytes of the elements in `field`, which ends at `end`, lie in the file.
  static func bytes(of field: ProtobufReader.Field, upTo end: Int) -> Range<Int> {
    switch field.value {
    case .bytes(let range): range
    case .fixed32: end - 4..<end
    case .fixed64: end - 8..<end
    case .varint: end..<end
    }
  }
}
