import FCNTestSupport
import Testing

@testable import FCNSwift

@Suite struct FileKindTests {
  private static func bytes(_ text: String, padded count: Int = 64) -> [UInt8] {
    Array(text.utf8) + [UInt8](repeating: 0, count: max(0, count - text.utf8.count))
  }

  @Test(arguments: [
    ("\0\0\0\u{1C}ftypavif\0\0\0\0avifmif1", "an AVIF picture"),
    ("\0\0\0\u{18}ftypheic\0\0\0\0", "a HEIC picture"),
    ("\0\0\0\u{18}ftypmif1\0\0\0\0", "a HEIF picture (HEIC, AVIF)"),
    ("\0\0\0\u{18}ftypisom\0\0\0\0", "a video (MP4, QuickTime)"),
    ("\0\0\0\u{C}jP  \r\n", "a JPEG 2000 picture"),
    ("\0\0\0\u{C}JXL \r\n", "a JPEG XL picture"),
    ("RIFF\u{1}\u{2}\0\0WEBPVP8 ", "a WebP picture"),
    ("RIFF\u{1}\u{2}\0\0WAVEfmt ", "a sound or video (RIFF)"),
    ("GIF89a", "a GIF picture"), ("II*\0", "a TIFF picture, or a camera's raw one"),
    ("MM\0*", "a TIFF picture, or a camera's raw one"), ("8BPS", "a Photoshop picture"),
    ("BM\u{1}\u{2}\0\0\0\0\0\0", "a BMP picture"), ("P6\n8 8\n255\n", "a PPM picture"),
    ("%PDF-1.7", "a PDF document"), ("<?xml version='1.0'?>\n<svg width='8'>", "an SVG drawing"),
    ("<!DOCTYPE html>\n<html>", "a web page, saved in place of a file perhaps"),
    ("version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS, not the file itself"),
    ("BM is how this text begins", "text"), ("{\"a\": 1}", "text"), ("é, as text", "text"),
    ("\u{1C}\0\0\0TFL3", "a TensorFlow Lite network"), ("GGUF", "a GGUF file, of a language model"),
    ("Rar!\u{1A}\u{7}", "a RAR archive"), ("", "an empty file"), ("\0\0\0\0", "zeros"),
  ])
  func aFileIsToldByItsBeginning(text: String, name: String) {
    let isText = name == "text" || name.contains("SVG") || name.contains("page") || text.isEmpty
    let bytes = isText ? Array(text.utf8) : Self.bytes(text)
    #expect(bytes.withUnsafeBytes { FileKind.of($0) }?.name == name)
  }

  @Test func filesOfBytesThatAreNoTextAreToldToo() {
    func name(_ start: [UInt8], _ count: Int = 300) -> String? {
      (start + [UInt8](repeating: 1, count: count)).withUnsafeBytes { FileKind.of($0) }?.name
    }
    #expect(name([0x1F, 0x8B, 8]) == "a gzip file")
    #expect(name([0x89, 0x48, 0x44, 0x46, 0x0D]) == "an HDF5 file, as Keras and Chainer write")
    #expect(name([0xFF, 0x0A]) == "a JPEG XL picture")
    #expect(name([UInt8](repeating: 2, count: 257) + Array("ustar".utf8)) == "a tar archive")
    #expect(name([9, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\"".utf8)) == "a safetensors file")
    #expect(
      name([0x0A, 11, 0x0A, 2, 0x61, 0x2F, 0x12, 5] + Array("Const".utf8), 0)
        == "a TensorFlow network (frozen graph)")
    #expect(name([2, 3, 4]) == nil)
  }

  /// What ONNX can be made of says how.
  @Test func otherLibrariesNetworksSayHowTheyAreHad() throws {
    let folder = try TemporaryFolder()
    try File.makeFolder(folder.file("saved"))
    let files: [(name: String, bytes: [UInt8], wanted: String)] = [
      ("m.h5", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "model.export(\"net.onnx\""),
      ("m.tflite", Self.bytes("\u{1C}\0\0\0TFL3"), "tf2onnx.convert --tflite FILE"),
      (
        "m.pb", [0x0A, 11, 0x0A, 2, 0x61, 0x2F, 0x12, 5] + Array("Const".utf8),
        "tf2onnx.convert --graphdef FILE"
      ),
      ("saved/saved_model.pb", [8, 1], "tf2onnx.convert --saved-model"),
    ]
    for (name, bytes, wanted) in files {
      try File.write(bytes, to: folder.file(name))
      let path = folder.file(name.hasPrefix("saved") ? "saved" : name)
      expectError(.unsupported, saying: wanted) { _ = try Import.identify(path) }
    }
  }

  @Test func anONNXNetworkIsToldFromOthers() throws {
    let model = try Model.fresh(
      ModelDescription(
        architecture: "fcn-simple",
        options: ArchitectureOptions(classes: 2, inputChannels: 3, width: 0.02, batchNorm: false),
        classNames: ["a", "b"], palette: Palette.voc(count: 2), preprocessing: .torchvision),
      seed: 1, scores: .he)
    let folder = try TemporaryFolder()
    try model.writeONNX(to: folder.file("m.onnx"))
    let bytes = try File.read(folder.file("m.onnx"))
    #expect(bytes.withUnsafeBytes { FileKind.of($0) }?.name == "an ONNX network")
    #expect(bytes.withUnsafeBytes { FileSignature.mayBeForeignWeights($0) })
    // IR version and a producer, then a graph of one node; and the fields of a SavedModel.
    let tiny: [UInt8] = [0x08, 7, 0x12, 1, 0x61, 0x3A, 2, 0x0A, 0]
    #expect(tiny.withUnsafeBytes { FileKind.of($0) }?.name == "an ONNX network")
    let saved: [UInt8] = [0x08, 1, 0x12, 0x80, 0x10] + [UInt8](repeating: 9, count: 2048)
    #expect(
      saved.withUnsafeBytes { FileKind.of($0) }?.name == "a TensorFlow network (SavedModel)")
  }

  @Test func aZipArchiveIsToldByWhatIsInIt() throws {
    func name(_ entries: [String]) -> String? {
      // Directory entries alone; nothing else is looked at.
      var bytes = Array("PK\u{3}\u{4}".utf8)
      for name in entries {
        bytes += Array("PK\u{1}\u{2}".utf8) + [UInt8](repeating: 0, count: 24)
        bytes += [UInt8(name.utf8.count), 0]
        bytes += [UInt8](repeating: 0, count: 16) + Array(name.utf8)
      }
      return bytes.withUnsafeBytes { FileKind.of($0) }?.name
    }
    #expect(name(["m/data.pkl", "m/code/x.py", "m/constants.pkl"]) == "a TorchScript program")
    #expect(name(["m/data.pkl", "m/data/0"]) == "a PyTorch file")
    #expect(name(["conv1_1/W.npy"]) == "a NumPy archive (.npz)")
    #expect(name(["config.json", "model.weights.h5"]) == "a Keras network")
    #expect(name(["readme.txt"]) == "a zip archive")
  }
}
