import Synchronization

/// Objects that are made when somebody first asks for them, and kept, each under a name of its own, so
/// that who comes later has the same.
final class SharedObjects: Sendable {
  private let objects = Mutex<[String: any AnyObject & Sendable]>([:])

  /// The object called `name`, made by `make` where there is none yet. Throws `internalDefect` where it
  /// is of another type.
  func object<Object: AnyObject & Sendable>(
    _ name: String, _ make: () throws -> Object
  ) throws -> Object {
    try objects.withLock { objects in
      guard let known = objects[name] else {
        let made = try make()
        objects[name] = made
        return made
      }
      guard let object = known as? Object else {
        throw FCNError(.internalDefect, "\(name) is shared as something else than \(Object.self)")
      }
      return object
    }
  }
}
