import FCNTestSupport
import Testing

@testable import FCNSwift

struct NPYTests {
  private func header(_ bytes: [UInt8]) -> String {
    String(decoding: bytes[10..<(10 + Int(bytes[8]) + Int(bytes[9]) << 8)], as: UTF8.self)
  }

  @Test func aFloatArrayIsWrittenByTheFormatsRules() throws {
    let bytes = try NPY.bytes([1, -2, 0.5] as [Float], shape: [3, 1])
    #expect(Array(bytes[..<8]) == [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    #expect(
      header(bytes)
        == "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1), }"
        + String(repeating: " ", count: 58) + "\n")
    #expect(bytes.count == 128 + 12)
    #expect(Array(bytes[128...]) == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0, 0x3F])
  }

  @Test(arguments: [
    ([], "()"), ([4], "(4,)"), ([2, 2], "(2, 2)"), ([1, 2, 1, 2], "(1, 2, 1, 2)"),
  ])
  func everyRankIsATuple(shape: [Int], tuple: String) throws {
    let bytes = try NPY.bytes([UInt8](repeating: 7, count: shape.reduce(1, *)), shape: shape)
    #expect(header(bytes).contains("'descr': '|u1'"))
    #expect(header(bytes).contains("'shape': \(tuple), }"))
    #expect(bytes.last == 7)
  }

  @Test func integersAreSixtyFourBits() throws {
    let bytes = try NPY.bytes([-2], shape: [1])
    #expect(header(bytes).contains("'<i8'"))
    #expect(bytes.suffix(8) == [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
  }

  @Test func aShapeThatTheElementsDoNotFillIsRefused() {
    expectError(.shapeMismatch, saying: "3 elements", "[2, 2]") {
      _ = try NPY.bytes([1, 2, 3] as [Float], shape: [2, 2])
    }
    #expect(throws: FCNError.self) { _ = try NPY.bytes([] as [UInt8], shape: [-1]) }
  }
}
