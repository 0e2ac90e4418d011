import FCNTestSupport
import Foundation

@testable import FCNSwift

/// What Goldens/Foreign/make_foreign.py made with PyTorch and NumPy.
enum ForeignFiles {
  /// A tensor that a file holds; its elements follow from its number.
  struct Expected: Decodable {
    let name: String
    let number: Int
    let shape: [Int]
    let type: String

    /// Element j is (7 · number + j) mod 100 / 4 − 8.
    var floats: [Float] {
      (0..<shape.reduce(1, *)).map { Float((7 * number + $0) % 100) / 4 - 8 }
    }
  }

  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Goldens/Foreign")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func bytes(_ name: String) throws -> [UInt8] { try File.read(path(name)) }

  /// What is in each file, by its name.
  static func expected() throws -> [String: [Expected]] {
    let data = try Data(contentsOf: folder.appendingPathComponent("foreign.json"))
    return try JSONDecoder().decode([String: [Expected]].self, from: data)
  }
}

/// Reads a file of weights that is in memory.
func readForeign(_ bytes: [UInt8]) throws -> ForeignWeights {
  try ForeignWeights(bytes.withUnsafeBytes { try ByteStorage(copying: $0) })
}

/// Reads `bytes`, and every tensor in them, which must succeed or throw an error of ours; returns
/// whether they were read.
func isReadOrRefused(_ bytes: [UInt8]) throws -> Bool {
  do {
    for tensor in try readForeign(bytes).tensors { _ = tensor.floats }
    return true
  } catch is FCNError {
    return false
  }
}

/// The bytes of an integer, little-endian.
func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
