import FCNLoopTypes

/// How a tensor's elements lie in memory.
public enum Layout: Sendable, Hashable {
  /// N×C×H×W, a row of pixels after the other.
  case planar
  /// ⌈C/16⌉×N×H×W×16: sixteen channels of a pixel side by side, zeros after the last one. What the
  /// inner loops read and write. Blocks of channels come first, so that some of them are a tensor too.
  case blocked

  /// Floats that a tensor of `shape` takes.
  func count(_ shape: Shape) -> Int {
    switch self {
    case .planar: shape.count
    case .blocked: shape.n * roundUp(shape.c, toMultipleOf: channelBlock) * shape.planeCount
    }
  }
}
