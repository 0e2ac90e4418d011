import Glibc
import Synchronization

/// A folder that is filled under a hidden name, `.fcn-….tmp`, and takes its place once it is whole. It is
/// locked meanwhile, so that what a killed process left can be told from it.
final class UnfinishedFolder {
  /// Where the contents go until then.
  let path: String
  /// Its place.
  private let target: String
  /// Open for its lock.
  private let descriptor: Int32
  private var isInPlace = false

  /// Those that are being filled; and whether the process is about to end.
  private static let unfinished = Mutex((paths: Set<String>(), isEnding: false))

  /// Holds what is replaced, while that is done; the name of what is to come last follows.
  private static let oldPrefix = ".old."

  /// Makes the folder, beside `target` where that does not exist, else within it. What killed processes
  /// left there goes.
  init(for target: String) throws {
    var target = target
    while target.count > 1, target.hasSuffix("/") { target.removeLast() }
    self.target = target
    let home = File.isFolder(target) ? target : File.folder(of: target)
    try File.makeFolder(home)
    TemporaryFile.removeStale(inFolder: home)
    (path, descriptor) = try UnfinishedFolder.make(in: home == "/" ? "" : home, for: target)
  }

  deinit {
    forget()
    if !isInPlace, !UnfinishedFolder.holdsOld(path) { File.removeTree(path) }
    close(descriptor)
  }

  private static func make(
    in home: String, for target: String
  ) throws -> (path: String, descriptor: Int32) {
    for _ in 0..<100 {
      let path = "\(home)/\(TemporaryFile.newName())"
      let descriptor = try unfinished.withLock {
        guard !$0.isEnding else { throw FCNError(.aborted, "\(target): the process is ending") }
        guard File.retried({ mkdir(path, 0o777) }) == 0 else { throw File.cannotWrite(target) }
        $0.paths.insert(path)
        return File.retried { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
      }
      // Another process may have taken it for one that was left, in this moment.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK, File.exists(path) {
        return (path, descriptor)
      }
      unfinished.withLock { _ = $0.paths.remove(path) }
      if descriptor >= 0 { close(descriptor) }
    }
    errno = EEXIST
    throw File.cannotWrite(home)
  }

  /// Whether what others had is in the folder at `path`.
  private static func holdsOld(_ path: String) -> Bool {
    let names = (try? File.names(inFolder: path)) ?? []
    guard let old = names.first(where: { $0.hasPrefix(oldPrefix) }) else { return false }
    // Beside what stands in its place, it is what was replaced.
    return names.count > 1 && !((try? File.names(inFolder: "\(path)/\(old)").isEmpty) ?? true)
  }

  private func forget() {
    UnfinishedFolder.unfinished.withLock { _ = $0.paths.remove(path) }
  }

  /// Takes away all that are being filled, and has no others made or moved; the process is about to end.
  static func discardAll() {
    // Whoever holds the lock does so for a moment only, but may have been stopped in it.
    for _ in 0..<100 {
      let isDone: Void? = unfinished.withLockIfAvailable {
        $0.isEnding = true
        // Threads that go on may put something in meanwhile, though no more files.
        for path in $0.paths {
          for _ in 0..<3 where File.exists(path) { File.removeTree(path) }
        }
      }
      if isDone != nil { return }
      usleep(1000)
    }
  }

  /// Puts what is in the folder in its place. Where that exists already, what is there under the same
  /// names is taken away; `last`, by which the whole is known, is the first to go and the last to come.
  func moveIntoPlace(last: String) throws {
    File.syncFolders(in: path)
    // A process that is to end waits until all is moved.
    try UnfinishedFolder.unfinished.withLock {
      guard !$0.isEnding else { throw FCNError(.aborted, "\(target): the process is ending") }
      // From here on it also holds what was there before, which must not get lost.
      $0.paths.remove(path)
      if !File.exists(target) {
        try File.move(path, to: target)
        isInPlace = true
        return
      }
      guard path.hasPrefix("\(target)/") else {
        throw FCNError(.invalidState, "\(target): has come to be meanwhile; choose another folder")
      }
      let names = try File.names(inFolder: path).filter { $0 != last }
      try UnfinishedFolder.replace(names, last, in: target, by: path)
    }
    File.syncFolder(File.isFolder(path) ? target : File.folder(of: target))
  }

  private static func replace(
    _ names: [String], _ last: String, in target: String, by path: String
  ) throws {
    let old = "\(path)/\(oldPrefix)\(last)"
    try File.makeFolder(old)
    do {
      for name in [last] + names where File.exists("\(target)/\(name)") {
        try File.move("\(target)/\(name)", to: "\(old)/\(name)")
      }
      for name in names + [last] { try File.move("\(path)/\(name)", to: "\(target)/\(name)") }
    } catch {
      // What has come goes back: nobody is to find half of each.
      for name in names + [last] {
        if !File.exists("\(path)/\(name)"), File.exists("\(target)/\(name)") {
          try? File.move("\(target)/\(name)", to: "\(path)/\(name)")
        }
        if File.exists("\(old)/\(name)") {
          try? File.move("\(old)/\(name)", to: "\(target)/\(name)")
        }
      }
      // Empty unless something could not go back, which must not be taken away with the rest.
      rmdir(old)
      throw error
    }
  }

  /// Takes away the folder `path` in `home` that a killed process left. Where it was about to put it in its
  /// place, all in it is whole, and that is done first.
  static func removeStale(_ path: String, from home: String) {
    do {
      let names = try File.names(inFolder: path)
      if let old = names.first(where: { $0.hasPrefix(oldPrefix) }) {
        let last = String(old.dropFirst(oldPrefix.count))
        let rest = names.filter { $0 != old }.sorted { $1 == last && $0 != last }
        for name in rest {
          if File.exists("\(home)/\(name)") {
            try File.move("\(home)/\(name)", to: "\(path)/\(old)/\(name)")
          }
          try File.move("\(path)/\(name)", to: "\(home)/\(name)")
        }
      }
      File.removeTree(path)
    } catch {
      // It stays, with all that is in it.
    }
  }
}

extension File {
  /// Gives the file or folder at `path` another name on the same file system.
  static func move(_ path: String, to other: String) throws {
    guard retried({ rename(path, other) }) == 0 else { throw cannotWrite(other) }
  }

  /// Syncs the folder at `path` and those in it.
  static func syncFolders(in path: String) {
    for name in (try? names(inFolder: path)) ?? [] where isFolder("\(path)/\(name)") {
      syncFolders(in: "\(path)/\(name)")
    }
    syncFolder(path)
  }

  /// Makes `path` another name of the file `original`, or of the one that it is a symbolic link to.
  static func link(_ original: String, as path: String) throws {
    guard retried({ linkat(AT_FDCWD, original, AT_FDCWD, path, AT_SYMLINK_FOLLOW) }) == 0 else {
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
