/// Output channels whose weights are packed together.
struct ConvolutionPanel {
  /// Its first block, and how many it has.
  let block, width: Int

  /// Panels of `width` blocks, then one of those that are left.
  static func dividing(_ blocks: Int, by width: Int) -> [ConvolutionPanel] {
    let wide = blocks / width
    let left = blocks - wide * width
    return (0..<wide).map { ConvolutionPanel(block: $0 * width, width: width) }
      + (left > 0 ? [ConvolutionPanel(block: wide * width, width: left)] : [])
  }
}

extension [ConvolutionPanel] {
  /// Their indices in parts of `size`, the last as long as is left; no part has panels of different
  /// widths.
  func groups(of size: Int) -> [[Int]] {
    let widest = first?.width ?? 0
    return [true, false].flatMap { isWide in
      let some = indices.filter { (self[$0].width == widest) == isWide }
      return stride(from: 0, to: some.count, by: size).map {
        [Int](some[$0..<Swift.min(some.count, $0 + size)])
      }
    }
  }
}
