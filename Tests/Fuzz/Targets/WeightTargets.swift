@testable import FCNSwift

// Files of others' weights and networks.
extension FuzzTarget {
  /// What each of these is, is told by its bytes: the names tell seeds apart.
  static let weights = ["caffe", "npz", "pth", "safetensors"].map { name in
    FuzzTarget(name: name) { bytes in
      let storage = ByteStorage(borrowing: bytes, owner: nil)
      // Less than files may really take, so that what takes much is found early.
      let budget = CopyBudget(bytes: 1 << 26)
      let weights = try ForeignWeights(storage, budget: budget)
      for tensor in weights.tensors where tensor.count < 1 << 16 { _ = tensor.isZero }
      let result = try weights.translated([]).identified(ImportOptions())
      if case .model(let model) = result.found { try SmallRun.check(model) }
    }
  }

  /// An ONNX file, whose external data is looked for in a folder that has `weights.bin`.
  static let onnx = FuzzTarget(name: "onnx") { bytes in
    let storage = ByteStorage(borrowing: bytes, owner: nil)
    let file = try ONNXModelFile(storage, folder: externalData)
    let result = try ONNXNetwork(file, output: nil).imported(ImportOptions())
    guard case .model(let model) = result.found else { return }
    try SmallRun.check(model)
    _ = try model.onnxFile()
  }

  private static let externalData: String = {
    let bytes = (0..<1024).map { UInt8(truncatingIfNeeded: $0 * 5) }
    try? FuzzFiles.write(bytes, "weights.bin")
    return FuzzFiles.folder
  }()
}
