/// Where in one arena each of a plan's buffers lies, so that buffers which are never alive at the
/// same time may share memory.
struct MemoryPlan {
  /// A buffer: its floats, and the first and last step at which it is alive.
  struct Buffer {
    var count: Int
    var lifetime: ClosedRange<Int>
  }

  /// The first float of each buffer, on 64-byte boundaries.
  let offsets: [Int]
  /// Floats in all.
  let total: Int

  /// Places the largest buffers first, each as low as it fits: within a few percent of the least
  /// possible for chains of layers.
  init(_ buffers: [Buffer]) {
    var offsets = [Int](repeating: 0, count: buffers.count)
    var placed: [Int] = []
    var total = 0
    let bySize = buffers.indices.sorted {
      (buffers[$0].count, $1) > (buffers[$1].count, $0)
    }
    for index in bySize {
      let buffer = buffers[index]
      let neighbours =
        placed
        .filter { buffers[$0].lifetime.overlaps(buffer.lifetime) }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for neighbour in neighbours {
        if offset + buffer.count <= offsets[neighbour] { break }
        let end = offsets[neighbour] + buffers[neighbour].count
        offset = max(offset, roundUp(end, toMultipleOf: 16))
      }
      offsets[index] = offset
      total = max(total, offset + buffer.count)
      placed.append(index)
    }
    self.offsets = offsets
    self.total = total
  }
}
