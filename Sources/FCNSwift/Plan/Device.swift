/// What a network runs on.
public enum Device: Sendable, Hashable, CustomStringConvertible {
  /// The processor's cores.
  case processor
  /// A CUDA device, counted from 0 in the driver's order.
  case cuda(Int)

  public var description: String {
    switch self {
    case .processor: "cpu"
    case .cuda(let index): "cuda:\(index)"
    }
  }
}
