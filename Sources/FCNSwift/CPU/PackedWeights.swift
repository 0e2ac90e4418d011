import Synchronization

/// Weights in the layouts that kernels read, packed once and shared by all plans that are alive.
final class PackedWeights: Sendable {
  private struct Key: Hashable {
    let layer: String
    let packing: String
  }

  private struct Weak {
    weak var memory: AlignedMemory?
  }

  private let packed = Mutex<[Key: Weak]>([:])

  /// The parameters of `layer` as `kernel` wants them, made of what `parameters` gives; nil where it
  /// wants them as they are.
  func memory(
    for kernel: any Kernel, _ layer: String, _ pool: WorkerPool,
    _ parameters: () throws -> [Tensor]
  ) throws -> AlignedMemory? {
    guard let packing = kernel.packing else { return nil }
    let key = Key(layer: layer, packing: packing)
    return try packed.withLock { packed in
      if let memory = packed[key]?.memory { return memory }
      let memory = try kernel.pack(parameters(), pool)
      packed[key] = Weak(memory: memory)
      return memory
    }
  }
}
