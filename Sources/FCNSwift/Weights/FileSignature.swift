/// What a file that is not safetensors looks like, so that the error can say so.
enum FileSignature {
  private static let known: [(bytes: [UInt8], name: String)] = [
    ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
    ([0xFF, 0xD8, 0xFF], "a JPEG picture"),
    (Array("GIF8".utf8), "a GIF picture"),
    (Array("BM".utf8), "a BMP picture"),
    (Array("II*\0".utf8), "a TIFF picture"),
    (Array("MM\0*".utf8), "a TIFF picture"),
    (Array("RIFF".utf8), "a RIFF file (WebP, AVI, WAV)"),
    (Array("PK\u{3}\u{4}".utf8), "a zip archive (PyTorch's .pt and NumPy's .npz are ones)"),
    ([0x80, 0x02], "a Python pickle (an old PyTorch file, perhaps)"),
    ([0x80, 0x03], "a Python pickle"),
    ([0x80, 0x04], "a Python pickle"),
    ([0x80, 0x05], "a Python pickle"),
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras and Chainer write them)"),
    ([0x93] + Array("NUMPY".utf8), "a NumPy array"),
    (Array("GGUF".utf8), "a GGUF file"),
    ([0x1F, 0x8B], "a gzip file"),
    (Array("%PDF".utf8), "a PDF document"),
    ([0x7F] + Array("ELF".utf8), "a program or library (ELF)"),
  ]

  /// Whether an import might read `bytes`: a zip archive, a pickle, a Caffe model.
  static func mayBeForeignWeights(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: Array("PK\u{3}\u{4}".utf8)) || TorchStream.isPickle(bytes)
      || CaffeModel.recognises(bytes)
  }

  /// A few words on what `bytes` look like, nil where they look like nothing in particular.
  static func guess(_ bytes: UnsafeRawBufferPointer) -> String? {
    if bytes.isEmpty { return "an empty file" }
    for (signature, name) in known where bytes.starts(with: signature) { return name }
    let start = bytes.prefix(512)
    if start.allSatisfy({ $0 == 0 }) { return "zeros" }
    let isText = start.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
    return isText ? "text" : nil
  }
}
