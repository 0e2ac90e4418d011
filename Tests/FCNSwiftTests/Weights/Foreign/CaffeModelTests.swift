import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// Files that Google's protobuf wrote: Goldens/Caffe/make_caffe.py.
struct CaffeModelTests {
  static let files = ["current", "v1", "v0", "loose"]

  static func fixture(_ name: String) throws -> [UInt8] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Goldens/Caffe")
    return [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).caffemodel")))
  }

  static func read(_ bytes: [UInt8]) throws -> ForeignWeights {
    try CaffeModel.read(try bytes.withUnsafeBytes { try ByteStorage(copying: $0) })
  }

  /// Checks names, extents, types and values, which count up from `start` in steps of 1/8.
  private func expect(
    _ file: String, holds wanted: [(name: String, shape: [Int], start: Float)],
    doubles: Set<String> = []
  ) throws {
    let weights = try Self.read(try Self.fixture(file))
    #expect(weights.format == .caffe)
    #expect(weights.tensors.map(\.name) == wanted.map(\.name))
    for (tensor, (name, shape, start)) in zip(weights.tensors, wanted) {
      #expect(tensor.shape == shape, "\(name)")
      #expect(tensor.elementType == (doubles.contains(name) ? .float64 : .float32), "\(name)")
      #expect(tensor.floats == (0..<shape.reduce(1, *)).map { start + Float($0) / 8 }, "\(name)")
    }
  }

  @Test func thePresentFormIsRead() throws {
    try expect(
      "current",
      holds: [
        ("conv1.weight", [4, 3, 3, 3], -4), ("conv1.bias", [4], 1),
        ("bn1.blob0", [4], 2), ("bn1.blob1", [4], 3), ("bn1.blob2", [1], 999),
        ("scale1.weight", [4], 4), ("scale1.bias", [4], 5),
        ("three.weight", [1], 6), ("three.bias", [2], 7), ("three.blob2", [3], 8),
        ("doubles.weight", [2, 2], 0.5),
      ], doubles: ["doubles.weight"])
  }

  @Test func theFormsBeforeKeepFourExtents() throws {
    try expect(
      "v1",
      holds: [
        ("conv1_1.weight", [4, 3, 3, 3], -1), ("conv1_1.bias", [1, 1, 1, 4], 1),
        ("fc6.weight", [1, 1, 5, 7], 2), ("fc6.bias", [1, 1, 1, 5], 3),
      ])
    try expect(
      "v0", holds: [("conv1.weight", [2, 3, 1, 1], -1), ("conv1.bias", [1, 1, 1, 2], 1)])
  }

  @Test func arraysThatAreNotPackedAreRead() throws {
    try expect(
      "loose",
      holds: [("floats.weight", [2, 3], -1), ("floats.bias", [1], 7), ("doubles.weight", [3], 3)],
      doubles: ["doubles.weight"])
  }

  @Test func packedElementsStayWhereTheyAre() throws {
    let bytes = try Self.fixture("current")
    let storage = try bytes.withUnsafeBytes { try ByteStorage(copying: $0) }
    let whole = UInt(bitPattern: storage.bytes.baseAddress)
    for tensor in try CaffeModel.read(storage).tensors {
      let start = UInt(bitPattern: tensor.bytes.baseAddress)
      #expect((whole..<whole + UInt(bytes.count)).contains(start), "\(tensor.name)")
    }
  }

  @Test func piecesOfAnArrayAreJoined() throws {
    let pieces = message(5, floats(1, 2)) + message(5, floats()) + message(5, floats(3))
    let weights = try Self.read(net(layer("a", blob([3], pieces))))
    #expect(weights.tensors.first?.floats == [1, 2, 3])
  }

  @Test func aFileIsRecognisedByItsFirstLayer() throws {
    for file in Self.files {
      let bytes = try Self.fixture(file)
      #expect(bytes.withUnsafeBytes { CaffeLayer.begins($0) }, "\(file)")
    }
    let others: [[UInt8]] = [
      [], [0], Array("layer { name: \"conv1\" }".utf8), Array("PK\u{3}\u{4}".utf8),
      // An ONNX file, which begins with its version; a net without layers; layers without names.
      [0x08, 0x08, 0x12, 0x03, 0x61, 0x62, 0x63], message(1, Array("net".utf8)),
      message(100, message(2, Array("ReLU".utf8))),
    ]
    for bytes in others {
      #expect(!bytes.withUnsafeBytes { CaffeLayer.begins($0) }, "\(bytes)")
    }
  }
}

/// Files that lie, are cut off, or are something else.
struct CaffeModelMalformedTests {
  @Test(arguments: CaffeModelTests.files)
  func aFileCutAnywhereIsRefusedOrHoldsFewerLayers(file: String) throws {
    let whole = try CaffeModelTests.fixture(file)
    let count = try CaffeModelTests.read(whole).tensors.count
    var readable = 0
    for length in 0..<whole.count {
      do {
        let weights = try CaffeModelTests.read(Array(whole[..<length]))
        for tensor in weights.tensors { _ = tensor.floats }
        #expect(weights.tensors.count <= count)
        readable += 1
      } catch is FCNError {}
    }
    // Between two layers nothing tells that more was to come.
    #expect(readable < 10)
  }

  @Test(arguments: CaffeModelTests.files)
  func aFileWithBytesChangedIsReadOrRefused(file: String) throws {
    let whole = try CaffeModelTests.fixture(file)
    var generator = SeededGenerator(seed: 1)
    var refused = 0
    for _ in 0..<3000 {
      var changed = whole
      for _ in 0...Int(generator.next() % 3) {
        let position = Int(generator.next() % UInt64(whole.count))
        changed[position] = UInt8(truncatingIfNeeded: generator.next())
      }
      do {
        for tensor in try CaffeModelTests.read(changed).tensors {
          #expect(tensor.floats.count <= whole.count)
        }
      } catch is FCNError {
        refused += 1
      }
    }
    #expect(refused > 100)
  }

  @Test func lengthsAndExtentsThatLieAreCorrupt() throws {
    let data = message(5, floats(1, 2))
    let large = UInt64(1) << 40
    let cases: [(blob: [UInt8], reason: String)] = [
      (blob([3], data), "[3], 3 elements; found 2"),
      (blob([], data), "[], 1 elements; found 2"),
      (blob([2], []), "found 0"),
      (data, "found 2"),
      (blob([large, large], data), "fits memory"),
      (blob([UInt64.max], data), "fits memory"),
      (blob([UInt64](repeating: 1, count: 33), data), "more than 32 axes"),
      (blob([2], message(5, [1, 2, 3])), "a multiple of 4"),
      (blob([2], [0x28, 1]), "another wire type"),
      (blob([2], message(8, floats(1, 2, 3))), "a multiple of 8"),
      (message(7, [0x0A, 2, 0x80, 0x80]) + data, "cut off"),
      ([0x3A, 0x7F] + data, "a field of 127 bytes passes the end"),
      ([0x08, 2, 0x10, 1] + data, "[2, 1, 0, 0], 0 elements"),
      // num is −1.
      ([0x08] + [UInt8](repeating: 0xFF, count: 9) + [1] + data, "fits memory"),
      ([0x2B] + data, "wire type 3"),
    ]
    for (blob, reason) in cases {
      let kind: FCNError.Kind = reason == "wire type 3" ? .unsupported : .corrupt
      expectError(kind, saying: "layer \"a\", blob 0", reason) {
        _ = try CaffeModelTests.read(net(layer("a", blob)))
      }
    }
    let first = message(100, layer("first", nil))
    let long = first + [0xA2, 0x06] + [UInt8](repeating: 0xFF, count: 9)
    expectError(.corrupt, saying: "byte 10: a field of 9223372036854775807 bytes passes the end") {
      _ = try CaffeModelTests.read(long + [0x00])
    }
    expectError(.corrupt, saying: "byte 12", "64 bits") {
      _ = try CaffeModelTests.read(long + [0x7F])
    }
  }

  @Test func layersThatCannotBeToldApartAreCorrupt() throws {
    let one = layer("a", blob([1], message(5, floats(1))))
    expectError(.corrupt, saying: "layer \"a\": two") {
      _ = try CaffeModelTests.read(net(one, layer("b", nil), one))
    }
    let nameless = message(7, blob([1], message(5, floats(1))))
    expectError(.corrupt, saying: "no name") { _ = try CaffeModelTests.read(net(one, nameless)) }
    let notText = message(1, [0xFF, 0xFE])
    expectError(.corrupt, saying: "UTF-8") { _ = try CaffeModelTests.read(net(one, notText)) }
    let many = layer("a", nil) + [UInt8](repeating: 0, count: 1001).flatMap { [0x3A, $0] }
    expectError(.corrupt, saying: "more than 1000 blobs") {
      _ = try CaffeModelTests.read(net(one, many))
    }
  }

  @Test(
    arguments: [
      ([], "an empty file"), (Array("layer { name: \"conv1\" }".utf8), ".prototxt"),
      (Array("PK\u{3}\u{4}aaaa".utf8), "zip archive"), ([0x89, 0x48, 0x44, 0x46], "HDF5"),
      ([UInt8](repeating: 0, count: 100), "zeros"), ([0x08, 0x08, 0x12, 0x00], "wanted a file"),
    ] as [([UInt8], String)])
  func aFileOfAnotherKindIsNamed(bytes: [UInt8], name: String) {
    expectError(.unsupported, saying: "not a caffemodel", name) {
      _ = try CaffeModelTests.read(bytes)
    }
  }

  @Test func aNetworkWithoutWeightsIsUnsupported() {
    expectError(.unsupported, saying: "no layer of this caffemodel holds weights") {
      _ = try CaffeModelTests.read(net(layer("a", nil)))
    }
  }
}

/// Field `number` with `bytes` in it.
private func message(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
  varint(UInt64(number << 3 | 2)) + varint(UInt64(bytes.count)) + bytes
}

private func varint(_ value: UInt64) -> [UInt8] {
  value < 0x80
    ? [UInt8(value)] : [UInt8(truncatingIfNeeded: value | 0x80)] + varint(value >> 7)
}

private func floats(_ values: Float...) -> [UInt8] {
  values.flatMap { value in
    withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
  }
}

/// A BlobProto of `extents` and further fields.
private func blob(_ extents: [UInt64], _ fields: [UInt8]) -> [UInt8] {
  message(7, message(1, extents.flatMap { varint($0) })) + fields
}

/// A LayerParameter called `name`, with a blob if there is one.
private func layer(_ name: String, _ blob: [UInt8]?) -> [UInt8] {
  message(1, Array(name.utf8)) + (blob.map { message(7, $0) } ?? [])
}

private func net(_ layers: [UInt8]...) -> [UInt8] { layers.flatMap { message(100, $0) } }
