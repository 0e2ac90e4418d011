import FCNTestSupport
import Testing

@testable import FCNSwift

/// Files of other frameworks, told apart and read.
struct ForeignWeightsTests {
  @Test(arguments: try ForeignFiles.expected().keys.sorted())
  func whatOtherFrameworksWroteIsRead(file: String) throws {
    let expected = try #require(try ForeignFiles.expected()[file])
    let weights = try ForeignWeights(contentsOf: ForeignFiles.path(file))
    #expect(weights.format == (file.hasSuffix(".npz") ? .chainer : .pytorch))
    #expect(weights.tensors.map(\.name) == expected.map(\.name))
    for (tensor, expected) in zip(weights.tensors, expected) {
      #expect(tensor.shape == expected.shape, "\(expected.name)")
      #expect(tensor.elementType.rawValue == expected.type, "\(expected.name)")
      #expect(tensor.floats == expected.floats, "\(expected.name)")
    }
  }

  @Test(arguments: ["zip.pth", "legacy.pth", "chainer.npz"])
  func whatIsStoredPlainlyIsNotCopied(file: String) throws {
    let bytes = try ForeignFiles.bytes(file)
    let storage = try bytes.withUnsafeBytes { try ByteStorage(copying: $0) }
    let plain = ["features.0.weight", "shared.first", "shared.second", "parameter"]
    let weights = try ForeignWeights(storage)
    for tensor in weights.tensors {
      let isInPlace = tensor.withUnsafeBytes {
        guard let start = $0.baseAddress, let file = storage.bytes.baseAddress else { return false }
        return (file..<(file + storage.bytes.count)).contains(start)
      }
      if plain.contains(tensor.name) || tensor.name.hasPrefix("predictor.") { #expect(isInPlace) }
      if ["transposed", "strided", "upscore.weight"].contains(tensor.name) { #expect(!isInPlace) }
    }
  }

  @Test func tensorsKeepTheirFileAlive() throws {
    weak var weakStorage: ByteStorage?
    var tensor: WeightTensor?
    do {
      let storage = try ByteStorage(mapping: ForeignFiles.path("zip.pth"))
      weakStorage = storage
      tensor = try ForeignWeights(storage).tensors.first
    }
    #expect(weakStorage != nil)
    #expect(tensor?.floats.first == -8)
    tensor = nil
    #expect(weakStorage == nil)
  }

  @Test func safetensorsAreReadLessWhatIsNoFloat() throws {
    let header = """
      {"steps":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},
       "b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},
       "a":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}
      """
    let weights = try readForeign(safetensorsFile(header, data: 16))
    #expect(weights.format == .safetensors)
    #expect(weights.tensors.map(\.name) == ["b", "a"])
    #expect(weights.tensors.map(\.elementType) == [.float16, .float32])
  }

  @Test(arguments: [
    ("refused-system.pth", FCNError.Kind.unsupported, "\"posix.system\", which is not among"),
    ("refused-system-legacy.pth", .unsupported, "nothing of it was run"),
    ("refused-system-protocol4.pth", .unsupported, "\"posix.system\""),
    ("refused-system.pkl", .unsupported, "\"posix.system\""),
    ("refused-plain.pkl", .unsupported, "none that torch.save wrote"),
    ("refused-module.pth", .unsupported, "save the network's state_dict()"),
    ("refused-module-legacy.pth", .unsupported, "\"__main__.Network\""),
    ("refused-tensor.pth", .unsupported, "a single tensor"),
    ("refused-list.pth", .unsupported, "a list of 1"),
    ("refused-several.pth", .unsupported, "\"generator\", \"critic\""),
    ("refused-integers.pth", .unsupported, "the keys \"epoch\", \"steps\""),
    ("refused-script.pt", .unsupported, "TorchScript"),
    ("refused-big.pth", .unsupported, "big-endian"),
    ("refused-big.npz", .unsupported, "array \"a\": its elements are \">f4\""),
    ("refused-twice.npz", .corrupt, "\"conv/W\" and \"/conv/W\" are both \"conv.weight\""),
  ])
  func whatCannotBeReadIsRefusedByName(file: String, kind: FCNError.Kind, reason: String) {
    expectError(kind, saying: file, reason) {
      _ = try ForeignWeights(contentsOf: ForeignFiles.path(file))
    }
    #expect(!File.exists("/tmp/fcn-was-run"))
  }

  @Test func whatIsNoFileOfWeightsIsNamed() throws {
    expectError(.unsupported, saying: "PNG") {
      _ = try readForeign([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    }
    expectError(.unsupported, saying: "Caffe, Chainer, PyTorch, safetensors") {
      _ = try readForeign([1, 2, 3])
    }
    var tar = [UInt8](repeating: 0, count: 512)
    tar.replaceSubrange(257..<262, with: "ustar".utf8)
    expectError(.unsupported, saying: "tar archive", "save its state_dict() again") {
      _ = try readForeign(tar)
    }
    expectError(.unsupported, saying: "neither NumPy arrays nor a PyTorch pickle", "\"a.txt\"") {
      _ = try readForeign(ZipBuilder([.init("a.txt", [1])]).bytes)
    }
    expectError(.notFound, saying: "nowhere") {
      _ = try ForeignWeights(contentsOf: "/nowhere")
    }
  }

  @Test(arguments: [
    ("conv1_1/W", "conv1_1.weight"), ("/a/b/b", "a.b.bias"), ("bn/gamma", "bn.weight"),
    ("bn/beta", "bn.bias"), ("bn/avg_mean", "bn.running_mean"), ("bn/avg_var", "bn.running_var"),
    ("W/weight", "W.weight"), ("arr_0", "arr_0"), ("W", "weight"), ("/", ""),
  ])
  func chainersNamesBecomePyTorchs(chainer: String, pytorch: String) {
    #expect(ChainerFile.name(of: chainer) == pytorch)
  }
}
