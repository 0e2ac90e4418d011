import FCNTestSupport
import Testing

@testable import FCNSwift

/// Tensors as a pickle describes them, within the memory that the file has for them or beyond it.
struct TorchTensorTests {
  private typealias Build = PickleBuilder

  private func read(
    storage: [UInt8]? = nil, offset: Int = 0, _ shape: [Int], _ strides: [Int]
  ) throws -> WeightTensor {
    let tensor = Build.tensor(
      storage ?? Build.storage(count: 8), offset: offset, shape: shape, strides: strides)
    let weights = try readForeign(Build.torchFile(Build.dictionary(("t", tensor))))
    return try #require(weights.tensors.first)
  }

  @Test(arguments: [
    (0, [2, 3], [3, 1], [0, 1, 2, 3, 4, 5]), (2, [2, 3], [3, 1], [2, 3, 4, 5, 6, 7]),
    (0, [2, 3], [1, 2], [0, 2, 4, 1, 3, 5]), (1, [2, 2], [4, 2], [1, 3, 5, 7]),
    (5, [3], [0], [5, 5, 5]), (0, [2, 2, 2], [0, 1, 0], [0, 0, 1, 1, 0, 0, 1, 1]),
    (0, [6, 3], [1, 1], [0, 1, 2, 1, 2, 3, 2, 3, 4, 3, 4, 5, 4, 5, 6, 5, 6, 7]),
    (7, [], [], [7]), (7, [1, 1], [Int.max, -5], [7]), (0, [0, 4], [4, 1], []),
    (Int.max, [0], [1], []), (0, [2, 1, 3], [3, Int.max, 1], [0, 1, 2, 3, 4, 5]),
  ])
  func elementsAreTakenFromWhereTheyLie(
    offset: Int, shape: [Int], strides: [Int], floats: [Int]
  ) throws {
    let tensor = try read(offset: offset, shape, strides)
    #expect(tensor.shape == shape)
    #expect(tensor.floats == floats.map(Float.init))
  }

  @Test(arguments: [
    (0, [9], [1]), (8, [1], [1]), (8, [], []), (1, [8], [1]), (0, [2, 2], [7, 1]),
    (0, [2], [8]), (0, [2], [-1]), (7, [2], [-7]), (-1, [1], [1]), (Int.max, [1], [1]),
    (Int.max, [2], [1]), (0, [2, 2], [Int.max, Int.max]), (0, [3], [Int.max]),
    (0, [Int.max], [Int.max]), (0, [Int.max, Int.max], [1, 1]), (0, [-1], [1]),
    (0, [-1, -8], [8, 1]), (0, [Int.min], [1]), (0, [2, 2], [1]), (0, [2], [1, 1]),
    (0, [Int.max, 2, 0], [1, 1, 1]),
  ])
  func whatGoesBeyondTheStorageIsCorrupt(offset: Int, shape: [Int], strides: [Int]) {
    expectError(.corrupt) { _ = try read(offset: offset, shape, strides) }
  }

  @Test(arguments: [[1 << 40], [1 << 31, 1 << 31], [Int.max], [1 << 20, 1 << 20]])
  func whatIsExpandedBeyondReasonIsRefused(shape: [Int]) {
    expectError(.outOfMemory, saying: "\"t\"") {
      _ = try read(shape, shape.map { _ in 0 })
    }
  }

  @Test func manyExpandedTensorsShareOneAllowance() throws {
    let tensor = Build.tensor(Build.storage(count: 8), shape: [100], strides: [0])
    // Kept in the memo, then named again and again.
    var body = Array("}(".utf8) + Build.text("0") + tensor + [0x71, 0]
    for index in 1..<8 { body += Build.text("\(index)") + [0x68, 0] }
    let file = Build.torchFile(body + Array("u".utf8))
    let storage = try file.withUnsafeBytes { try ByteStorage(copying: $0) }
    #expect(try ForeignWeights(storage, budget: CopyBudget(bytes: 3200)).tensors.count == 8)
    expectError(.outOfMemory, saying: "\"7\"", "400 bytes", "leaves 399", "contiguous") {
      _ = try ForeignWeights(storage, budget: CopyBudget(bytes: 3199))
    }
  }

  @Test func storagesMustBeThereInFull() {
    expectError(.corrupt, saying: "\"t\"", "\"x/data/1\"", "not in the file") {
      _ = try read(storage: Build.storage(key: "1", count: 8), [1], [1])
    }
    expectError(.corrupt, saying: "takes 36 bytes", "has 32") {
      _ = try read(storage: Build.storage(count: 9), [1], [1])
    }
    expectError(.corrupt, saying: "takes 64 bytes") {
      _ = try read(storage: Build.storage("DoubleStorage", count: 8), [1], [1])
    }
    expectError(.corrupt, saying: "addressed") {
      _ = try read(storage: Build.storage(count: Int.max), [1], [1])
    }
    expectError(.corrupt, saying: "no storage") {
      _ = try read(storage: Build.storage(count: -1), [1], [1])
    }
    // Fewer elements than there are bytes for is what the pickle says, and holds.
    expectError(.corrupt, saying: "beyond the 4") {
      _ = try read(storage: Build.storage(count: 4), [5], [1])
    }
  }

  @Test func aTensorsAxesAreLimited() throws {
    let ones = [Int](repeating: 1, count: 64)
    #expect(try read(ones, ones).floats == [0])
    expectError(.unsupported, saying: "65 axes", "64") { _ = try read(ones + [1], ones + [1]) }
  }

  @Test func aTypeMayBeGivenApartFromTheStorage() throws {
    func tensor(_ type: String) -> [UInt8] {
      Build.global("torch._utils", "_rebuild_tensor_v3")
        + Build.tuple(
          Build.storage("UntypedStorage", count: 32), Build.integer(1),
          Build.tuple(Build.integer(3)), Build.tuple(Build.integer(2)), [0x89], Array("}".utf8),
          Build.global("torch", type)) + Array("R".utf8)
    }
    let root = Build.dictionary(("a", tensor("float32")), ("b", tensor("int32")))
    let weights = try readForeign(Build.torchFile(root))
    #expect(weights.tensors.map(\.name) == ["a"])
    #expect(weights.tensors.first?.floats == [1, 3, 5])
  }
}
