/// The most bytes that a plan may have.
struct MemoryLimit {
  private let byteCount: Int

  init(_ byteCount: Int) { self.byteCount = byteCount }

  /// Throws `outOfMemory`, with what is needed, unless there is room for a plan of `arena` floats of
  /// activations and scratch memory and `packed` floats of weights, for an input of `shape`.
  func check(_ arena: Int, packed: Int, for shape: Shape) throws {
    let size = MemoryLayout<Float>.stride
    guard let arena = checkedProduct(arena, size), let packed = checkedProduct(packed, size),
      case let (needed, overflow) = arena.addingReportingOverflow(packed), !overflow
    else { throw FCNError(.outOfMemory, "an input of \(shape) cannot be addressed") }
    guard needed <= byteCount else {
      throw FCNError(
        .outOfMemory,
        "an input of \(shape) needs \(needed) bytes, \(arena) for activations and \(packed) for prepared "
          + "weights; the limit on memory is \(byteCount). Use smaller pictures or batches, or a higher "
          + "limit")
    }
  }
}
