import FCNSwift

/// The structs of the header that begin with `struct_size` and may gain fields at their end.
///
/// A conforming type is its newest form. `struct_size` of an older host is smaller, that of a newer
/// one larger; neither may make the library read or write a byte that is not there.
protocol GrowingStruct {
  /// The name in the header, for messages.
  static var name: StaticString { get }
  /// sizeof in the first release that had the struct: its size, until the day it grows.
  static var firstSize: Int { get }
  /// The field that every one begins with.
  var struct_size: UInt32 { get set }
  /// All zero.
  init()
}

extension GrowingStruct {
  static var firstSize: Int { size }

  private static var size: Int { MemoryLayout<Self>.stride }

  /// Where a field that came later stands: the size of the struct that had none.
  static func offset<Field>(of field: KeyPath<Self, Field>) -> Int {
    MemoryLayout<Self>.offset(of: field) ?? size
  }

  /// Larger than any struct will be: what a host that never set the size may not make us walk over.
  private static var largestSize: Int { 1 << 16 }

  private static func check(size: UInt32) throws {
    guard (firstSize...largestSize).contains(Int(size)) else {
      throw FCNError(
        .invalidArgument,
        "struct_size of \(name) is \(size); it must be sizeof(\(name)), which is \(Self.size) here")
    }
  }

  private static func checkedSize(at pointer: UnsafeRawPointer) throws -> Int {
    let size = pointer.loadUnaligned(as: UInt32.self)
    try check(size: size)
    return Int(size)
  }

  /// What the host set at `pointer`, over `defaults` where it knows fewer fields.
  static func read(_ pointer: UnsafePointer<Self>, over defaults: Self) throws -> Self {
    let size = try checkedSize(at: pointer)
    let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
    guard bytes.dropFirst(Self.size).allSatisfy({ $0 == 0 }) else {
      throw FCNError(
        .invalidArgument,
        "\(name) sets a field that this version of the library does not know; use a library at "
          + "least as new as the header, or leave the field zero")
    }
    var value = defaults
    withUnsafeMutableBytes(of: &value) {
      $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.size)))
    }
    value.struct_size = UInt32(Self.size)
    return value
  }

  /// Writes `defaults` to `pointer`, as much of them as fits into `size` bytes, and zeros after them.
  static func initialize(
    _ pointer: UnsafeMutablePointer<Self>?, size: UInt32, to defaults: Self
  ) throws {
    guard let pointer else { throw FCNError(.invalidArgument, "the \(name) to fill is NULL") }
    try check(size: size)
    write(defaults, to: pointer, size: Int(size))
  }

  /// Writes this to `pointer`, whose `struct_size` the host has set.
  func fill(_ pointer: UnsafeMutablePointer<Self>?) throws {
    guard let pointer else { throw FCNError(.invalidArgument, "the \(Self.name) to fill is NULL") }
    Self.write(self, to: pointer, size: try Self.checkedSize(at: pointer))
  }

  /// All zero but for `struct_size`, as callbacks get it.
  static var sized: Self {
    var value = Self()
    value.struct_size = UInt32(size)
    return value
  }

  private static func write(_ value: Self, to pointer: UnsafeMutablePointer<Self>, size: Int) {
    var value = value
    value.struct_size = UInt32(size)
    let target = UnsafeMutableRawBufferPointer(start: pointer, count: size)
    target.initializeMemory(as: UInt8.self, repeating: 0)
    withUnsafeBytes(of: &value) {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(size)))
    }
  }
}
