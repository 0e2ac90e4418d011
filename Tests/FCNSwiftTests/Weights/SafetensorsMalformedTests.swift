import FCNTestSupport
import Testing

@testable import FCNSwift

/// Files that lie, are cut off, or are something else.
struct SafetensorsMalformedTests {
  @Test(arguments: [
    // A header that is no object, or whose tensors are not described as they must be.
    (#"{"#, 0, "wanted"),
    (#"{"a":1}"#, 0, "\"a\""),
    (#"{"a":{}}"#, 0, "\"a\""),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "\"a\""),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, "\"a\""),
    (#"{"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}}"#, 4, "\"a\""),
    (#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, 4, "\"a\""),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "shape"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "shape"),
    (#"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, 4, "shape"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 8, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.5]}}"#, 4, "data_offsets"),
    // Sizes that do not agree.
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "8 bytes"),
    (#"{"a":{"dtype":"F16","shape":[2,2],"data_offsets":[0,16]}}"#, 16, "8 bytes"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 4, "cut off"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, "1 bytes after"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "gap"),
    (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, "shape"),
    // Products and offsets beyond any memory.
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "shape"),
    (#"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, 0, "shape"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[9007199254740988,9007199254740992]}}"#, 4,
      "cut off"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e30]}}"#, 4, "data_offsets"),
    // Two tensors.
    (
      """
      {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
       "b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}
      """, 6, "\"b\": it overlaps"
    ),
    (
      """
      {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
       "b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}
      """, 4, "\"b\": it overlaps"
    ),
    (
      """
      {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
       "b":{"dtype":"F32","shape":[1],"data_offsets":[6,10]}}
      """, 10, "\"b\": it follows a gap"
    ),
    (
      """
      {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
       "a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}
      """, 8, "twice"
    ),
    // Metadata that is not a map of text.
    (#"{"__metadata__":1}"#, 0, "__metadata__"),
    (#"{"__metadata__":{"a":1}}"#, 0, "\"a\" in __metadata__"),
  ])
  func aHeaderThatLiesIsCorrupt(header: String, data: Int, reason: String) {
    expectError(.corrupt, saying: reason) {
      _ = try readSafetensors(safetensorsFile(header, data: data))
    }
  }

  @Test func anUnknownElementTypeIsUnsupported() {
    expectError(.unsupported, saying: "\"a\"", "\"Q8\"") {
      _ = try readSafetensors(
        safetensorsFile(#"{"a":{"dtype":"Q8","shape":[1],"data_offsets":[0,1]}}"#, data: 1))
    }
  }

  @Test(arguments: [3, 100_000_000, 100_000_001, UInt64(Int.max), .max])
  func aHeaderLengthThatIsNotTrueIsRefused(length: UInt64) {
    #expect(throws: FCNError.self) {
      _ = try readSafetensors(safetensorsFile("{}", length: length))
    }
  }

  @Test func aFileCutAnywhereIsRefused() throws {
    let folder = try TemporaryFolder()
    let tensors = try ["a", "b"].map {
      try WeightTensor(name: $0, shape: [2, 2], floats: [1, 2, 3, 4])
    }
    try Safetensors.write(tensors, metadata: ["k": "v"], to: folder.file("whole"))
    let whole = try File.read(folder.file("whole"))
    _ = try readSafetensors(whole)
    for count in 0..<whole.count {
      #expect(throws: FCNError.self, "cut to \(count) of \(whole.count) bytes") {
        _ = try readSafetensors(Array(whole[..<count]))
      }
    }
  }

  @Test func aFileWithOneByteChangedIsReadOrRefused() throws {
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let whole = safetensorsFile(header, data: 4)
    var refused = 0
    for position in 0..<(whole.count - 4) {
      for value in [0, 0x20, 0x22, 0x30, 0x39, 0x5B, 0x7D, 0xFF] as [UInt8] {
        var changed = whole
        changed[position] = value
        do {
          let file = try readSafetensors(changed)
          for entry in file.entries { _ = try? file.tensor(named: entry.name).floats }
        } catch is FCNError {
          refused += 1
        }
      }
    }
    #expect(refused > whole.count)
  }

  @Test(
    arguments: [
      ([], "empty"), (Array("\u{89}PNG\r\n\u{1A}\n".unicodeScalars.map { UInt8($0.value) }), "PNG"),
      ([0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0, 0], "JPEG"),
      (Array("PK\u{3}\u{4}aaaaaaaaaaaa".utf8), "zip archive"),
      ([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], "pickle"),
      ([0x89] + Array("HDF\r\n\u{1A}\n  ".utf8), "HDF5"),
      (Array("layer { name: \"conv1\" }".utf8), "text"),
      ([UInt8](repeating: 0, count: 100), "zeros"),
    ] as [([UInt8], String)])
  func aFileOfAnotherKindIsNamed(bytes: [UInt8], name: String) {
    expectError(.unsupported, saying: "not a safetensors file", name) {
      _ = try readSafetensors(bytes)
    }
  }

  @Test func whatIsNoRegularFileIsRefused() throws {
    let folder = try TemporaryFolder()
    expectError(.notFound, saying: "nowhere") {
      _ = try Safetensors(contentsOf: folder.file("nowhere"))
    }
    expectError(.unsupported, saying: folder.path, "regular file") {
      _ = try Safetensors(contentsOf: folder.path)
    }
    expectError(.unsupported, saying: "/dev/zero", "regular file") {
      _ = try Safetensors(contentsOf: "/dev/zero")
    }
    let empty = try folder.write([], "empty")
    expectError(.corrupt, saying: empty, "empty") { _ = try Safetensors(contentsOf: empty) }
  }
}
