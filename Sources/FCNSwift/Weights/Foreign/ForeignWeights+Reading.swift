extension ForeignWeights {
  /// Reads the file at `path`, whatever framework wrote it: what it is shows in its bytes, not in
  /// its name.
  ///
  /// Weights that are stored plainly stay in the mapped file. Nothing in a file is ever run. Throws
  /// `unsupported` where it is of another kind, with a guess which, or needs something that is not
  /// read; `corrupt` where it contradicts itself or ends early; `outOfMemory` where unpacking it
  /// would take more memory than a file of its length warrants.
  public init(contentsOf path: String) throws {
    let storage = try ByteStorage(mapping: path)
    self = try naming(path) { try ForeignWeights(storage) }
  }

  /// Reads the file that fills `storage`, which the tensors keep alive.
  init(_ storage: ByteStorage) throws {
    try self.init(storage, budget: CopyBudget(fileSize: storage.bytes.count))
  }

  /// Reads the file that fills `storage`, with `budget` for what has to be copied.
  init(_ storage: ByteStorage, budget: CopyBudget) throws {
    switch WeightsFileKind(of: storage.bytes) {
    case .zip: self = try Self.readZip(ZipArchive(storage), budget: budget)
    case .pickle: self = try TorchStream.read(storage, budget: budget)
    case .textPickle:
      self = try PickledWeights.read(try PickleMachine.run(StoredBytes(storage)), budget: budget)
    case .tar:
      throw FCNError(
        .unsupported,
        "the file is a tar archive; unpack it and take the file of weights in it, or, if one of "
          + "PyTorch's first releases wrote it so, load it there and save its state_dict() again")
    case .safetensors: self = try Self.readSafetensors(Safetensors(storage))
    case .caffe: self = try CaffeModel.read(storage)
    case .onnx:
      throw FCNError(
        .unsupported,
        "the file is a whole network (ONNX), and weights alone are wanted; import it as a model")
    case nil:
      let guess = FileSignature.guess(storage.bytes).map { "; it looks like \($0)" } ?? ""
      throw FCNError(
        .unsupported,
        "this is no file of weights that is read (Caffe, Chainer, PyTorch, safetensors, ONNX), or one that "
          + "is damaged or cut off near its beginning\(guess)")
    }
  }

  private static func readZip(_ archive: ZipArchive, budget: CopyBudget) throws -> ForeignWeights {
    if TorchZip.isOne(archive) { return try TorchZip.read(archive, budget: budget) }
    if archive.entries.contains(where: { $0.name.hasSuffix(".npy") }) {
      return try ChainerFile.read(archive, budget: budget)
    }
    let names = listed(archive.entries.prefix(200).map { quoted($0.name) })
    throw FCNError(
      .unsupported,
      "the zip archive holds neither NumPy arrays nor a PyTorch pickle; its entries are \(names)"
        + (archive.entries.contains { $0.name.hasSuffix(".weights.h5") }
          ? "; it looks like \(FileKind.kerasNetwork)" : ""))
  }

  private static func readSafetensors(_ file: Safetensors) throws -> ForeignWeights {
    let isModel = ModelDescription.isPresent(in: file.metadata)
    // Ranges of values are no weights.
    let floats = file.entries.filter {
      ElementType(rawValue: $0.typeName) != nil
        && !(isModel && $0.name.hasPrefix(ValueRanges.prefix))
    }
    return ForeignWeights(
      format: .safetensors, tensors: try floats.map { try file.tensor(named: $0.name) },
      preprocessing: try ModelDescription.preprocessing(in: file.metadata),
      description: isModel ? try ModelDescription(metadata: file.metadata) : nil)
  }
}
