/// Weights that Python's own pickle module wrote, as NumPy's arrays: a whole Chainer model, or
/// dictionaries of arrays.
enum PickledWeights {
  /// Whether `file` begins as a pickle of protocol 0 or 1 does, which has no mark of its own: with a
  /// class's name on two lines, or with a dictionary.
  static func isText(_ file: UnsafeRawBufferPointer) -> Bool {
    guard let first = file.first else { return false }
    switch first {
    case PickleOpcode.global.rawValue:
      let lines = file.dropFirst().prefix(2 * PickleHeap.longestName)
        .split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
      return lines.count == 3 && lines.prefix(2).allSatisfy(isName)
    case PickleOpcode.mark.rawValue:
      // (dp0 and (i in protocol 0, (c in protocol 1
      guard file.count > 2, file.last == PickleOpcode.stop.rawValue else { return false }
      return [.dict, .inst, .global, .list].contains(PickleOpcode(rawValue: file[1]))
    case PickleOpcode.emptyDict.rawValue, PickleOpcode.emptyList.rawValue:
      return file.last == PickleOpcode.stop.rawValue
    default: return false
    }
  }

  private static func isName(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    !line.isEmpty
      && line.allSatisfy { byte in
        let character = Unicode.Scalar(byte)
        return byte < 0x80
          && (character.properties.isAlphabetic || character == "_"
            || character == "." || ("0"..."9").contains(character))
      }
  }

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
