/// The types in which weights are stored; the engine computes in float32.
public enum ElementType: String, Sendable, CaseIterable {
  /// IEEE 754 half precision.
  case float16 = "F16"
  /// The upper half of a float32.
  case bfloat16 = "BF16"
  /// IEEE 754 single precision.
  case float32 = "F32"
  /// IEEE 754 double precision; only ever read.
  case float64 = "F64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .float32: 4
    case .float64: 8
    }
  }

  /// Converts as many elements as fill `output` from `input`, which may start anywhere.
  ///
  /// Values of a float64 beyond float32 become infinite.
  func decode(_ input: UnsafeRawBufferPointer, to output: UnsafeMutableBufferPointer<Float>) {
    precondition(input.count == output.count * byteCount)
    guard let from = input.baseAddress else { return }
    switch self {
    case .float16:
      for i in 0..<output.count {
        let bits = from.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
        output[i] = Self.float(ofHalf: UInt16(littleEndian: bits))
      }
    case .bfloat16:
      for i in 0..<output.count {
        let bits = from.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)
        output[i] = Float(bitPattern: UInt32(UInt16(littleEndian: bits)) << 16)
      }
    case .float32:
      for i in 0..<output.count {
        let bits = from.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self)
        output[i] = Float(bitPattern: UInt32(littleEndian: bits))
      }
    case .float64:
      for i in 0..<output.count {
        let bits = from.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)
        output[i] = Float(Double(bitPattern: UInt64(littleEndian: bits)))
      }
    }
  }

  /// The value of a float16. Conversions of the compiler's give 0 for those below the least normal one on
  /// threads that count such numbers as 0; this does not.
  static func float(ofHalf bits: UInt16) -> Float {
    let (sign, rest) = (UInt32(bits & 0x8000) << 16, UInt32(bits & 0x7fff))
    // Whole multiples of 2⁻²⁴, which are normal numbers in float32.
    if rest < 0x400 {
      return Float(bitPattern: sign | (Float(rest) * 0x1p-24).bitPattern)
    }
    if rest < 0x7c00 { return Float(bitPattern: sign | (rest << 13) + 0x3800_0000) }
    let quiet: UInt32 = rest > 0x7c00 ? 0x40_0000 : 0
    return Float(bitPattern: sign | 0x7f80_0000 | rest << 13 | quiet)
  }

  /// Writes `input` to `output` as little-endian float16, rounded to nearest, ties to even; returns
  /// the index of the first value that is not finite in float16, if any.
  static func encodeFloat16(
    _ input: UnsafeBufferPointer<Float>, to output: UnsafeMutableRawBufferPointer
  ) -> Int? {
    precondition(output.count == input.count * 2)
    var firstNotFinite: Int?
    for i in 0..<input.count {
      let half = Float16(input[i])
      if !half.isFinite && firstNotFinite == nil { firstNotFinite = i }
      output.storeBytes(of: half.bitPattern.littleEndian, toByteOffset: 2 * i, as: UInt16.self)
    }
    return firstNotFinite
  }
}
