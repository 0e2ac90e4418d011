import Synchronization

/// Weights in the layouts that forms read, packed once and shared by all plans that are alive.
final class PackedWeights<Packed: AnyObject & Sendable>: Sendable {
  private struct Key: Hashable {
    let layer: String
    let packing: String
  }

  private struct Weak {
    weak var packed: Packed?
  }

  private let packed = Mutex<[Key: Weak]>([:])

  /// The parameters of `layer`, packed as `packing` says; made by `pack` where nobody has them.
  func packed(
    _ layer: String, _ packing: String, _ pack: () throws -> Packed
  ) throws -> Packed {
    let key = Key(layer: layer, packing: packing)
    return try packed.withLock { packed in
      if let shared = packed[key]?.packed { return shared }
      let made = try pack()
      packed[key] = Weak(packed: made)
      return made
    }
  }
}

extension PackedWeights<AlignedMemory> {
  /// The parameters of `layer` as `prepared` wants them, made of what `parameters` gives; nil where it
  /// wants them as they are.
  func memory(
    for prepared: any PreparedForm, _ layer: String, _ pool: WorkerPool,
    _ parameters: () throws -> [Tensor]
  ) throws -> AlignedMemory? {
    guard let packing = prepared.packing else { return nil }
    return try packed(layer, packing) { try prepared.pack(parameters(), pool) }
  }
}
