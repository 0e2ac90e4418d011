/// How a file of ONNX is told from others.
enum ONNXSignature {
  /// Whether `file` begins as a ModelProto does: a version, texts, then the graph as field 7 or the
  /// operators' versions as 8.
  static func begins(_ file: UnsafeRawBufferPointer) -> Bool {
    var message = ProtobufReader(file)
    guard let version = try? message.next(), version.number == 1,
      case .varint(1...64) = version.value
    else { return false }
    while !message.isAtEnd {
      let start = message.offset
      // A graph that goes on beyond the file's end is one that was cut off.
      guard let field = try? message.next() else { return file[start] == 7 << 3 | 2 }
      switch (field.number, field.value) {
      case (7, .bytes), (8, .bytes): return true
      // Graphs of a saved model of TensorFlow lie there.
      case (2, .bytes(let range)) where range.count > 1024: return false
      case (2...6, _): break
      default: return false
      }
    }
    return false
  }
}
