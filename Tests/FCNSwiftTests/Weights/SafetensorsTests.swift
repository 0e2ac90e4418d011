import FCNTestSupport
import Testing

@testable import FCNSwift

struct SafetensorsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func tensor(_ name: String, _ shape: [Int], _ floats: [Float]) throws -> WeightTensor {
    try WeightTensor(name: name, shape: shape, floats: floats)
  }

  @Test func whatIsWrittenIsRead() throws {
    let path = folder.file("a.safetensors")
    let half = try tensor("b.half", [3], [1, -0.5, 65504]).converted(to: .float16)
    try Safetensors.write(
      [
        half, tensor("z", [2, 3], [1, 2, 3, 4, 5, 6]), tensor("one", [], [7]),
        tensor("none", [0, 4], []),
      ],
      metadata: ["key": "value \"é\"", "another": ""], to: path)

    let file = try Safetensors(contentsOf: path)
    #expect(file.metadata == ["key": "value \"é\"", "another": ""])
    #expect(file.entries.map(\.name) == ["none", "one", "z", "b.half"])
    #expect(file.entries.map(\.typeName) == ["F32", "F32", "F32", "F16"])
    #expect(try file.tensor(named: "z").floats == [1, 2, 3, 4, 5, 6])
    #expect(try file.tensor(named: "z").shape == [2, 3])
    #expect(try file.tensor(named: "b.half").floats == [1, -0.5, 65504])
    #expect(try file.tensor(named: "one").floats == [7])
    #expect(try file.tensor(named: "none").floats == [])
    expectError(.notFound, saying: "\"nobody\"") { _ = try file.tensor(named: "nobody") }
  }

  @Test func theSameTensorsMakeTheSameAlignedBytes() throws {
    let (a, b) = (try tensor("a", [1], [1]), try tensor("b", [2], [2, 3]))
    let metadata = ["k": "v", "l": "w", "m": "x"]
    try Safetensors.write([a, b], metadata: metadata, to: folder.file("ab"))
    try Safetensors.write([b, a], metadata: metadata, to: folder.file("ba"))
    let bytes = try File.read(folder.file("ab"))
    #expect(try File.read(folder.file("ba")) == bytes)
    let header = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    #expect((8 + header) % 64 == 0)
    #expect(bytes.count == 8 + header + 12)
  }

  @Test func twoTensorsOfOneNameAreNotWritten() throws {
    let a = try tensor("a", [1], [1])
    expectError(.invalidArgument, saying: "\"a\"") {
      try Safetensors.write([a, a], metadata: [:], to: folder.file("x"))
    }
    #expect(try File.names(inFolder: folder.path) == [])
  }

  @Test func everyFloatTypeIsReadAndOthersOnlyListed() throws {
    let file = try readSafetensors(
      safetensorsFile(
        """
        {"f16":{"dtype":"F16","shape":[1],"data_offsets":[0,2]},
         "bf16":{"dtype":"BF16","shape":[1],"data_offsets":[2,4]},
         "f64":{"dtype":"F64","shape":[1],"data_offsets":[4,12]},
         "i64":{"dtype":"I64","shape":[2],"data_offsets":[12,28]},
         "f4":{"dtype":"F4","shape":[2],"data_offsets":[28,29]}}
        """, data: 29))
    #expect(try file.tensor(named: "f16").floats == [Float(Float16(bitPattern: 0x0100))])
    #expect(try file.tensor(named: "bf16").floats == [Float(bitPattern: 0x0302_0000)])
    #expect(
      try file.tensor(named: "f64").floats == [Float(Double(bitPattern: 0x0B0A_0908_0706_0504))])
    #expect(file.entry(named: "i64")?.shape == [2])
    expectError(.unsupported, saying: "\"i64\"", "I64", "F32") {
      _ = try file.tensor(named: "i64")
    }
  }

  @Test func floatsAreUsedInPlaceWhereTheyAreAligned() throws {
    let path = folder.file("a")
    try Safetensors.write([tensor("a", [2], [1, 2])], metadata: [:], to: path)
    let mapped = try Safetensors(contentsOf: path).tensor(named: "a")
    let isInPlace = try mapped.withFloats { floats in
      mapped.withUnsafeBytes { $0.baseAddress == UnsafeRawPointer(floats.baseAddress) }
    }
    #expect(isInPlace)
    // The same bytes at an odd address are copied instead.
    let bytes = [0] + (try File.read(path))
    try bytes.withUnsafeBytes {
      let odd = try Safetensors(
        borrowing: UnsafeRawBufferPointer(rebasing: $0[1...]), owner: nil
      ).tensor(named: "a")
      #expect(try odd.withFloats { Array($0) } == [1, 2])
    }
  }

  @Test func aTensorKeepsItsMemoryAlive() throws {
    let path = folder.file("a")
    try Safetensors.write([tensor("a", [2], [1, 2])], metadata: [:], to: path)
    let mapped = try Safetensors(contentsOf: path).tensor(named: "a")
    // Renaming another file over it leaves what is mapped alone.
    try Safetensors.write([tensor("a", [2], [3, 4])], metadata: [:], to: path)
    #expect(mapped.floats == [1, 2])

    final class Owner {}
    weak var weakOwner: Owner?
    var borrowed: WeightTensor?
    let bytes = try File.read(path)
    try bytes.withUnsafeBytes {
      var owner: Owner? = Owner()
      weakOwner = owner
      borrowed = try Safetensors(borrowing: $0, owner: owner).tensor(named: "a")
      owner = nil
      #expect(weakOwner != nil)
      #expect(borrowed?.floats == [3, 4])
      borrowed = nil
    }
    #expect(weakOwner == nil)
  }

  @Test func valuesBeyondHalfPrecisionAreRefusedByName() throws {
    let large = try tensor("conv.weight", [2], [1, 1e5])
    expectError(.notFinite, saying: "\"conv.weight\"", "element 1", "100000", "float32") {
      _ = try large.converted(to: .float16)
    }
    expectError(.notFinite, saying: "\"conv.weight\"", "nan") {
      _ = try tensor("conv.weight", [1], [.nan]).converted(to: .float16)
    }
    expectError(.shapeMismatch, saying: "\"t\"", "3 values", "[2, 2]") {
      _ = try tensor("t", [2, 2], [1, 2, 3])
    }
  }
}
