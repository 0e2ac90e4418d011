import FCNTestSupport
import Testing

@testable import FCNSwift

/// Arrays as NumPy describes them, and as it would not.
struct NPYReaderTests {
  private func file(
    _ header: String, data: [UInt8] = [], version: [UInt8] = [1, 0], length: Int? = nil
  ) -> [UInt8] {
    let length = length ?? header.utf8.count
    let field =
      version[0] == 1
      ? littleEndian(UInt16(truncatingIfNeeded: length))
      : littleEndian(UInt32(truncatingIfNeeded: length))
    return [0x93] + Array("NUMPY".utf8) + version + field + Array(header.utf8) + data
  }

  private func read(_ bytes: [UInt8], budget: Int = 1 << 20) throws -> WeightTensor? {
    let storage = try bytes.withUnsafeBytes { try ByteStorage(copying: $0) }
    return try NPYReader.tensor("t", in: StoredBytes(storage), budget: CopyBudget(bytes: budget))
  }

  private func floats(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { littleEndian(Float($0).bitPattern) }
  }

  @Test func whatTheEngineWritesItReads() throws {
    let tensor = try #require(try read(NPY.bytes([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2])))
    #expect(tensor.shape == [3, 2])
    #expect(tensor.floats == [1, 2, 3, 4, 5, 6])
    #expect(try read(NPY.bytes([1, 2], shape: [2])) == nil)
  }

  @Test(arguments: [
    // As NumPy 1 and 2 write it, as Python 2 did, and with the space that the format allows.
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L), }\n",
    "{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}",
    " { 'descr' : '<f4' ,\n'fortran_order' : False , 'shape' : [ 2 , 3 , ] , } ",
  ])
  func headersAreReadHoweverTheyAreSpaced(header: String) throws {
    for version in [[1, 0], [2, 0], [3, 0]] as [[UInt8]] {
      let tensor = try read(file(header, data: floats(6), version: version))
      #expect(tensor?.shape == [2, 3])
      #expect(tensor?.floats == [0, 1, 2, 3, 4, 5])
    }
  }

  @Test func columnsBecomeRowsAtTheBudgetsExpense() throws {
    let header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }"
    let bytes = file(header, data: floats(6))
    #expect(try read(bytes, budget: 24)?.floats == [0, 2, 4, 1, 3, 5])
    expectError(.outOfMemory, saying: "24 bytes") { _ = try read(bytes, budget: 23) }
    // A vector, or a matrix of one row, is the same in either order.
    let row = "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 3, 1), }"
    #expect(try read(file(row, data: floats(3)), budget: 0)?.floats == [0, 1, 2])
  }

  @Test(arguments: ["|O", "<i4", "|b1", "<U3", "<c8", "|V4", "f", ""])
  func whatIsNoFloatIsPassedOver(type: String) throws {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (2,), }"
    #expect(try read(file(header, data: [1, 2, 3])) == nil)
    let record = "{'descr': [('a', '\(type)', (2,))], 'fortran_order': False, 'shape': (), }"
    #expect(try read(file(record, data: [1, 2, 3])) == nil)
  }

  @Test(arguments: [">f4", ">f2", "<f16", "=f4", "|f1"])
  func floatsThatAreNotReadAreUnsupported(type: String) {
    let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }"
    expectError(.unsupported, saying: "\"\(type)\"", "little-endian", "astype") {
      _ = try read(file(header, data: floats(1)))
    }
  }

  @Test(arguments: [
    "", "{}", "1", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
    "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
    "{'descr': 4, 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': ('1',)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1.0,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2)}",
    "{'descr': '<f4', 'fortran_order': True, 'shape': (9223372036854775807, 2, 0)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': ()} 1",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
    "{'descr': '<f4', 'descr': '<f4', 'shape': ()}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1,}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
    "{'descr': '<f4, 'fortran_order': False, 'shape': ()}",
    "{'descr': '<f\\x34', 'fortran_order': False, 'shape': ()}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').system('ls')}",
    "((((((((((", "{'a': {'a': {'a': {'a': {'a': {'a': {'a': {'a': {'a': 1}}}}}}}}}",
  ])
  func aHeaderThatIsNotNumPysIsCorrupt(header: String) {
    expectError(.corrupt) { _ = try read(file(header, data: floats(1))) }
  }

  @Test func aLengthOrVersionThatLiesIsRefused() {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (), }"
    expectError(.unsupported, saying: "4.0") { _ = try read(file(header, version: [4, 0])) }
    expectError(.corrupt, saying: "are left") { _ = try read(file(header, length: 1000)) }
    expectError(.unsupported, saying: "limit") {
      _ = try read(file(header, version: [2, 0], length: 1 << 20))
    }
    expectError(.corrupt, saying: "as an npy file") { _ = try read([1, 2, 3]) }
    let nested = String(repeating: "(", count: 60_000)
    expectError(.corrupt, saying: "levels") { _ = try read(file(nested)) }
  }
}
