import Glibc
import Synchronization

/// A folder that is filled under a hidden name, `.fcn-….tmp`, and takes its place once it is whole.
final class UnfinishedFolder {
  /// Where the contents go until then.
  let path: String
  /// Its place.
  private let target: String
  private var isInPlace = false

  /// Those that are being filled.
  private static let unfinished = Mutex<Set<String>>([])

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
    let made = path
    UnfinishedFolder.unfinished.withLock { _ = $0.insert(made) }
  }

  deinit {
    forget()
    if !isInPlace { File.removeTree(path) }
  }

  private func forget() {
    let own = path
    UnfinishedFolder.unfinished.withLock { _ = $0.remove(own) }
  }

  /// Takes away all that are being filled; the process is about to end.
  static func discardAll() {
    // Whoever holds the lock does so for a moment only, but may have been stopped in it.
    _ = unfinished.withLockIfAvailable { paths in
      for path in paths { File.removeTree(path) }
    }
  }

  /// Puts what is in the folder in its place. Where that exists already, what is there under the same
  /// names is taken away; `last`, by which the whole is known, is the first to go and the last to come.
  func moveIntoPlace(last: String) throws {
    // From here on it also holds what was there before, which must not get lost.
    forget()
    if !File.exists(target) {
      try File.move(path, to: target)
      isInPlace = true
      return
    }
    let names = try File.names(inFolder: path).filter { $0 != last }
    let old = "\(path)/.old"
    try File.makeFolder(old)
    do {
      for name in [last] + names where File.exists("\(target)/\(name)") {
        try File.move("\(target)/\(name)", to: "\(old)/\(name)")
      }
      for name in names + [last] { try File.move("\(path)/\(name)", to: "\(target)/\(name)") }
    } catch {
      for name in (try? File.names(inFolder: old)) ?? [] where !File.exists("\(target)/\(name)") {
        try? File.move("\(old)/\(name)", to: "\(target)/\(name)")
      }
      throw error
    }
  }
}

extension File {
  /// Gives the file or folder at `path` another name on the same file system.
  static func move(_ path: String, to other: String) throws {
    guard rename(path, other) == 0 else { throw cannotWrite(other) }
  }

  /// Makes `path` another name of the file `original`, or of the one that it is a symbolic link to.
  static func link(_ original: String, as path: String) throws {
    guard linkat(AT_FDCWD, original, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 else {
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
