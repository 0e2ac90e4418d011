import CSystem
import Glibc

/// A library that is opened while the program runs, and stays open until it ends: drivers start
/// threads, which must not lose their code.
final class SharedLibrary: @unchecked Sendable {
  /// What it is called in messages, `libcuda.so.1` for one.
  let name: String
  /// The file that it was loaded from.
  let path: String
  private let handle: UnsafeMutableRawPointer

  /// Opens the first of `candidates`, paths or names for the system's loader to find, that can be
  /// opened and has `function`. Throws `unavailable` with what the loader said of the last file that
  /// exists, or that there is none.
  init(_ candidates: [String], having function: String) throws {
    var reason: String?
    for candidate in candidates {
      let isPath = candidate.contains("/")
      guard !isPath || File.exists(candidate) else { continue }
      guard let handle = dlopen(candidate, RTLD_NOW | RTLD_LOCAL) else {
        if isPath { reason = dlerror().map { String(cString: $0) } }
        continue
      }
      guard let symbol = dlsym(handle, function) else {
        reason = "\(candidate) has no function \(function)"
        dlclose(handle)
        continue
      }
      self.handle = handle
      name = candidate.split(separator: "/").last.map(String.init) ?? candidate
      let found = fcn_path_of_code(symbol)
      path = found.map { String(cString: $0) } ?? candidate
      free(found)
      return
    }
    let names = Set(candidates.compactMap { $0.split(separator: "/").last.map(String.init) })
    throw FCNError(
      .unavailable, reason ?? "\(names.sorted().joined(separator: " or ")) was not found")
  }

  /// The function called `name`, which must be of type `Function`, a `@convention(c)` one.
  func function<Function>(_ name: String, as type: Function.Type = Function.self) throws -> Function
  {
    guard let symbol = dlsym(handle, name) else {
      throw FCNError(.unavailable, "\(path) has no function \(name); a newer version is wanted")
    }
    return unsafeBitCast(symbol, to: type)
  }
}
