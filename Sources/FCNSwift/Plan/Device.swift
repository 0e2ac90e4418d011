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

extension FCNError {
  /// What a message ends with where a device cannot do what the processor can.
  private static let processorAdvice = "use the processor"

  /// `what` a device cannot do, and that the processor can.
  static func onlyOnProcessor(_ what: String) -> FCNError {
    FCNError(.unsupported, "\(what); \(processorAdvice)")
  }

  /// The same with `way`, how a door has the processor named, where the message says to use that.
  package func naming(processor way: String) -> FCNError {
    guard let advice = message.placeBehind(FCNError.processorAdvice) else { return self }
    var text = message
    text.insert(contentsOf: " (\(way))", at: advice)
    return FCNError(kind, text)
  }
}

extension String {
  /// The place behind the last `words`; nil where they do not occur.
  fileprivate func placeBehind(_ words: String) -> Index? {
    indices.last { self[$0...].hasPrefix(words) }.flatMap {
      index($0, offsetBy: words.count, limitedBy: endIndex)
    }
  }
}
