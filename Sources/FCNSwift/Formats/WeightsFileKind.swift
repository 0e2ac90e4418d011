/// What a file of weights is, as its bytes tell.
enum WeightsFileKind {
  /// PyTorch's or Chainer's.
  case zip
  /// A pickle of protocol 2 to 5.
  case pickle
  /// A pickle of protocol 0 or 1.
  case textPickle
  case tar
  case safetensors
  case caffe
  /// A network of ONNX with its weights.
  case onnx

  /// What `file` is; nil where it is no file of weights that is known.
  init?(of file: UnsafeRawBufferPointer) {
    if file.starts(with: Array("PK\u{3}\u{4}".utf8)) {
      self = .zip
    } else if PickleSignature.isBinary(file) {
      self = .pickle
    } else if PickleSignature.isText(file) {
      self = .textPickle
    } else if Self.isTar(file) {
      self = .tar
    } else if Self.isSafetensors(file) {
      self = .safetensors
    } else if ONNXSignature.begins(file) {
      self = .onnx
    } else if CaffeLayer.begins(file) {
      self = .caffe
    } else {
      return nil
    }
  }

  private static func isTar(_ file: UnsafeRawBufferPointer) -> Bool {
    file.count >= 262 && file[257..<262].elementsEqual("ustar".utf8)
  }

  /// Whether an object follows a length below 4 GiB. A Caffe file begins with a name, which may have
  /// a brace in that place, but no zeros before it.
  private static func isSafetensors(_ file: UnsafeRawBufferPointer) -> Bool {
    file.count > 8 && file[8] == UInt8(ascii: "{") && file[4..<8].allSatisfy { $0 == 0 }
  }
}
