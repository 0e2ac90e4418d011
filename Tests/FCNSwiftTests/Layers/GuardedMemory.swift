import Synchronization
import Testing

@testable import FCNSwift

/// A tensor between guard words, its elements NaN at first: what a kernel forgets to write shows in
/// its results, and what it writes outside shows in `isIntact`.
final class GuardedTensor {
  let tensor: Tensor
  private let memory: AlignedMemory
  private static let guardCount = 16
  private static let pattern: UInt32 = 0x7FC0_DEAD

  init(_ shape: Shape, _ layout: Layout = .planar) throws {
    memory = try AlignedMemory(count: layout.count(shape) + 2 * Self.guardCount)
    memory.pointer.update(repeating: Float(bitPattern: Self.pattern), count: memory.count)
    tensor = Tensor(shape, layout, memory: memory, offset: Self.guardCount)
  }

  convenience init(copying source: Tensor) throws {
    try self.init(source.shape, source.layout)
    tensor.pointer.update(from: source.pointer, count: source.layout.count(source.shape))
  }

  var isIntact: Bool {
    let end = Self.guardCount + tensor.layout.count(tensor.shape)
    return ((0..<Self.guardCount).map { $0 } + (end..<memory.count)).allSatisfy {
      memory.pointer[$0].bitPattern == Self.pattern
    }
  }
}

/// Gives scratch memory that is all NaN, with guard bytes behind it.
final class GuardedAllocator: Sendable {
  private let overruns = Mutex(0)
  private static let guardCount = 256
  private static let pattern: UInt8 = 0xFF

  /// Blocks that came back with their guard bytes changed.
  var overrunCount: Int { overruns.withLock { $0 } }

  var allocator: Allocator {
    Allocator(
      allocate: { byteCount, alignment in
        let block = Allocator.system.allocate(byteCount + Self.guardCount, alignment)
        block?.initializeMemory(
          as: UInt8.self, repeating: Self.pattern, count: byteCount + Self.guardCount)
        return block
      },
      release: { [self] block, byteCount in
        let bytes = UnsafeRawBufferPointer(start: block + byteCount, count: Self.guardCount)
        if bytes.contains(where: { $0 != Self.pattern }) { overruns.withLock { $0 += 1 } }
        Allocator.system.release(block, byteCount + Self.guardCount)
      })
  }
}
