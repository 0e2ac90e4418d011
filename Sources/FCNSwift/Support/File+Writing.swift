import Glibc

extension File {
  /// Writes `parts`, one after another, to a temporary file beside `path`, syncs it and renames it
  /// to `path`: what stood there before is whole until the new file is, whoever else writes there at
  /// the same time. The mode of a file that stood there is kept, and a symbolic link stays and its
  /// target is replaced. A pipe or a device, which a file must not replace, is written to as it is.
  public static func write(_ parts: [UnsafeRawBufferPointer], to path: String) throws {
    try write(to: path) { append in
      for part in parts { try append(part) }
    }
  }

  /// Writes `bytes` to `path` as `write(_:to:)` for parts does.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try bytes.withUnsafeBytes { try write([$0], to: path) }
  }

  /// Writes to `path` as `write(_:to:)` for parts does what `produce` hands, part by part, to the
  /// function that it is given; for parts that are not all in memory at once.
  package static func write(
    to path: String,
    _ produce: (_ append: @escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    if let descriptor = ownDescriptor(path) {
      return try produce { try write($0, descriptor: descriptor, named: path) }
    }
    if isSpecial(path) { return try writeInPlace(to: path, produce) }
    let file = try TemporaryFile(for: path)
    defer { file.discard() }
    try produce { try write($0, descriptor: file.descriptor, named: path) }
    try file.moveIntoPlace()
  }

  /// The files and folders that are being written just now are taken away; for a process that is about
  /// to end with calls under way, whose targets stay as they were.
  public static func discardUnfinished() {
    TemporaryFile.discardAll()
    UnfinishedFolder.discardAll()
  }

  /// Takes away what processes that were killed left half-written in the folder at `path`.
  package static func removeStale(inFolder path: String) {
    TemporaryFile.removeStale(inFolder: path)
  }

  /// The open descriptor that `path` is a name of: a file that stands behind it is written on, not
  /// replaced.
  private static func ownDescriptor(_ path: String) -> Int32? {
    if path == "/dev/stdout" { return STDOUT_FILENO }
    if path == "/dev/stderr" { return STDERR_FILENO }
    for folder in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(folder) {
      return Int32(path.dropFirst(folder.count)).flatMap { $0 >= 0 ? $0 : nil }
    }
    return nil
  }

  /// Whether something that is neither a file nor a folder stands at `path`.
  private static func isSpecial(_ path: String) -> Bool {
    var information = stat()
    guard stat(path, &information) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(information.st_mode & S_IFMT)
  }

  private static func writeInPlace(
    to path: String,
    _ produce: (_ append: @escaping (UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    let descriptor = retried { open(path, O_WRONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw cannotWrite(path) }
    defer { close(descriptor) }
    try produce { try write($0, descriptor: descriptor, named: path) }
  }

  /// What `call`, which returns a negative number where it fails, returns once no signal interrupts it.
  static func retried(_ call: () -> Int32) -> Int32 {
    while true {
      let result = call()
      guard result < 0, errno == EINTR else { return result }
    }
  }

  /// Sees to it that the names in the folder at `path` outlast a loss of power, where its file system can.
  static func syncFolder(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = retried { fsync(descriptor) }
    close(descriptor)
  }

  /// The error of a call that has just failed for `path`.
  static func cannotWrite(_ path: String) -> FCNError {
    FCNError(.inputOutput, "\(path): cannot be written: \(systemReason())")
  }
}
