import Synchronization

/// Whether none of `count` floats, times `factor`, is NaN or infinite.
func areFinite(_ start: UnsafePointer<Float>, _ count: Int, times factor: Float = 1) -> Bool {
  // x · 0 is zero for finite x and NaN otherwise, and a sum keeps a NaN.
  var i = 0
  while i + 16 <= count {
    var lanes = SIMD16<Float>(repeating: 0)
    let end = min(i + 4096, count - 15)
    while i < end {
      lanes += UnsafeRawPointer(start + i).loadUnaligned(as: SIMD16<Float>.self) * factor * 0
      i += 16
    }
    guard lanes.sum() == 0 else { return false }
  }
  while i < count {
    guard (start[i] * factor).isFinite else { return false }
    i += 1
  }
  return true
}

/// Whether no element of `tensor`, times `factor`, is NaN or infinite.
func isFinite(_ tensor: Tensor, times factor: Float = 1) -> Bool {
  // Bytes always are.
  tensor.layout == .bytes
    || areFinite(tensor.pointer, tensor.layout.count(tensor.shape), times: factor)
}

/// The same by all threads of `pool`; pages of a file that have been looked at go back to the system.
func isFinite(_ tensor: Tensor, _ pool: WorkerPool?, times factor: Float = 1) -> Bool {
  let (count, size) = (tensor.layout.count(tensor.shape), 1 << 18)
  guard let pool, count > size else { return isFinite(tensor, times: factor) }
  let flag = Flag()
  pool.run((count + size - 1) / size) { task, _ in
    let range = part(task, of: count, size: size)
    if !areFinite(tensor.pointer + range.lowerBound, range.count, times: factor) { flag.raise() }
    tensor.forget(elements: range)
  }
  return !flag.isRaised
}

/// A sign that any of several threads may give.
final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  func raise() { value.store(true, ordering: .relaxed) }

  var isRaised: Bool { value.load(ordering: .relaxed) }

  /// Whether it was raised; it no longer is then.
  func takeDown() -> Bool { value.exchange(false, ordering: .relaxed) }
}

extension Tensor {
  /// The first element that is NaN or infinite, in words; nil where there is none.
  var firstNotFinite: String? {
    let values = UnsafeBufferPointer(start: pointer, count: shape.count)
    return values.firstIndex { !$0.isFinite }.map { "element \($0) is \(values[$0])" }
  }
}
