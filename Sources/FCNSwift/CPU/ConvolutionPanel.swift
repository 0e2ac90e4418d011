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
