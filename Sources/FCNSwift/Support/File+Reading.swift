import Glibc

extension File {
  /// The most that is read of what is neither a picture nor weights, in bytes: lists, tables, text.
  public static let largestText = 1 << 26

  /// The whole contents of the file at `path`, which may be a pipe.
  ///
  /// Throws `notFound` where there is none, `unsupported` where more than `limit` bytes come out of it,
  /// as they do of a device without an end, and `inputOutput` with the system's reason otherwise.
  public static func read(_ path: String, atMost limit: Int = largestText) throws -> [UInt8] {
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    return try read(descriptor: descriptor, named: path) { _ in limit }
  }

  /// Everything until the end of an open file or pipe; `name` appears in errors.
  ///
  /// `limit` is asked once, when the first bytes are there, up to `startLength` of them, for how many
  /// bytes there may be in all; nil leaves it at those that are there, for a caller who sees that the
  /// rest is nothing that can be read.
  static func read(
    descriptor: Int32, named name: String, limit: (_ start: UnsafeRawBufferPointer) throws -> Int?
  ) throws -> [UInt8] {
    let bytes = GrowingBytes(named: name)
    while bytes.count < startLength, try bytes.append(from: descriptor, startLength - bytes.count) {
    }
    if bytes.count == startLength, let limit = try limit(bytes.contents) {
      while try bytes.append(from: descriptor, 1 << 18) {
        guard bytes.count <= limit else {
          throw FCNError(
            .unsupported,
            "\(name): it goes on after \(limit) bytes, more than a file of its kind has; is it a "
              + "device or a pipe without an end?")
        }
      }
    }
    try naming(name) { try requireMemory(bytes.count) }
    return Array(bytes.contents)
  }

  /// What is looked at before more is read: room for the headers of pictures with all that cameras
  /// write before them.
  static let startLength = 1 << 18

  static func openForReading(_ path: String, _ flags: Int32 = 0) throws -> Int32 {
    let descriptor = retried { open(path, O_RDONLY | O_CLOEXEC | flags) }
    guard descriptor >= 0 else {
      throw FCNError(
        errno == ENOENT ? .notFound : .inputOutput,
        "\(path): cannot be opened: \(systemReason())")
    }
    return descriptor
  }
}

/// Bytes whose number is not known before they have come, in memory that may be refused.
private final class GrowingBytes {
  private let name: String
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  private(set) var count = 0

  /// `name` appears in errors.
  init(named name: String) { self.name = name }

  deinit { free(memory) }

  var contents: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }

  /// Reads up to `most` bytes more; returns whether there were any.
  func append(from descriptor: Int32, _ most: Int) throws -> Bool {
    if capacity - count < most { try grow(to: max(2 * capacity, count + most)) }
    while true {
      let taken = Glibc.read(descriptor, memory.map { $0 + count }, most)
      if taken >= 0 {
        count += taken
        return taken > 0
      }
      guard errno == EINTR else {
        throw FCNError(.inputOutput, "\(name): cannot be read: \(File.systemReason())")
      }
    }
  }

  private func grow(to size: Int) throws {
    guard let grown = realloc(memory, size) else {
      throw FCNError(.outOfMemory, "\(name): there is no memory for more than \(count) bytes of it")
    }
    (memory, capacity) = (grown, size)
  }
}
