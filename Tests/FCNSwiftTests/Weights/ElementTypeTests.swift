import Testing

@testable import FCNSwift

/// IEEE 754's rules, spelled out on the bits, against the conversions in use.
struct ElementTypeTests {
  /// The value of half-precision bits by the definition of the format.
  private func valueOfHalf(_ bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023) / 1024
    switch exponent {
    case 0: return sign * fraction * 0x1p-14
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default:
      return sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }

  private func decode(_ type: ElementType, _ bytes: [UInt8]) -> [Float] {
    var floats = [Float](repeating: 0, count: bytes.count / type.byteCount)
    floats.withUnsafeMutableBufferPointer { output in
      bytes.withUnsafeBytes { type.decode($0, to: output) }
    }
    return floats
  }

  private func encode(_ floats: [Float]) -> (halves: [UInt16], firstNotFinite: Int?) {
    var halves = [UInt16](repeating: 0, count: floats.count)
    let first = halves.withUnsafeMutableBytes { output in
      floats.withUnsafeBufferPointer { ElementType.encodeFloat16($0, to: output) }
    }
    return (halves, first)
  }

  @Test func everyHalfBecomesTheFloatItStandsFor() {
    let bytes = (0...UInt16.max).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    let floats = decode(.float16, bytes)
    for bits in 0...UInt16.max {
      let (found, wanted) = (floats[Int(bits)], valueOfHalf(bits))
      guard found.bitPattern != wanted.bitPattern, !(found.isNaN && wanted.isNaN) else { continue }
      Issue.record("half 0x\(String(bits, radix: 16)) became \(found), wanted \(wanted)")
    }
  }

  @Test func everyFiniteHalfComesBack() {
    let all = (0...UInt16.max).filter { $0 >> 10 & 31 != 31 }
    let (halves, first) = encode(all.map(valueOfHalf))
    #expect(halves == all)
    #expect(first == nil)
  }

  @Test func floatsRoundToTheNearestHalfAndTiesToEven() {
    // Between every two neighbours: just under the middle, the middle, just over it.
    let low = (UInt16(0)..<0x7BFF).map { $0 }
    let middles = low.map { (valueOfHalf($0) + valueOfHalf($0 + 1)) / 2 }
    #expect(encode(middles.map(\.nextDown)).halves == low)
    #expect(encode(middles).halves == low.map { $0 % 2 == 0 ? $0 : $0 + 1 })
    #expect(encode(middles.map(\.nextUp)).halves == low.map { $0 + 1 })
  }

  @Test func whatAHalfCannotHoldIsReported() {
    #expect(encode([65504, -65504, 65519.99]).firstNotFinite == nil)
    #expect(encode([1, 65520]).firstNotFinite == 1)
    #expect(encode([0, 1, .nan, .infinity]).firstNotFinite == 2)
    #expect(encode([1e-9, -1e-9]).halves == [0, 0x8000])
  }

  @Test func bfloat16IsTheUpperHalfOfAFloat() {
    let values: [Float] = [0, -0.0, 1, -2.5, 0x1.fep127, .infinity, 0x1p-133]
    let bytes = values.flatMap { value in
      [UInt8(value.bitPattern >> 16 & 255), UInt8(value.bitPattern >> 24)]
    }
    #expect(decode(.bfloat16, bytes).map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test func wideTypesAreReadFromAnyAddress() {
    let doubles: [Double] = [0.1, -1e300, 1e-300]
    let bytes = [0] + doubles.withUnsafeBytes { Array($0) }
    var floats = [Float](repeating: 0, count: 3)
    floats.withUnsafeMutableBufferPointer { output in
      bytes.withUnsafeBytes {
        ElementType.float64.decode(UnsafeRawBufferPointer(rebasing: $0[1...]), to: output)
      }
    }
    #expect(floats == [0.1, -.infinity, 0])
  }
}
