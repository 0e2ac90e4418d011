import CSystem
import Glibc
import Synchronization

/// A file that is being written beside its target, and takes its place once it is whole.
///
/// Its name is its own, whoever else writes to the target at the same time; nothing that stands there
/// is opened, be it a symbolic link. The name is short, since the target's own may have any length that
/// the system allows.
final class TemporaryFile {
  /// Where the contents go.
  private(set) var descriptor: Int32 = -1
  /// What the caller calls the target, for errors.
  private let path: String
  /// The target's folder, open, and its name there; links of its own have been followed.
  private var folder: Int32 = -1
  private let target: String
  private var name: String?

  /// The names of those that are being written, in open folders; and whether the process is about to end.
  private static let unfinished = Mutex((files: [String: Int32](), isEnding: false))

  /// Makes an empty file beside the target of `path`, with the mode of the file that stands there.
  init(for path: String) throws {
    self.path = path
    let place = try TemporaryFile.followed(path)
    target = place.name
    guard !target.isEmpty else {
      errno = place.folder.isEmpty ? ENOENT : EISDIR
      throw File.cannotWrite(path)
    }
    // A folder may be one that files can be put into but that cannot be listed.
    folder = File.retried {
      open(
        place.folder.isEmpty ? "." : place.folder,
        fcn_open_as_place() | O_DIRECTORY | O_CLOEXEC)
    }
    guard folder >= 0 else { throw File.cannotWrite(path) }
    do {
      try create()
      try takeMode()
    } catch {
      discard()
      throw error
    }
  }

  deinit { discard() }

  /// Syncs the contents, puts the file in the target's place, and syncs the folder: after a loss of power
  /// there is the old file or the new one, and the new one where this has returned.
  func moveIntoPlace() throws {
    guard let name else { return }
    guard File.retried({ fsync(descriptor) }) == 0 || errno == EINVAL else {
      throw File.cannotWrite(path)
    }
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 || errno == EINTR else { throw File.cannotWrite(path) }
    guard File.retried({ renameat(folder, name, folder, target) }) == 0 else {
      throw File.cannotWrite(path)
    }
    forget()
    // A folder that cannot be read cannot be synced; its file system does it in its own time.
    let names = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard names >= 0 else { return }
    _ = File.retried { fsync(names) }
    close(names)
  }

  /// Takes the file away, unless it has been moved into place.
  func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if let name {
      unlinkat(folder, name, 0)
      forget()
    }
    if folder >= 0 { close(folder) }
    folder = -1
  }

  /// Takes away all that are being written, and has no others made; the process is about to end.
  static func discardAll() {
    // Whoever holds the lock does so for a moment only, but may have been stopped in it.
    for _ in 0..<100 {
      let isDone: Void? = unfinished.withLockIfAvailable {
        $0.isEnding = true
        for (name, folder) in $0.files { unlinkat(folder, name, 0) }
      }
      if isDone != nil { return }
      usleep(1000)
    }
  }

  /// Takes away what processes that were killed left in `folder`: files that nobody is writing, which
  /// the kernel's locks tell, folders too. What cannot be taken away stays.
  static func removeStale(inFolder folder: String) {
    for name in (try? File.names(inFolder: folder)) ?? [] where isTemporary(name) {
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
        if File.isFolder(path) {
          UnfinishedFolder.removeStale(path, from: folder)
        } else {
          unlink(path)
        }
      }
      close(descriptor)
    }
  }

  private static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.hasSuffix(suffix)
  }

  private static let (prefix, suffix) = (".fcn-", ".tmp")

  /// A name that nobody else has.
  static func newName() -> String {
    prefix + String(UInt64.random(in: 0 ... .max), radix: 36) + suffix
  }

  private func forget() {
    if let name { TemporaryFile.unfinished.withLock { _ = $0.files.removeValue(forKey: name) } }
    name = nil
  }

  private func create() throws {
    for _ in 0..<100 {
      let name = TemporaryFile.newName()
      let folder = folder
      descriptor = try TemporaryFile.unfinished.withLock {
        guard !$0.isEnding else { throw FCNError(.aborted, "\(path): the process is ending") }
        let made = openat(
          folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        if made >= 0 { $0.files[name] = folder }
        return made
      }
      if descriptor >= 0 {
        // As long as it is open: `removeStale` leaves it. Where that came first, it is gone.
        let isOthers = flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
        if !isOthers, faccessat(folder, name, F_OK, 0) == 0 {
          self.name = name
          return
        }
        TemporaryFile.unfinished.withLock { _ = $0.files.removeValue(forKey: name) }
        close(descriptor)
        descriptor = -1
        errno = EEXIST
      }
      guard errno == EEXIST || errno == EINTR else { break }
    }
    throw File.cannotWrite(path)
  }

  /// Gives the file the mode of the one that it is going to replace, and its owner where that may be;
  /// a new file has the mode that the process's umask leaves.
  private func takeMode() throws {
    var old = stat()
    guard fstatat(folder, target, &old, AT_SYMLINK_NOFOLLOW) == 0, old.st_mode & S_IFMT == S_IFREG
    else { return }
    var new = stat()
    guard fstat(descriptor, &new) == 0 else { throw File.cannotWrite(path) }
    let isOthers = new.st_uid != old.st_uid || new.st_gid != old.st_gid
    // Not everyone may give a file away; its contents matter more.
    let isGiven = !isOthers || fchown(descriptor, old.st_uid, old.st_gid) == 0
    // Rights of another owner or group are not for this process's own.
    let kept: mode_t = isGiven ? 0o7777 : 0o777
    guard fchmod(descriptor, old.st_mode & kept) == 0 || errno == EPERM else {
      throw File.cannotWrite(path)
    }
  }

  /// The folder, with a slash at its end, and the name of what `path` stands for, with symbolic links
  /// followed, whether there is anything at their end or not.
  private static func followed(_ path: String) throws -> (folder: String, name: String) {
    var place = split(path)
    for _ in 0..<40 {
      guard let link = try link(at: place.folder + place.name) else { return place }
      let next = split(link)
      place = link.hasPrefix("/") ? next : (place.folder + next.folder, next.name)
    }
    errno = ELOOP
    throw File.cannotWrite(path)
  }

  /// What the symbolic link at `path` says, nil where there is none.
  private static func link(at path: String) throws -> String? {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
      guard let base = buffer.baseAddress else { return nil }
      let count = readlink(path, base, buffer.count)
      guard count > 0, count < buffer.count else { return nil }
      let bytes = buffer.prefix(count).map(UInt8.init(bitPattern:))
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw FCNError(
          .inputOutput, "\(path): is a link to a name that is not UTF-8; name that file itself")
      }
      return text
    }
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
    let next = path.utf8.index(after: slash)
    return (String(path[..<next]), String(path[next...]))
  }
}
