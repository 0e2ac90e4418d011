import FCNSwift
import Glibc

/// What an opaque pointer of the header stands for: a small block that holds an object.
///
/// The block begins with a word that tells what it is and is wiped when it is freed. So a handle of
/// another kind is always recognised, and one that was freed as long as its memory has not been given
/// to something else.
private struct HandleBlock {
  /// The C library writes here once the block is freed; the mark must lie behind it.
  var reserved: (UInt, UInt) = (0, 0)
  var mark: UInt64
  var object: Unmanaged<AnyObject>
}

/// An object that hosts hold by an opaque pointer.
protocol HandledObject: AnyObject {
  /// The name in the header, for messages.
  static var handleName: StaticString { get }
  /// What tells its handles from those of others.
  static var handleMark: UInt64 { get }
}

extension HandledObject {
  /// Makes the object and puts a handle that keeps it at `out`, where NULL stands until then.
  static func create(
    _ out: UnsafeMutablePointer<OpaquePointer?>?, _ make: () throws -> Self
  ) throws {
    guard let out else { throw FCNError(.invalidArgument, "out is NULL") }
    out.pointee = nil
    let object = try make()
    guard let memory = malloc(MemoryLayout<HandleBlock>.size) else {
      throw FCNError(.outOfMemory, "the system gave no memory for the \(handleName)")
    }
    memory.initializeMemory(
      as: HandleBlock.self,
      to: HandleBlock(mark: handleMark, object: Unmanaged.passRetained(object)))
    out.pointee = OpaquePointer(memory)
  }

  /// The object that `handle` stands for.
  static func from(_ handle: OpaquePointer?) throws -> Self {
    guard let handle else { throw FCNError(.invalidArgument, "the \(handleName) is NULL") }
    guard let object = try block(handle).pointee.object.takeUnretainedValue() as? Self else {
      throw FCNError(.internalDefect, "the \(handleName) holds an object of another kind")
    }
    return object
  }

  /// Ends `handle`; the object goes with its last user. What is not a live handle is left alone.
  static func free(_ handle: OpaquePointer?) {
    guard let handle else { return }
    do {
      let block = try block(handle)
      block.pointee.mark = 0
      block.pointee.object.release()
      Glibc.free(block)
    } catch {
      Log.send(.error, "free of what is not a live \(handleName)")
    }
  }

  private static func block(_ handle: OpaquePointer) throws -> UnsafeMutablePointer<HandleBlock> {
    let address = UInt(bitPattern: handle)
    let block = UnsafeMutablePointer<HandleBlock>(handle)
    guard address % UInt(MemoryLayout<HandleBlock>.alignment) == 0,
      block.pointee.mark == handleMark
    else {
      throw FCNError(
        .invalidArgument, "the pointer is not a live \(handleName); was it freed already?")
    }
    return block
  }
}
