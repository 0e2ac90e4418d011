/// Elements that lie in steps: element (i, j, …) is `offset + i · strides[0] + j · strides[1] + …`
/// elements from the start of an array.
struct StridedView {
  /// Elements in all.
  let count: Int
  /// Elements before the first one.
  let offset: Int
  /// Whether the elements lie one after another in row-major order.
  let isContiguous: Bool

  // Without axes of one element, whose steps mean nothing and may be anything.
  private let extents: [Int]
  private let strides: [Int]

  /// The most axes a tensor may have, as in NumPy.
  static let largestRank = 64

  /// A view of an array of `available` elements. Throws `corrupt` unless every element lies in it.
  init(shape: [Int], strides: [Int], offset: Int, available: Int) throws {
    guard shape.count <= Self.largestRank else {
      throw FCNError(
        .unsupported, "it has \(shape.count) axes; at most \(Self.largestRank) are read")
    }
    guard strides.count == shape.count else {
      throw FCNError(.corrupt, "it has \(shape.count) axes and steps for \(strides.count)")
    }
    guard let count = checkedProduct(shape), offset >= 0 else {
      throw FCNError(
        .corrupt, "\(shape) in steps of \(strides) from element \(offset) is no tensor's layout")
    }
    self.count = count
    // An empty tensor may claim to start beyond the end.
    self.offset = count == 0 ? 0 : offset
    let axes = shape.indices.filter { shape[$0] != 1 }
    extents = axes.map { shape[$0] }
    self.strides = axes.map { strides[$0] }
    isContiguous = count == 0 || Self.isRowMajor(extents, self.strides)
    guard count == 0 || Self.last(extents, self.strides, offset).map({ $0 < available }) == true
    else {
      throw FCNError(
        .corrupt,
        "\(shape) in steps of \(strides) from element \(offset) goes beyond the \(available) that "
          + "are stored")
    }
  }

  /// An array in Fortran order: its first axis is the one whose neighbours lie side by side.
  init(columnMajor shape: [Int], available: Int) throws {
    var strides: [Int] = []
    var stride = 1
    for extent in shape {
      strides.append(stride)
      // The whole product is checked below; until then anything but a trap will do.
      stride &*= extent
    }
    try self.init(shape: shape, strides: strides, offset: 0, available: available)
  }

  private static func isRowMajor(_ extents: [Int], _ strides: [Int]) -> Bool {
    var wanted = 1
    for (extent, stride) in zip(extents, strides).reversed() {
      guard stride == wanted else { return false }
      // Part of the product of all extents, which is known to fit.
      wanted *= extent
    }
    return true
  }

  /// The furthest element, nil where that is beyond `Int` or a stride is negative.
  private static func last(_ extents: [Int], _ strides: [Int], _ offset: Int) -> Int? {
    var last = offset
    for (extent, stride) in zip(extents, strides) {
      guard let reach = checkedProduct(extent - 1, stride) else { return nil }
      let (sum, overflow) = last.addingReportingOverflow(reach)
      guard !overflow else { return nil }
      last = sum
    }
    return last
  }

  /// A copy, in row-major order, of the elements of `type` in `bytes`, which hold all of them.
  func gathered(
    from bytes: UnsafeRawBufferPointer, type: ElementType, budget: CopyBudget
  ) throws -> ByteStorage {
    guard let size = checkedProduct(count, type.byteCount) else {
      throw FCNError(.outOfMemory, "\(count) elements cannot be addressed")
    }
    try budget.spend(size)
    return try ByteStorage(count: size) { output in
      switch type {
      case .float16, .bfloat16: gather(UInt16.self, from: bytes, to: output)
      case .float32: gather(UInt32.self, from: bytes, to: output)
      case .float64: gather(UInt64.self, from: bytes, to: output)
      }
    }
  }

  private func gather<Element: BitwiseCopyable>(
    _ type: Element.Type, from input: UnsafeRawBufferPointer,
    to output: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Element>.size
    var index = [Int](repeating: 0, count: extents.count)
    var source = offset
    for target in 0..<count {
      let element = input.loadUnaligned(fromByteOffset: source * size, as: Element.self)
      output.storeBytes(of: element, toByteOffset: target * size, as: Element.self)
      // On to the next index, the last axis fastest; past the last one this ends at the first.
      for axis in extents.indices.reversed() {
        index[axis] += 1
        source += strides[axis]
        if index[axis] < extents[axis] { break }
        source -= strides[axis] * extents[axis]
        index[axis] = 0
      }
    }
  }
}
