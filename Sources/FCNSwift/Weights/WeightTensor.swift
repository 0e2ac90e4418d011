/// A named array of weights, in the element type and the memory it was loaded into. Immutable.
public struct WeightTensor: Sendable, MemoryOwner {
  /// `layer.parameter`, `conv1_1.weight` for one.
  public let name: String
  /// Extents, outermost first; empty for a single value.
  public let shape: [Int]
  /// How the elements are stored.
  public let elementType: ElementType
  /// Elements in all.
  public let count: Int

  private let storage: ByteStorage
  private let offset: Int

  /// Copies `floats`, in row-major order, into a tensor of `shape`; throws unless they fill it.
  public init(name: String, shape: [Int], floats: [Float]) throws {
    let storage = try floats.withUnsafeBytes { try ByteStorage(copying: $0) }
    guard checkedProduct(shape) == floats.count else {
      throw FCNError(
        .shapeMismatch,
        "tensor \(quoted(name)): \(floats.count) values were given for the shape \(shape)")
    }
    self.init(
      name: name, shape: shape, elementType: .float32, count: floats.count, storage: storage,
      offset: 0)
  }

  /// A copy of `tensor`, which has as many elements as `shape`.
  init(name: String, shape: [Int], copying tensor: Tensor) throws {
    precondition(checkedProduct(shape) == tensor.shape.count)
    try self.init(name: name, shape: shape) {
      $0.baseAddress?.update(from: tensor.pointer, count: tensor.shape.count)
    }
  }

  /// Makes a tensor of memory that `fill` writes every one of its elements to.
  init(
    name: String, shape: [Int], filledBy fill: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    guard let bytes = checkedProduct(shape + [4]) else {
      throw FCNError(.outOfMemory, "tensor \(quoted(name)): \(shape) cannot be addressed")
    }
    let storage = try ByteStorage(count: bytes) { try fill($0.bindMemory(to: Float.self)) }
    self.init(
      name: name, shape: shape, elementType: .float32, count: bytes / 4, storage: storage,
      offset: 0)
  }

  /// A tensor of the `count` elements, which the caller has checked, at `offset` in `storage`.
  init(
    name: String, shape: [Int], elementType: ElementType, count: Int, storage: ByteStorage,
    offset: Int
  ) {
    precondition(
      offset >= 0 && offset + count * elementType.byteCount <= storage.bytes.count)
    self.name = name
    self.shape = shape
    self.elementType = elementType
    self.count = count
    self.storage = storage
    self.offset = offset
  }

  /// The elements as stored, little-endian; valid while this tensor or a copy of it lives.
  var bytes: UnsafeRawBufferPointer {
    let end = offset + count * elementType.byteCount
    return UnsafeRawBufferPointer(rebasing: storage.bytes[offset..<end])
  }

  /// Calls `body` with the elements as stored, little-endian; the pointer must not leave it.
  public func withUnsafeBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withExtendedLifetime(storage) { try body(bytes) }
  }

  /// Lets the system have the memory of a mapped file's pages until they are read again.
  func forgetPages() { withUnsafeBytes(forgetPages) }

  func forgetPages(of part: UnsafeRawBufferPointer) { storage.forgetPages(of: part) }

  /// Writes the elements as float32 to `destination`, which must have room for `count`.
  public func copyFloats(to destination: UnsafeMutablePointer<Float>) {
    withUnsafeBytes {
      elementType.decode($0, to: UnsafeMutableBufferPointer(start: destination, count: count))
    }
  }

  /// The same by all threads of `pool`, if there is one. Not of float64, whose least numbers would become 0
  /// there.
  func copyFloats(to destination: UnsafeMutablePointer<Float>, _ pool: WorkerPool?) {
    let size = 1 << 18
    guard let pool, count > size, elementType != .float64 else {
      return copyFloats(to: destination)
    }
    pool.run((count + size - 1) / size) { task, _ in
      let range = part(task, of: count, size: size)
      let width = elementType.byteCount
      withUnsafeBytes {
        elementType.decode(
          UnsafeRawBufferPointer(
            rebasing: $0[range.lowerBound * width..<range.upperBound * width]),
          to: UnsafeMutableBufferPointer(
            start: destination + range.lowerBound, count: range.count))
      }
    }
  }

  /// The elements as float32, a fresh copy.
  public var floats: [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let base = buffer.baseAddress { copyFloats(to: base) }
      initialized = count
    }
  }

  /// Calls `body` with the elements as float32; the pointer must not leave it. Nothing is copied
  /// where they are stored so, on a 4-byte boundary; else throws `outOfMemory` where there is none for it.
  public func withFloats<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let borrowed = borrowedFloats else {
      let memory = try AlignedMemory(count: count)
      copyFloats(to: memory.pointer)
      return try withExtendedLifetime(memory) {
        try body(UnsafeBufferPointer(start: memory.pointer, count: count))
      }
    }
    return try withExtendedLifetime(storage) {
      try body(UnsafeBufferPointer(start: borrowed, count: count))
    }
  }

  /// The elements where they are stored as float32 on a 4-byte boundary, nil otherwise; valid while
  /// this tensor or a copy of it lives.
  var borrowedFloats: UnsafePointer<Float>? {
    guard elementType == .float32, hasFloatAlignment, Self.isLittleEndian else { return nil }
    return bytes.baseAddress?.assumingMemoryBound(to: Float.self)
  }

  private var hasFloatAlignment: Bool {
    UInt(bitPattern: bytes.baseAddress) % UInt(MemoryLayout<Float>.alignment) == 0
  }

  private static var isLittleEndian: Bool { UInt16(1).littleEndian == 1 }
}

extension WeightTensor {
  /// The same elements under another name, in the same memory.
  func named(_ name: String) -> WeightTensor { reshaped(name, shape) }

  /// The same elements under another name and in another shape of as many, in the same memory.
  func reshaped(_ name: String, _ shape: [Int]) -> WeightTensor {
    precondition(checkedProduct(shape) == count)
    return WeightTensor(
      name: name, shape: shape, elementType: elementType, count: count, storage: storage,
      offset: offset)
  }

  /// The same elements in another type, float32 or float16 (rounded to nearest, ties to even).
  ///
  /// Throws `notFinite` where an element is, or in the new type would be, infinite or NaN.
  func converted(to type: ElementType) throws -> WeightTensor {
    if type == elementType { return self }
    let storage: ByteStorage
    switch type {
    case .float32:
      storage = try ByteStorage(count: count * 4) {
        let output = $0.bindMemory(to: Float.self)
        if let base = output.baseAddress { copyFloats(to: base) }
        if let index = output.firstIndex(where: { !$0.isFinite }) {
          throw try notFinite(at: index, in: type)
        }
      }
    case .float16:
      storage = try ByteStorage(count: count * 2) { output in
        let first = try withFloats { ElementType.encodeFloat16($0, to: output) }
        if let first { throw try notFinite(at: first, in: type) }
      }
    case .bfloat16, .float64:
      throw FCNError(
        .invalidArgument, "weights are written as float32 or float16, not \(type.rawValue)")
    }
    return WeightTensor(
      name: name, shape: shape, elementType: type, count: count, storage: storage, offset: 0)
  }

  private func notFinite(at index: Int, in type: ElementType) throws -> FCNError {
    let value = try withFloats { $0[index] }
    return FCNError(
      .notFinite,
      "tensor \(quoted(name)): element \(index) is \(value), which \(type.rawValue) cannot hold; "
        + (value.isFinite ? "write the model as float32" : "training has diverged"))
  }
}
