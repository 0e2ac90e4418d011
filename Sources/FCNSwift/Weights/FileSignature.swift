/// What a file that holds no weights in a form that is read looks like, so that the error can say
/// so.
enum FileSignature {
  /// Whether an import might read `bytes`: a zip archive, a pickle, a Caffe model.
  static func mayBeForeignWeights(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch WeightsFileKind(of: bytes) {
    case .zip, .pickle, .textPickle, .caffe, .onnx: true
    case .tar, .safetensors, nil: false
    }
  }

  /// A few words on what `bytes` look like, and what to do with such a file; nil where they look
  /// like nothing in particular.
  static func guess(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard let kind = FileKind.of(bytes) else { return nil }
    let advice: String? =
      switch kind.use {
      case .archive: "unpack it first"
      case .placeholder: "get the file again"
      case .picture, .other: kind.remedy
      }
    return kind.name + (advice.map { "; \($0)" } ?? "")
  }
}
