/// A dense float32 tensor, N×C×H×W, row-major with W innermost where its layout is planar, as it is
/// unless the engine keeps it to itself.
///
/// A reference: copies share the same memory. Not synchronised; one thread at a time writes.
public struct Tensor: @unchecked Sendable {
  /// The extents.
  public let shape: Shape
  /// How the elements lie.
  let layout: Layout
  private let memory: AlignedMemory
  private let offset: Int

  /// Allocates a tensor of `shape`, every element `value`.
  public init(_ shape: Shape, filledWith value: Float = 0) throws {
    try self.init(uninitialized: shape)
    pointer.update(repeating: value, count: shape.count)
  }

  /// Allocates a tensor of `shape` and copies `elements`, in N, C, H, W order, into it.
  public init(_ shape: Shape, _ elements: [Float]) throws {
    try self.init(uninitialized: shape)
    guard elements.count == shape.count else {
      throw FCNError(
        .shapeMismatch,
        "\(elements.count) elements were given for the shape \(shape), which has \(shape.count)")
    }
    elements.withUnsafeBufferPointer {
      if let base = $0.baseAddress { pointer.update(from: base, count: shape.count) }
    }
  }

  /// Allocates a tensor whose contents are whatever was in memory.
  init(uninitialized shape: Shape, from allocator: Allocator = .system) throws {
    try shape.validate()
    self.init(shape, memory: try AlignedMemory(count: shape.count, from: allocator), offset: 0)
  }

  /// A tensor of `shape` inside `memory`, from element `offset` on.
  init(_ shape: Shape, _ layout: Layout = .planar, memory: AlignedMemory, offset: Int) {
    assert(offset >= 0 && offset + layout.count(shape) <= memory.count)
    self.shape = shape
    self.layout = layout
    self.memory = memory
    self.offset = offset
  }

  /// The first element. Valid while this tensor or a copy of it lives.
  var pointer: UnsafeMutablePointer<Float> { memory.pointer + offset }

  /// The first element of channel `c` of picture `n`.
  func plane(_ n: Int, _ c: Int) -> UnsafeMutablePointer<Float> {
    assert((0..<shape.n).contains(n) && (0..<shape.c).contains(c))
    return pointer + (n * shape.c + c) * shape.planeCount
  }

  /// Says that the elements of `part` of N will not be read for long.
  func forget(_ part: Range<Int>) {
    let each = shape.pictureCount
    memory.forget(offset + part.lowerBound * each..<offset + part.upperBound * each)
  }

  /// Says that `part` of the elements will not be read for long.
  func forget(elements part: Range<Int>) {
    memory.forget(offset + part.lowerBound..<offset + part.upperBound)
  }

  /// The largest difference of an element from that of `wanted`, which has the same shape, as a part of
  /// the largest magnitude there; NaN where an element of either is NaN.
  func difference(from wanted: Tensor) -> Double {
    var (largest, difference) = (0.0, 0.0)
    for (a, b) in zip(elements, wanted.elements) {
      largest = max(largest, Double(abs(b)))
      let distance = Double(abs(a - b))
      guard !distance.isNaN else { return .nan }
      difference = max(difference, distance)
    }
    return difference / max(largest, 1e-30)
  }

  /// The elements in N, C, H, W order.
  public var elements: [Float] {
    Array(UnsafeBufferPointer(start: pointer, count: shape.count))
  }

  /// Calls `body` with the elements in N, C, H, W order; the pointer must not leave it.
  public func withUnsafeElements<Result>(
    _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeMutableBufferPointer(start: pointer, count: shape.count))
  }

  /// The element at picture `n`, channel `c`, row `y`, column `x`; for tests and reference forms.
  subscript(n: Int, c: Int, y: Int, x: Int) -> Float {
    get { pointer[((n * shape.c + c) * shape.h + y) * shape.w + x] }
    nonmutating set { pointer[((n * shape.c + c) * shape.h + y) * shape.w + x] = newValue }
  }
}
