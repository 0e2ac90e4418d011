import Glibc

/// Files and folders: how they are read is in File+Reading.swift, how they are written in
/// File+Writing.swift.
public enum File {
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
      guard count > 0 else {
        throw FCNError(.inputOutput, "\(name): cannot be written: the system takes no bytes")
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
    guard !exists(path) else {
      throw FCNError(
        .inputOutput, "\(path) is there and is not a folder; name another place, or move it away")
    }
    guard retried({ mkdir(path, 0o777) }) == 0 || (errno == EEXIST && isFolder(path)) else {
      throw FCNError(.inputOutput, "\(path): the folder cannot be made: \(systemReason())")
    }
  }

  /// The folder that the file at `path` lies in.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Whether something exists at `path`.
  public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether `path` is a folder.
  public static func isFolder(_ path: String) -> Bool {
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
  }

  /// Numbers that tell the folder `path` from every other on this machine, under whatever name;
  /// nil where there is none.
  static func identity(ofFolder path: String) -> [UInt64]? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    return [UInt64(information.st_dev), UInt64(information.st_ino)]
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
      try requireMemoryToGrow(names.count, bytesEach: 256)
    }
    return names.sorted()
  }

  /// What the system says of the last failed call.
  static func systemReason() -> String { String(cString: strerror(errno)) }
}
