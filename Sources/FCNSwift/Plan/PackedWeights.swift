import Glibc
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

  /// A thread of a process: one that packed while the process forked is not in the child, and nobody there
  /// must wait for it.
  private struct Packer: Equatable {
    let thread = pthread_self()
    let process = getpid()
  }

  private struct State {
    var packed: [Key: Weak] = [:]
    /// Who is packing what.
    var packers: [Key: Packer] = [:]
  }

  private let state = Mutex(State())

  /// The parameters of `layer`, packed as `packing` says; made by `pack` where nobody has them. Where
  /// another thread is making them they are waited for, and `pause` is called meanwhile.
  func packed(
    _ layer: String, _ packing: String, pause: () throws -> Void = {}, _ pack: () throws -> Packed
  ) throws -> Packed {
    let key = Key(layer: layer, packing: packing)
    while true {
      switch role(key) {
      case .user(let shared): return shared
      case .waiter:
        usleep(500)
        try pause()
      case .visitor: return try pack()
      case .packer:
        defer { state.withLock { _ = $0.packers.removeValue(forKey: key) } }
        let made = try pack()
        state.withLock { $0.packed[key] = Weak(packed: made) }
        return made
      }
    }
  }

  /// What a thread does that wants something packed.
  private enum Role {
    /// Takes what there is.
    case user(Packed)
    /// Waits for another.
    case waiter
    case packer
    /// Packs for itself: it has been called back within its own packing, and nobody must wait for it then.
    case visitor
  }

  private func role(_ key: Key) -> Role {
    let own = Packer()
    return state.withLock { state in
      if let shared = state.packed[key]?.packed { return .user(shared) }
      if state.packers.values.contains(own) { return .visitor }
      if let packer = state.packers[key], packer.process == own.process { return .waiter }
      state.packers[key] = own
      return .packer
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
    return try packed(layer, packing, pause: pool.pause) {
      let made = try prepared.pack(parameters(), pool)
      // What was stopped half-way must not be shared.
      try pool.checkGoesOn()
      return made
    }
  }
}
