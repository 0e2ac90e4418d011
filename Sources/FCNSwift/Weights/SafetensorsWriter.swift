extension Safetensors {
  /// Writes `tensors` and `metadata` to `path`, under a temporary name that is renamed once whole.
  ///
  /// The same input makes the same bytes: larger element types come first, and by name within a
  /// type. The header is padded with spaces so that the data starts on a 64-byte boundary of the
  /// file, and every tensor on a multiple of its element's size.
  ///
  /// Throws `invalidArgument` where two tensors share a name, `inputOutput` where the system refuses.
  public static func write(
    _ tensors: [WeightTensor], metadata: [String: String], to path: String
  ) throws {
    let ordered = tensors.sorted {
      $0.elementType.byteCount == $1.elementType.byteCount
        ? $0.name < $1.name : $0.elementType.byteCount > $1.elementType.byteCount
    }
    let header = try headerBytes(ordered, metadata)
    try withExtendedLifetime(ordered) {
      try header.withUnsafeBytes { try File.write([$0] + ordered.map(\.bytes), to: path) }
    }
  }

  /// The length and the header, up to where the data starts.
  private static func headerBytes(
    _ tensors: [WeightTensor], _ metadata: [String: String]
  ) throws -> [UInt8] {
    var members: [JSON.Member] = []
    if !metadata.isEmpty {
      let sorted = metadata.sorted { $0.key < $1.key }
      members.append(
        JSON.Member("__metadata__", .object(sorted.map { JSON.Member($0, .string($1)) })))
    }
    var names: Set<String> = ["__metadata__"]
    var offset = 0
    for tensor in tensors {
      guard names.insert(tensor.name).inserted else {
        throw FCNError(
          .invalidArgument, "tensor \(quoted(tensor.name)): the name is taken in this file")
      }
      let end = offset + tensor.count * tensor.elementType.byteCount
      members.append(
        JSON.Member(
          tensor.name,
          [
            "dtype": .string(tensor.elementType.rawValue),
            "shape": .array(tensor.shape.map { .number($0) }),
            "data_offsets": [.number(offset), .number(end)],
          ]))
      offset = end
    }
    let text = Array(JSON.object(members).compactText.utf8)
    let length = roundUp(8 + text.count, toMultipleOf: 64) - 8
    guard length <= largestHeader else {
      throw FCNError(
        .invalidArgument, "the header would take \(length) bytes; the limit is \(largestHeader)")
    }
    let padding = [UInt8](repeating: UInt8(ascii: " "), count: length - text.count)
    return withUnsafeBytes(of: UInt64(length).littleEndian) { Array($0) } + text + padding
  }
}
