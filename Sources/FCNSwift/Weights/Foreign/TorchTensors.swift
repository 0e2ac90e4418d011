/// Makes weights of the tensors that a PyTorch file's pickle describes.
struct TorchTensors {
  /// The pickle's objects.
  let heap: PickleHeap
  /// What pays for tensors that have to be copied.
  let budget: CopyBudget
  /// The bytes of all of a storage; throws where the file does not have as many as it must.
  let bytes: (PickleStorage) throws -> StoredBytes

  /// The weights of the state dict in the object at `root`.
  func weights(in root: Int) throws -> ForeignWeights {
    let (members, besides) = try TorchStateDict.members(of: root, in: heap)
    return ForeignWeights(
      format: .pytorch,
      tensors: try members.compactMap { member in
        try naming("tensor \(quoted(member.name))") {
          try tensor(member.name, heap.tensors[member.tensor])
        }
      },
      statedNames: try StatedNames.found(in: root, of: heap),
      besides: besides.map {
        let shape = heap.elements(of: heap.tensors[$0.tensor].shape)
        return ForeignWeights.Beside(name: $0.name, rank: shape?.count ?? 0)
      })
  }

  /// A tensor in its storage's own memory, or in memory of its own where it is not contiguous; nil
  /// for what is no float.
  private func tensor(_ name: String, _ tensor: PickleTensor) throws -> WeightTensor? {
    guard case .float(let type) = tensor.element else { return nil }
    let storage = heap.storages[tensor.storage]
    let shape = try integers(at: tensor.shape)
    let strides = try integers(at: tensor.strides)
    var stored = try bytes(storage)
    // The storage may be of another type, bytes for one. Both ranges fit what is stored.
    let available = storage.range.count * storage.element.byteCount / type.byteCount
    let view = try StridedView(
      shape: shape, strides: strides, offset: tensor.offset, available: available)
    var start = stored.range.lowerBound + storage.range.lowerBound * storage.element.byteCount
    if view.isContiguous {
      start += view.offset * type.byteCount
    } else {
      let part = start..<(start + available * type.byteCount)
      stored = StoredBytes(
        try StoredBytes(stored.storage, part).withUnsafeBytes {
          try view.gathered(from: $0, type: type, budget: budget)
        })
      start = 0
    }
    return WeightTensor(
      name: name, shape: shape, elementType: type, count: view.count, storage: stored.storage,
      offset: start)
  }

  private func integers(at place: Int) throws -> [Int] {
    let places = heap.elements(of: place) ?? []
    guard places.count <= StridedView.largestRank else {
      throw FCNError(
        .unsupported, "it has \(places.count) axes; at most \(StridedView.largestRank) are read")
    }
    return try places.map {
      guard let integer = heap.integer(at: $0) else {
        throw FCNError(.corrupt, "its shape or strides hold something that is not a count")
      }
      return integer
    }
  }
}

extension PickleStorage {
  /// Bytes of all of it; throws `corrupt` where they are beyond what can be addressed.
  func byteCount() throws -> Int {
    guard let byteCount = checkedProduct(count, element.byteCount) else {
      throw FCNError(.corrupt, "its storage of \(count) elements cannot be addressed")
    }
    return byteCount
  }
}
