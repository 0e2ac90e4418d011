/// The header of a safetensors file, read and checked against the file's length.
struct SafetensorsHeader {
  let metadata: [String: String]
  /// In the order of their bytes.
  let entries: [Safetensors.Entry]

  /// Bits of an element of each type that the format knows.
  private static let bitsByType: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F4": 4, "F6_E2M3": 6,
    "F6_E3M2": 6, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "I64": 64, "U64": 64, "F64": 64, "C64": 64,
  ]

  init(reading file: UnsafeRawBufferPointer) throws {
    let text = try Self.text(of: file)
    let json = try naming("safetensors header") { try JSON(parsing: text) }
    guard let members = json.members else {
      throw FCNError(.corrupt, "safetensors header: wanted an object")
    }
    var metadata: [String: String] = [:]
    var entries: [Safetensors.Entry] = []
    let data = (8 + text.count)..<file.count
    for member in members {
      if member.name == "__metadata__" {
        metadata = try Self.metadata(member.value)
      } else {
        entries.append(
          try naming("tensor \(quoted(member.name))") {
            try Self.entry(member.name, member.value, data: data)
          })
      }
    }
    // An empty tensor starts where the next one does.
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound, $0.name)
        < ($1.range.lowerBound, $1.range.upperBound, $1.name)
    }
    try Self.checkTensorsFill(data, entries)
    self.metadata = metadata
    self.entries = entries
  }

  private static func text(of file: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
    // A JSON object right after the length is as much of a signature as the format has.
    guard file.count > 8, file[8] == UInt8(ascii: "{") else {
      let guess = FileSignature.guess(file).map { "; it looks like \($0)" } ?? ""
      let isExplained = FileKind.of(file).map { $0.use == .archive || $0.remedy != nil } ?? false
      let advice =
        !isExplained && FileSignature.mayBeForeignWeights(file)
        ? "; weights of another framework are imported first, which makes a model of them" : ""
      let size = file.count <= 8 ? ", which has more than \(counted(file.count, "byte"))" : ""
      throw FCNError(.unsupported, "this is not a safetensors file\(size)\(guess)\(advice)")
    }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Safetensors.largestHeader) else {
      throw FCNError(
        .unsupported,
        "safetensors header: a length of \(length) bytes is beyond the limit of "
          + "\(Safetensors.largestHeader)")
    }
    guard Int(length) <= file.count - 8 else {
      throw FCNError(
        .corrupt,
        "safetensors header: its length is given as \(length) bytes, but the file ends after "
          + "\(file.count - 8); it has been cut off")
    }
    return UnsafeRawBufferPointer(rebasing: file[8..<(8 + Int(length))])
  }

  private static func metadata(_ json: JSON) throws -> [String: String] {
    var metadata: [String: String] = [:]
    guard let members = json.members else {
      throw FCNError(.corrupt, "safetensors header: __metadata__ is not an object")
    }
    for member in members {
      guard let text = member.value.text else {
        throw FCNError(
          .corrupt, "safetensors header: \(quoted(member.name)) in __metadata__ is not a string")
      }
      metadata[member.name] = text
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ json: JSON, data: Range<Int>
  ) throws -> Safetensors.Entry {
    guard let typeName = json["dtype"]?.text, let extents = json["shape"]?.elements,
      let ends = json["data_offsets"]?.elements, json.members?.count == 3
    else {
      throw FCNError(
        .corrupt,
        "wanted an object of dtype (a string), shape and data_offsets (arrays), and no more")
    }
    guard let bits = bitsByType[typeName] else {
      throw FCNError(.unsupported, "its elements are of the unknown type \(quoted(typeName))")
    }
    let shape = extents.compactMap(\.integer)
    guard shape.count == extents.count, shape.allSatisfy({ $0 >= 0 }) else {
      throw FCNError(.corrupt, "its shape holds something that is not a count")
    }
    guard let count = checkedProduct(shape), let bitCount = checkedProduct(count, bits),
      bitCount % 8 == 0
    else {
      throw FCNError(.corrupt, "its shape, \(shape), has no whole number of bytes that fit memory")
    }
    let offsets = ends.compactMap(\.integer)
    guard ends.count == 2, offsets.count == 2, 0 <= offsets[0], offsets[0] <= offsets[1] else {
      throw FCNError(.corrupt, "its data_offsets are not two rising offsets")
    }
    guard offsets[1] <= data.count else {
      throw FCNError(
        .corrupt,
        "its bytes end at \(offsets[1]) of the data, which has \(data.count); "
          + "the file has been cut off")
    }
    guard offsets[1] - offsets[0] == bitCount / 8 else {
      throw FCNError(
        .corrupt,
        "\(shape) of \(typeName) take \(bitCount / 8) bytes; its data_offsets span "
          + "\(offsets[1] - offsets[0])")
    }
    let start = data.lowerBound + offsets[0]
    return Safetensors.Entry(
      name: name, typeName: typeName, shape: shape, count: count,
      range: start..<(start + bitCount / 8))
  }

  private static func checkTensorsFill(
    _ data: Range<Int>, _ entries: [Safetensors.Entry]
  ) throws {
    var end = data.lowerBound
    for entry in entries {
      guard entry.range.lowerBound == end else {
        let fault = entry.range.lowerBound < end ? "overlaps the tensor before it" : "follows a gap"
        throw FCNError(
          .corrupt,
          "tensor \(quoted(entry.name)): it \(fault): it starts at byte "
            + "\(entry.range.lowerBound - data.lowerBound) of the data, wanted "
            + "\(end - data.lowerBound)")
      }
      end = entry.range.upperBound
    }
    guard end == data.upperBound else {
      throw FCNError(
        .corrupt,
        "the file has \(data.upperBound - end) bytes after its last tensor; wanted none")
    }
  }
}
