import FCNLoopTypes

/// How a tensor's elements lie in memory.
public enum Layout: Sendable, Hashable {
  /// N×C×H×W, a row of pixels after the other.
  case planar
  /// ⌈C/16⌉×N×H×W×16: sixteen channels of a pixel side by side, zeros after the last one. What the
  /// inner loops read and write. Blocks of channels come first, so that some of them are a tensor too.
  case blocked
  /// The same as bytes, each of which stands for a number as the scale and the zero of its channel say.
  case bytes

  /// Floats' room of the channels of a pixel that lie side by side.
  var floatsPerPixel: Int {
    switch self {
    case .planar: 1
    case .blocked: channelBlock
    case .bytes: channelBlock / 4
    }
  }

  /// Floats' room that a tensor of `shape` takes.
  func count(_ shape: Shape) -> Int {
    switch self {
    case .planar: shape.count
    case .blocked: shape.n * roundUp(shape.c, toMultipleOf: channelBlock) * shape.planeCount
    case .bytes: roundUp(Layout.blocked.count(shape), toMultipleOf: 4) / 4
    }
  }
}
