import Glibc

/// Files: read whole, mapped, and written so that a reader never sees half of one.
public enum File {
  /// The whole contents of the file at `path`.
  ///
  /// Throws `notFound` where there is none and `inputOutput` with the system's reason otherwise.
  public static func read(_ path: String) throws -> [UInt8] {
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    return try read(descriptor: descriptor, named: path)
  }

  /// Everything until the end of an open file or pipe; `name` appears in errors.
  public static func read(descriptor: Int32, named name: String) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count == 0 { return bytes }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw FCNError(.inputOutput, "\(name): cannot be read: \(systemReason())")
      }
      if bytes.count + count > bytes.capacity {
        try naming(name) { try requireMemory(2 * (bytes.count + count)) }
      }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }

  /// Writes `parts`, one after another, to a temporary file beside `path`, syncs it and renames it
  /// to `path`: what stood there before is whole until the new file is. A pipe or a device, which a
  /// file must not replace, is written to as it is.
  public static func write(_ parts: [UnsafeRawBufferPointer], to path: String) throws {
    try write(to: path) { append in
      for part in parts { try append(part) }
    }
  }

  /// Writes to `path` as `write(_:to:)` for parts does what `produce` hands, part by part, to the
  /// function that it is given; for parts that are not all in memory at once.
  static func write(
    to path: String,
    _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    if isSpecial(path) { return try writeInPlace(to: path, produce) }
    let temporary = "\(path).tmp-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FCNError(.inputOutput, "\(path): cannot be written: \(systemReason())")
    }
    do {
      try produce { try write($0, descriptor: descriptor, named: path) }
      guard fsync(descriptor) == 0 || errno == EINVAL else {
        throw FCNError(.inputOutput, "\(path): cannot be written: \(systemReason())")
      }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    close(descriptor)
    guard rename(temporary, path) == 0 else {
      let reason = systemReason()
      unlink(temporary)
      throw FCNError(.inputOutput, "\(path): cannot be written: \(reason)")
    }
  }

  /// Whether something that is neither a file nor a folder stands at `path`.
  private static func isSpecial(_ path: String) -> Bool {
    var information = stat()
    guard stat(path, &information) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(information.st_mode & S_IFMT)
  }

  private static func writeInPlace(
    to path: String,
    _ produce: (_ append: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FCNError(.inputOutput, "\(path): cannot be written: \(systemReason())")
    }
    defer { close(descriptor) }
    try produce { try write($0, descriptor: descriptor, named: path) }
  }

  /// Writes `bytes` to `path` as `write(_:to:)` for parts does.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write([$0], to: path) }
  }

  /// Writes all of `bytes` to an open file or pipe; `name` appears in errors.
  public static func write(
    _ bytes: UnsafeRawBufferPointer, descriptor: Int32, named name: String
  ) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      guard count >= 0 else {
        if errno == EINTR { continue }
        throw FCNError(.inputOutput, "\(name): cannot be written: \(systemReason())")
      }
      rest = rest.dropFirst(count)
    }
  }

  /// Makes the folder `path` and those above it that are missing.
  public static func makeFolder(_ path: String) throws {
    if isFolder(path) { return }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      try makeFolder(String(path[..<slash]))
    }
    guard mkdir(path, 0o777) == 0 || (errno == EEXIST && isFolder(path)) else {
      throw FCNError(.inputOutput, "\(path): the folder cannot be made: \(systemReason())")
    }
  }

  /// Whether something exists at `path`.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether `path` is a folder.
  public static func isFolder(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in the folder `path`, sorted, without `.` and `..`.
  public static func names(inFolder path: String) throws -> [String] {
    guard let folder = opendir(path) else {
      throw FCNError(
        errno == ENOENT ? .notFound : .inputOutput,
        "\(path): the folder cannot be read: \(systemReason())")
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func openForReading(_ path: String) throws -> Int32 {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FCNError(
        errno == ENOENT ? .notFound : .inputOutput,
        "\(path): cannot be opened: \(systemReason())")
    }
    return descriptor
  }

  /// What the system says of the last failed call.
  static func systemReason() -> String { String(cString: strerror(errno)) }
}
