/// In which numbers convolutions multiply.
public enum Precision: String, Sendable, Hashable, CaseIterable {
  /// 32-bit floating point.
  case float32
  /// 16-bit integers, 13 bits of which are used, with a scale for every row and column of each
  /// matrix product; sums, activations between layers, scores and the layers that make them stay
  /// float32. Weights take half the memory.
  case int16
  /// Bytes between layers, with a scale and a zero for every channel, which were measured on pictures.
  /// Products are of 16-bit integers, 13 bits of the weights among them; scores and the layers that make
  /// them stay float32.
  case int8
  /// 32-bit floating point whose factors are rounded to 10 bits after the first; on devices.
  case tf32
  /// IEEE half precision between layers, sums and scores in float32; on devices.
  case float16
  /// The same with the range of float32 and 7 bits after the first; on devices. In training on processors
  /// with instructions for it the factors of products alone.
  case bfloat16
}

extension Precision {
  /// Whether networks run in it on the processor.
  var isForProcessor: Bool { [.float32, .int16, .int8].contains(self) }

  /// Throws unless the processor multiplies in this precision.
  func checkOnProcessor() throws {
    guard isForProcessor else {
      throw FCNError(
        .invalidArgument,
        "the precision \(rawValue) is for \(self == .bfloat16 ? "training and for " : "")CUDA devices; "
          + "the processor takes float32, int16 or int8")
    }
  }
}
