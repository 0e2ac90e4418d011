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
  static let processorAdvice = "use the processor"

  /// `what` a device cannot do, and that the processor can.
  static func onlyOnProcessor(_ what: String) -> FCNError {
    FCNError(.unsupported, "\(what); \(processorAdvice)")
  }

  /// The same with `way`, how a door has the processor named, where the message says to use that.
  package func naming(processor way: String) -> FCNError {
    adding(way, behind: FCNError.processorAdvice)
  }

  /// What a message ends with where a folder's contents may be replaced.
  static let overwritingAdvice = "have what is there overwritten"

  /// The same with `way`, how a door is told to do so.
  package func naming(overwriting way: String) -> FCNError {
    adding(way, behind: FCNError.overwritingAdvice)
  }

  private func adding(_ way: String, behind advice: String) -> FCNError {
    guard let place = message.placeBehind(advice) else { return self }
    var text = message
    text.insert(contentsOf: " (\(way))", at: place)
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
