import CFCN
import FCNSwift

extension fcn_allocator: GrowingStruct {
  static var name: StaticString { "fcn_allocator" }
}

extension Allocator {
  /// The host's allocator.
  init(_ pointer: UnsafePointer<fcn_allocator>) throws {
    let host = try fcn_allocator.read(pointer, over: fcn_allocator())
    guard let allocate = host.allocate, let release = host.release else {
      throw FCNError(.invalidArgument, "fcn_allocator needs both allocate and release")
    }
    // The host promises that its functions may be called from any thread.
    nonisolated(unsafe) let userData = host.user_data
    self.init(
      allocate: { size, alignment in
        let block = allocate(size, alignment, userData)
        // One that is not aligned would make vector instructions fault: as good as none.
        guard UInt(bitPattern: block) % UInt(alignment) == 0 else {
          if let block { release(block, size, userData) }
          return nil
        }
        return block
      },
      release: { block, size in release(block, size, userData) })
  }
}
