import Glibc

/// A folder that is filled under a hidden name, `.fcn-….tmp`, and takes its place once it is whole.
final class UnfinishedFolder {
  /// Where the contents go until then.
  let path: String
  /// Its place.
  private let target: String
  private var isInPlace = false

  /// Makes the folder, beside `target` where that does not exist, else within it.
  init(for target: String) throws {
    var target = target
    while target.count > 1, target.hasSuffix("/") { target.removeLast() }
    self.target = target
    let home = File.isFolder(target) ? target : File.folder(of: target)
    try File.makeFolder(home)
    let number = String(UInt64.random(in: 0 ... .max), radix: 36)
    path = "\(home == "/" ? "" : home)/.fcn-\(number).tmp"
    guard mkdir(path, 0o777) == 0 else { throw File.cannotWrite(path) }
  }

  deinit { if !isInPlace { File.removeTree(path) } }

  /// Puts what is in the folder in its place. Where that exists already, what is there under the same
  /// names is taken away; `last`, by which the whole is known, is the first to go and the last to come.
  func moveIntoPlace(last: String) throws {
    if !File.exists(target) {
      try File.move(path, to: target)
      isInPlace = true
      return
    }
    let names = try File.names(inFolder: path).filter { $0 != last }
    let old = "\(path)/.old"
    try File.makeFolder(old)
    for name in [last] + names where File.exists("\(target)/\(name)") {
      try File.move("\(target)/\(name)", to: "\(old)/\(name)")
    }
    for name in names + [last] { try File.move("\(path)/\(name)", to: "\(target)/\(name)") }
  }
}

extension File {
  /// Gives the file or folder at `path` another name on the same file system.
  static func move(_ path: String, to other: String) throws {
    guard rename(path, other) == 0 else { throw cannotWrite(other) }
  }

  /// Makes `path` another name of the file `original`.
  static func link(_ original: String, as path: String) throws {
    guard Glibc.link(original, path) == 0 else {
      throw FCNError(
        .inputOutput,
        "\(path): no link to \(original) can be made: \(systemReason()); files can be linked on one "
          + "file system alone, else they must be copied")
    }
  }

  /// Takes away the folder at `path` with everything in it, as far as that can be; links are not followed.
  static func removeTree(_ path: String) {
    var information = stat()
    guard lstat(path, &information) == 0 else { return }
    guard information.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in (try? names(inFolder: path)) ?? [] { removeTree("\(path)/\(name)") }
    rmdir(path)
  }
}
