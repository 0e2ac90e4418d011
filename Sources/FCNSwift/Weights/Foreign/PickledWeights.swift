/// Weights that Python's own pickle module wrote, as NumPy's arrays: a whole Chainer model, or
/// dictionaries of arrays.
enum PickledWeights {
  /// The float arrays in `pickle`, called as PyTorch would call them.
  static func read(_ pickle: Pickle, budget: CopyBudget) throws -> ForeignWeights {
    let heap = pickle.heap
    var parameters = ChainerFile.Parameters()
    for member in try PickledObjects.members(of: pickle.root, in: heap) {
      guard case .array(let array) = heap[member.place] else { continue }
      try parameters.add(member.path.joined(separator: "/")) { name in
        try heap.contents(ofArray: array).flatMap { try $0.tensor(name, budget: budget) }
      }
    }
    guard !parameters.tensors.isEmpty else {
      throw FCNError(
        .unsupported,
        "the file is a Python pickle, but none that torch.save wrote, and no array of floats was "
          + "found in what it holds; save a state_dict() with torch.save, or a Chainer model with "
          + "save_npz")
    }
    return ForeignWeights(
      format: .chainer, tensors: parameters.tensors,
      statedNames: try StatedNames.found(in: pickle.root, of: heap))
  }
}

extension NumPyArray {
  /// The array as a tensor called `name`, in its own memory unless it is in Fortran order; nil where
  /// its elements are no floats.
  ///
  /// Throws `unsupported` for floats of a kind that is not read, `corrupt` where there are more or
  /// fewer elements than the shape has.
  func tensor(_ name: String, budget: CopyBudget) throws -> WeightTensor? {
    guard let type = try NPYReader.elementType(type) else { return nil }
    let available = data.count / type.byteCount
    guard let count = checkedProduct(shape), checkedProduct(count, type.byteCount) == data.count
    else {
      throw FCNError(
        .corrupt,
        "it has \(data.count) bytes, which is not what \(shape) elements of \(type.byteCount) bytes "
          + "take")
    }
    var data = data
    if isColumnMajor {
      let view = try StridedView(columnMajor: shape, available: available)
      if !view.isContiguous {
        data = StoredBytes(
          try data.withUnsafeBytes { try view.gathered(from: $0, type: type, budget: budget) })
      }
    }
    return WeightTensor(
      name: name, shape: shape, elementType: type, count: count, storage: data.storage,
      offset: data.range.lowerBound)
  }
}
