extension ForeignWeights {
  /// Maps the file at `path` and finds its float tensors. What it is, is told from its bytes.
  ///
  /// Throws `unsupported` where it is of no kind that is read, `corrupt` where it contradicts itself.
  public init(contentsOf path: String) throws {
    let storage = try ByteStorage(mapping: path)
    self = try naming(path) { try ForeignWeights(storage) }
  }

  init(_ storage: ByteStorage) throws {
    if CaffeModel.recognises(storage.bytes), !storage.bytes.dropFirst(8).starts(with: [0x7B]) {
      self = try CaffeModel.read(storage)
      return
    }
    let file = try Safetensors(storage)
    let floats = file.entries.filter { ElementType(rawValue: $0.typeName) != nil }
    self.init(
      format: .safetensors, tensors: try floats.map { try file.tensor(named: $0.name) },
      preprocessing: try ModelDescription.preprocessing(in: file.metadata))
  }
}
