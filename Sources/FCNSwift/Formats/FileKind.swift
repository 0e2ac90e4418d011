/// What kind of file some bytes are, told by how they begin and not by a name; for errors about
/// files of a kind that is not read.
struct FileKind {
  /// What a kind is for, in so far as errors speak of it.
  enum Use {
    case picture
    /// Holds other files, or one file packed.
    case archive
    /// Stands in the place of the file that was meant.
    case placeholder
    case other
  }

  /// With its article: "a GIF picture".
  let name: String
  let use: Use
  /// How weights in such a file can be had; nil where it has none, or nobody knows.
  let remedy: String?

  init(_ name: String, _ use: Use = .other, remedy: String? = nil) {
    self.name = name
    self.use = use
    self.remedy = remedy
  }

  /// The kind of the file whose bytes, or the first of them, these are; nil where they begin like
  /// nothing that is known.
  static func of(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
    if bytes.isEmpty { return FileKind("an empty file") }
    if let kind = signatures.first(where: { bytes.holds($0.bytes, at: $0.offset) })?.kind {
      return kind
    }
    if bytes.holds(Array("RIFF".utf8), at: 0) {
      return bytes.holds(Array("WEBP".utf8), at: 8)
        ? FileKind("a WebP picture", .picture) : FileKind("a sound or video (RIFF)")
    }
    if bytes.holds(Array("ftyp".utf8), at: 4) { return boxed(bytes) }
    if bytes.holds(Array("PK\u{3}\u{4}".utf8), at: 0) { return zipped(bytes) }
    if bytes.holds([0x08], at: 0), let kind = network(bytes) { return kind }
    if bytes.count >= 8, bytes.holds(levelDB, at: bytes.count - 8) {
      return FileKind(
        "the index of a TensorFlow checkpoint",
        remedy: "save the network as a SavedModel; then " + tensorFlow("--saved-model FOLDER"))
    }
    if bytes.holds(Array("BM".utf8), at: 0), bytes.holds([0, 0, 0, 0], at: 6) {
      return FileKind("a BMP picture", .picture)
    }
    if bytes.holds([0, 0, 0, 0, UInt8(ascii: "{")], at: 4) {
      return FileKind("a safetensors file")
    }
    if isGraph(bytes) {
      return FileKind(
        "a TensorFlow network (frozen graph)",
        remedy: tensorFlow("--graphdef FILE --inputs NAME:0 --outputs NAME:0"))
    }
    if CaffeLayer.begins(bytes) { return FileKind("a Caffe model") }
    let start = bytes.prefix(512)
    if start.allSatisfy({ $0 == 0 }) { return FileKind("zeros", .placeholder) }
    let isText = start.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }
    // The last character may be cut.
    let isUTF8 = (0...3).contains { String(validating: start.dropLast($0), as: UTF8.self) != nil }
    return isText && isUTF8 ? text(start) : nil
  }

  private static let keras =
    "have Keras write it as ONNX, model.export(\"net.onnx\", format=\"onnx\"), to be imported"
  /// A Keras network, and how it can be had.
  static let kerasNetwork = "a Keras network; \(keras)"
  /// With what tf2onnx is told of the file.
  private static func tensorFlow(_ option: String) -> String {
    "write it as ONNX, python3 -m tf2onnx.convert \(option) --output net.onnx, to be imported"
  }
  /// What a table of LevelDB ends with.
  private static let levelDB: [UInt8] = [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB]

  private static let signatures: [(bytes: [UInt8], offset: Int, kind: FileKind)] = {
    func entry(
      _ bytes: [UInt8], _ name: String, _ use: Use = .other, at offset: Int = 0,
      remedy: String? = nil
    ) -> (bytes: [UInt8], offset: Int, kind: FileKind) {
      (bytes, offset, FileKind(name, use, remedy: remedy))
    }
    func entry(
      _ text: String, _ name: String, _ use: Use = .other, at offset: Int = 0,
      remedy: String? = nil
    ) -> (bytes: [UInt8], offset: Int, kind: FileKind) {
      entry(Array(text.utf8), name, use, at: offset, remedy: remedy)
    }
    return [
      entry([0x89, 0x50, 0x4E, 0x47], "a PNG picture", .picture),
      entry([0xFF, 0xD8, 0xFF], "a JPEG picture", .picture),
      entry("GIF8", "a GIF picture", .picture),
      entry("II*\0", "a TIFF picture, or a camera's raw one", .picture),
      entry("MM\0*", "a TIFF picture, or a camera's raw one", .picture),
      entry("II+\0", "a BigTIFF picture", .picture),
      entry("MM\0+", "a BigTIFF picture", .picture),
      entry([0, 0, 0, 12] + Array("jP  ".utf8), "a JPEG 2000 picture", .picture),
      entry([0xFF, 0x4F, 0xFF, 0x51], "a JPEG 2000 picture", .picture),
      entry([0, 0, 0, 12] + Array("JXL ".utf8), "a JPEG XL picture", .picture),
      entry([0xFF, 0x0A], "a JPEG XL picture", .picture),
      entry([0x49, 0x49, 0xBC], "a JPEG XR picture", .picture),
      entry("8BPS", "a Photoshop picture", .picture),
      entry("qoif", "a QOI picture", .picture),
      entry("DDS ", "a DDS picture", .picture),
      entry([0x76, 0x2F, 0x31, 0x01], "an OpenEXR picture", .picture),
      entry("#?RADIANCE", "a Radiance HDR picture", .picture),
      entry([0, 0, 1, 0], "a Windows icon", .picture),
      entry("SIMPLE  =", "a FITS picture", .picture),
      entry("DICM", "a DICOM picture", .picture, at: 128),
      entry("P4\n", "a PBM picture", .picture),
      entry("P5\n", "a PGM picture", .picture),
      entry("P6\n", "a PPM picture", .picture),
      entry("%PDF", "a PDF document"),
      entry("version https://git-lfs", "a pointer of Git LFS, not the file itself", .placeholder),
      entry(
        [0x89, 0x48, 0x44, 0x46], "an HDF5 file, as Keras and Chainer write",
        remedy: keras + "; of Chainer, save its arrays with numpy.savez"),
      entry(NPY.magic, "a single NumPy array"),
      entry("GGUF", "a GGUF file, of a language model"),
      entry(
        "TFL3", "a TensorFlow Lite network", at: 4,
        remedy: tensorFlow("--tflite FILE") + " (not of one that was quantised)"),
      entry("7767517\n", "a network of ncnn, without its weights"),
      entry("MATLAB 5.0", "a MATLAB file"),
      entry([0x1F, 0x8B], "a gzip file", .archive),
      entry("BZh", "a bzip2 file", .archive),
      entry([0xFD] + Array("7zXZ\0".utf8), "an xz file", .archive),
      entry([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", .archive),
      entry([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7-Zip archive", .archive),
      entry("Rar!\u{1A}", "a RAR archive", .archive),
      entry("ustar", "a tar archive", .archive, at: 257),
      entry([0x1A, 0x45, 0xDF, 0xA3], "a Matroska or WebM video"),
      entry([0x7F] + Array("ELF".utf8), "a program or library (ELF)"),
      entry([0x80, 0x02], "a Python pickle, an old PyTorch file perhaps"),
      entry([0x80, 0x03], "a Python pickle"),
      entry([0x80, 0x04], "a Python pickle"),
      entry([0x80, 0x05], "a Python pickle"),
    ]
  }()

  /// Files of the ISO's base format, by the brand that follows.
  private static func boxed(_ bytes: UnsafeRawBufferPointer) -> FileKind {
    let brand = String(decoding: bytes.dropFirst(8).prefix(4), as: UTF8.self)
    switch brand {
    case "avif", "avis": return FileKind("an AVIF picture", .picture)
    case "heic", "heix", "heim", "heis", "hevc", "hevx": return FileKind("a HEIC picture", .picture)
    case "mif1", "msf1", "miaf": return FileKind("a HEIF picture (HEIC, AVIF)", .picture)
    case "crx ": return FileKind("a camera's raw picture", .picture)
    default: return FileKind("a video (MP4, QuickTime)")
    }
  }

  private static func text(_ start: Slice<UnsafeRawBufferPointer>) -> FileKind {
    let words = String(decoding: start, as: UTF8.self).lowercased()
    if words.contains("<svg") { return FileKind("an SVG drawing", .picture) }
    if words.contains("<!doctype html") || words.contains("<html") {
      return FileKind("a web page, saved in place of a file perhaps", .placeholder)
    }
    return FileKind("text")
  }

  /// A zip archive, by what is in it.
  private static func zipped(_ bytes: UnsafeRawBufferPointer) -> FileKind {
    let names = ZipNames(bytes)
    if names.contains(endingIn: "constants.pkl") {
      return FileKind(
        "a TorchScript program", remedy: "load it with torch.jit.load and save its state_dict()")
    }
    if names.contains(endingIn: "data.pkl") { return FileKind("a PyTorch file") }
    if names.contains(endingIn: ".npy") { return FileKind("a NumPy archive (.npz)") }
    if names.contains(endingIn: ".weights.h5") {
      return FileKind("a Keras network", remedy: keras)
    }
    return FileKind("a zip archive", .archive)
  }

  /// Whether `bytes` begin as a graph of TensorFlow: a node with a name and an operation.
  private static func isGraph(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var graph = ProtobufReader(bytes)
    guard let first = try? graph.next(), first.number == 1, case .bytes(let range) = first.value
    else { return false }
    var node = ProtobufReader(bytes, range)
    guard let name = try? node.next(), name.number == 1, let text = try? name.text(in: bytes),
      let operation = try? node.next(), operation.number == 2,
      let word = try? operation.text(in: bytes)
    else { return false }
    // Operations are called Const, Conv2D, _FusedConv2D.
    let start = word.drop { $0 == "_" }.first
    return !text.isEmpty && start?.isUppercase == true
      && word.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  /// Networks that protocol buffers with a version in front hold.
  private static func network(_ bytes: UnsafeRawBufferPointer) -> FileKind? {
    var message = ProtobufReader(bytes)
    guard let version = try? message.next(), version.number == 1,
      case .varint(1...64) = version.value
    else { return nil }
    if ONNXSignature.begins(bytes) { return FileKind("an ONNX network") }
    // A saved model of TensorFlow: graphs as field 2, whose first field, about itself, is a message.
    var isSavedModel = false
    while let field = try? message.next() {
      switch (field.number, field.value) {
      case (2, .bytes(let range)): isSavedModel = range.count > 1024
      case (3...6, _): break
      default: return nil
      }
    }
    return isSavedModel
      ? FileKind(
        "a TensorFlow network (SavedModel)", remedy: tensorFlow("--saved-model ITS-FOLDER"))
      : nil
  }
}

extension UnsafeRawBufferPointer {
  /// Whether `part` stands at `offset`.
  fileprivate func holds(_ part: [UInt8], at offset: Int) -> Bool {
    offset <= count - part.count && self[offset..<offset + part.count].elementsEqual(part)
  }
}

/// The names that a zip archive's directory lists, as far as they stand in its last bytes.
private struct ZipNames {
  private let tail: Slice<UnsafeRawBufferPointer>

  init(_ bytes: UnsafeRawBufferPointer) { tail = bytes.suffix(1 << 16) }

  func contains(endingIn end: String) -> Bool {
    let entry = Array("PK\u{1}\u{2}".utf8)
    let end = Array(end.utf8)
    var rest = tail
    while let start = rest.firstIndex(of: entry[0]) {
      rest = rest[start...]
      guard rest.count >= 46 else { return false }
      guard rest.starts(with: entry) else {
        rest = rest.dropFirst()
        continue
      }
      let length = Int(rest[start + 28]) | Int(rest[start + 29]) << 8
      if rest.dropFirst(46).prefix(length).suffix(end.count).elementsEqual(end) { return true }
      rest = rest.dropFirst(46)
    }
    return false
  }
}
