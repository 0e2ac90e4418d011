/// A safetensors file, opened: named tensors and a map of text.
///
/// The layout: eight bytes, little-endian, that give the length of a JSON header; the header; the
/// tensors' bytes. Only the header is read when a file is opened. Files are held to the rules of the
/// reference implementation: the tensors fill the data exactly, without gap or overlap.
public struct Safetensors: Sendable {
  /// What the header says of a tensor.
  public struct Entry: Sendable, Hashable {
    /// The tensor's name, unique in its file.
    public let name: String
    /// The element type as the file spells it: `F32`, `F16`, `I64`…
    public let typeName: String
    /// Extents, outermost first.
    public let shape: [Int]
    /// Elements in all.
    public let count: Int
    /// Where its bytes lie, from the start of the file.
    let range: Range<Int>
  }

  /// What `__metadata__` holds.
  public let metadata: [String: String]
  /// Every tensor, in the order of its bytes.
  public let entries: [Entry]

  private let indexByName: [String: Int]
  private let storage: ByteStorage

  /// The longest header that is read, as in the reference implementation.
  static let largestHeader = 100_000_000

  /// Maps the file at `path`. Throws `unsupported` where it is of another kind, with a guess which;
  /// `corrupt` where it contradicts itself or ends early, with the tensor's name.
  public init(contentsOf path: String) throws {
    let storage = try ByteStorage(mapping: path)
    self = try naming(path) { try Safetensors(storage) }
  }

  /// Reads a file that is in memory; the bytes are copied.
  public init(copying bytes: UnsafeRawBufferPointer) throws {
    try self.init(ByteStorage(copying: bytes))
  }

  /// Reads a file that is in memory, which must neither change nor go away while this value or a
  /// tensor of it lives; `owner`, if any, is kept alive as long.
  public init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject?) throws {
    try self.init(ByteStorage(borrowing: bytes, owner: owner))
  }

  /// How many bytes the file has that begins with `start`, as its header says; nil while `start` does
  /// not hold the whole header. 0 for what cannot be such a file, whose rest is not worth reading.
  public static func byteCount(startingWith start: UnsafeRawBufferPointer) -> Int? {
    guard start.count > 8 else { return nil }
    let length = UInt64(littleEndian: start.loadUnaligned(as: UInt64.self))
    guard start[8] == UInt8(ascii: "{"), length <= UInt64(largestHeader) else { return 0 }
    let data = 8 + Int(length)
    guard start.count >= data else { return nil }
    guard let json = try? JSON(parsing: UnsafeRawBufferPointer(rebasing: start[8..<data])),
      let members = json.members
    else { return 0 }
    let ends = members.compactMap { $0.value["data_offsets"]?.elements?.last?.integer }
    let (sum, overflow) = data.addingReportingOverflow(max(0, ends.max() ?? 0))
    return overflow ? 0 : sum
  }

  init(_ storage: ByteStorage) throws {
    let header = try SafetensorsHeader(reading: storage.bytes)
    self.storage = storage
    metadata = header.metadata
    entries = header.entries
    indexByName = Dictionary(
      uniqueKeysWithValues: header.entries.enumerated().map { ($1.name, $0) })
  }

  /// The entry called `name`, if there is one.
  public func entry(named name: String) -> Entry? {
    indexByName[name].map { entries[$0] }
  }

  /// The tensor called `name`.
  ///
  /// Throws `notFound` where there is none, `unsupported` where its elements are no floats.
  public func tensor(named name: String) throws -> WeightTensor {
    guard let entry = entry(named: name) else {
      throw FCNError(.notFound, "there is no tensor \(quoted(name)) in the file")
    }
    guard let type = ElementType(rawValue: entry.typeName) else {
      throw FCNError(
        .unsupported,
        "tensor \(quoted(name)): its elements are \(entry.typeName); wanted "
          + ElementType.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return WeightTensor(
      name: name, shape: entry.shape, elementType: type, count: entry.count, storage: storage,
      offset: entry.range.lowerBound)
  }
}
