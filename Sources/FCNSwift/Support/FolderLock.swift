import Glibc

/// A folder that one writer has to itself, as long as this object lives: an advisory lock on a file in
/// it, `.fcn-lock`, which says whose it is. The kernel releases it however the process ends; the file of
/// one that was killed stays and means nothing.
///
/// Where the file system has no locks, or nothing can be made in the folder, nobody is kept out.
final class FolderLock {
  /// Whether others are kept out; not where the file system has no locks.
  var isHeld: Bool { descriptor >= 0 }
  private var descriptor: Int32 = -1
  private let path: String
  /// A child of a fork has the descriptor too, and must not give away what is its parent's.
  private let process = getpid()

  static let fileName = ".fcn-lock"

  /// Takes the lock of `folder`. Throws `invalidState` where somebody else has it; `use` says what the
  /// folder is then used for, "a training runs in" for one.
  init(_ folder: String, use: String) throws {
    path = "\(folder)/\(Self.fileName)"
    // What was opened may be taken away by its last owner before it is locked.
    for _ in 0..<100 {
      descriptor = FolderLock.opened(path)
      guard descriptor >= 0 else { return }
      guard FolderLock.lock(descriptor) else {
        let (reason, owner) = (errno, FolderLock.owner(descriptor))
        close(descriptor)
        descriptor = -1
        // Other reasons: there are no locks here.
        guard reason == EWOULDBLOCK else {
          unlink(path)
          return
        }
        throw FCNError(
          .invalidState,
          "\(use) \(folder) already\(owner.map { ", by \($0)" } ?? ""); wait until it ends, stop it, "
            + "or name another folder")
      }
      if isInPlace {
        sign()
        return
      }
      close(descriptor)
      descriptor = -1
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    if process == getpid() {
      // While it is locked: whoever opened it sees that it is in its place no more.
      unlink(path)
      _ = flock(descriptor, LOCK_UN)
    }
    close(descriptor)
  }

  private static func opened(_ path: String) -> Int32 {
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let descriptor = open(path, O_RDWR | O_CREAT | flags, 0o666)
    // Another user's can be locked all the same.
    return descriptor >= 0 ? descriptor : open(path, O_RDONLY | flags)
  }

  private static func lock(_ descriptor: Int32) -> Bool {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return false }
    }
    return true
  }

  /// Whether what is open is what stands at the path.
  private var isInPlace: Bool {
    var (own, there) = (stat(), stat())
    return fstat(descriptor, &own) == 0 && lstat(path, &there) == 0
      && own.st_dev == there.st_dev && own.st_ino == there.st_ino
  }

  /// Writes down whose it is, for those who are turned away.
  private func sign() {
    guard ftruncate(descriptor, 0) == 0 else { return }
    var text = Array("\(getpid()) \(FolderLock.machine)\n".utf8)
    _ = write(descriptor, &text, text.count)
  }

  /// Whose it is, as its file says; nil where that says nothing.
  private static func owner(_ descriptor: Int32) -> String? {
    let bytes = [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
      count = max(0, pread(descriptor, buffer.baseAddress, buffer.count, 0))
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
    let words = text.split { $0 == " " || $0 == "\n" }
    guard words.count == 2, let process = Int32(words[0]), process > 0 else { return nil }
    let isHere = words[1] == machine
    if isHere, process == getpid() { return "this process itself" }
    return "process \(process)" + (isHere ? "" : " on \(words[1])")
  }

  /// The name of this machine.
  private static var machine: String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      buffer.initialize(repeating: 0)
      guard let base = buffer.baseAddress, gethostname(base, buffer.count - 1) == 0 else {
        return "?"
      }
      let name = String(cString: base).filter { !$0.isWhitespace }
      return name.isEmpty ? "?" : name
    }
  }
}
