import Glibc

/// Where a path leads, however it is spelled: through links, `.` and `..`, to something that exists
/// or to a name in a folder that does.
struct FilePlace: Hashable {
  /// What the system knows something that exists by.
  private struct Node: Hashable {
    let device: UInt
    let number: UInt
  }

  /// What exists: the file or folder itself, or the last folder on the way to it.
  private let node: Node
  /// A path to `node`.
  private let existing: String
  /// What is missing below `node`; empty where the path exists.
  private let rest: String

  /// Follows `path`; nil where nothing on its way can be looked at, which reading or writing it
  /// will tell.
  init?(_ path: String) {
    var (path, rest, links) = (path, "", 0)
    while true {
      if let node = FilePlace.node(path) {
        (self.node, existing, self.rest) = (node, path, rest)
        return
      }
      if let target = FilePlace.target(ofLink: path) {
        // A link to what is not there yet: that is what would be written.
        links += 1
        guard links <= 40 else { return nil }
        path = target.hasPrefix("/") ? target : FilePlace.folder(of: path) + "/" + target
        continue
      }
      guard let name = path.split(separator: "/").last else { return nil }
      rest = rest.isEmpty ? String(name) : "\(name)/\(rest)"
      path = FilePlace.folder(of: path)
    }
  }

  static func == (a: FilePlace, b: FilePlace) -> Bool { a.node == b.node && a.rest == b.rest }

  func hash(into hasher: inout Hasher) {
    hasher.combine(node)
    hasher.combine(rest)
  }

  /// Whether this is `folder`, which exists, or lies in it at any depth.
  func isWithin(_ folder: FilePlace) -> Bool {
    guard let resolved = realpath(existing, nil) else { return false }
    defer { free(resolved) }
    var way = String(cString: resolved)
    while FilePlace.node(way) != folder.node {
      if way == "/" { return false }
      way = FilePlace.folder(of: way)
    }
    return true
  }

  /// Whether `path` is neither a file nor a folder: a pipe, a terminal, /dev/null. What is written
  /// there replaces nothing.
  static func isSpecial(_ path: String) -> Bool {
    var information = stat()
    guard stat(path, &information) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(information.st_mode & S_IFMT)
  }

  /// The names on the way to it from the root, without links, `.` and `..`; nil where it cannot be
  /// followed.
  var steps: [String]? {
    guard let resolved = realpath(existing, nil) else { return nil }
    defer { free(resolved) }
    return (String(cString: resolved) + "/" + rest).split(separator: "/").map(String.init)
  }

  private static func node(_ path: String) -> Node? {
    var information = stat()
    guard stat(path, &information) == 0 else { return nil }
    return Node(device: UInt(information.st_dev), number: UInt(information.st_ino))
  }

  private static func target(ofLink path: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      let count = readlink(path, start, buffer.count)
      guard count > 0 else { return nil }
      return String(
        decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// The folder that `path` names something in.
  private static func folder(of path: String) -> String {
    var parts = path.split(separator: "/")
    if !parts.isEmpty { parts.removeLast() }
    let folder = parts.joined(separator: "/")
    return path.hasPrefix("/") ? "/" + folder : folder.isEmpty ? "." : folder
  }
}

/// `path` as seen from the folder that the file at `place` lies in or will lie in: `../a/b.jpg`; `path`
/// itself where one of them cannot be followed.
func relativePath(of path: String, fromFolderOf place: String) -> String {
  guard let to = FilePlace(path)?.steps, let from = FilePlace(place)?.steps?.dropLast() else {
    return path
  }
  let common = zip(to, from).prefix { $0 == $1 }.count
  let up = [String](repeating: "..", count: from.count - common)
  return (up + to.dropFirst(common)).joined(separator: "/")
}
