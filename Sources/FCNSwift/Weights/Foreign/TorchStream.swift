/// The form of file that `torch.save` wrote before PyTorch 1.6: pickles one after another (a magic
/// number, a version, the machine's byte order, the object, the keys of its storages), then each
/// storage's element count and bytes, in the order of the keys.
enum TorchStream {
  /// 0x1950a86a20f9469cfc6c, little-endian.
  private static let magic: [UInt8] = [
    0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]
  private static let version = 1001

  /// The float tensors of the state dict in the file that fills `storage`.
  ///
  /// A pickle that has another way to begin is read as NumPy's arrays in Python's objects. Throws
  /// `unsupported` where there are none, where the file was written on a big-endian machine, or asks
  /// for something that no tensor needs.
  static func read(_ storage: ByteStorage, budget: CopyBudget) throws -> ForeignWeights {
    let source = StoredBytes(storage)
    let number = try PickleMachine.run(source)
    guard case .blob(let run) = number.heap[number.root],
      number.heap.bytes(of: run).elementsEqual(magic)
    else { return try PickledWeights.read(number, budget: budget) }
    let start = try checkPreamble(number, in: source)
    let object = try PickleMachine.run(source, from: start)
    let keys = try PickleMachine.run(source, from: object.end)
    let ranges = try ranges(of: keys, storages: sizes(of: object.heap), in: source)
    let tensors = TorchTensors(heap: object.heap, budget: budget) { stored in
      let key = try object.heap.string(stored.key)
      guard let range = ranges[key] else {
        throw FCNError(.corrupt, "its storage, \(quoted(key)), is not in the file")
      }
      return StoredBytes(storage, range)
    }
    return try tensors.weights(in: object.root)
  }

  /// Reads what stands between the magic number and the object; returns where that begins.
  private static func checkPreamble(_ number: Pickle, in source: StoredBytes) throws -> Int {
    let version = try PickleMachine.run(source, from: number.end)
    guard case .integer(Self.version) = version.heap[version.root] else {
      throw FCNError(
        .unsupported, "the file is of another version of torch.save's format than \(Self.version)")
    }
    let system = try PickleMachine.run(source, from: version.end)
    guard case .dictionary(let facts) = system.heap[system.root] else {
      throw FCNError(.corrupt, "the file does not say what machine wrote it")
    }
    let places = system.heap.keysAndValues(ofDictionary: facts)
    for index in stride(from: 0, to: places.count - 1, by: 2) {
      guard try system.heap.string(at: places[index]) == "little_endian" else { continue }
      guard case .boolean(true) = system.heap[places[index + 1]] else {
        throw FCNError(
          .unsupported,
          "the file is big-endian; load it in PyTorch, and save it on another machine")
      }
      return system.end
    }
    throw FCNError(.corrupt, "the file does not say of what byte order it is")
  }

  /// What the pickle says of each storage: elements, and bytes of each of them.
  private struct Size: Equatable {
    let count: Int
    let elementSize: Int
  }

  private static func sizes(of heap: PickleHeap) throws -> [String: Size] {
    var sizes: [String: Size] = [:]
    for storage in heap.storages {
      let key = try heap.string(storage.key)
      let size = Size(count: storage.count, elementSize: storage.element.byteCount)
      if let other = sizes.updateValue(size, forKey: key), other != size {
        throw FCNError(.corrupt, "the pickle gives the storage \(quoted(key)) two sizes")
      }
    }
    return sizes
  }

  /// Where the bytes of each storage lie, by key.
  private static func ranges(
    of keys: Pickle, storages: [String: Size], in source: StoredBytes
  ) throws -> [String: Range<Int>] {
    guard let places = keys.heap.elements(of: keys.root) else {
      throw FCNError(.corrupt, "the file has no list of its storages after the object")
    }
    var ranges: [String: Range<Int>] = [:]
    var cursor = ByteCursor(source.bytes, of: "storages")
    try cursor.move(to: keys.end)
    for place in places {
      guard let key = try keys.heap.string(at: place), let size = storages[key] else {
        throw FCNError(.corrupt, "the file lists a storage that no tensor has")
      }
      try naming("storage \(quoted(key))") {
        let count = try cursor.count(UInt64.self)
        guard count == size.count, let byteCount = checkedProduct(count, size.elementSize) else {
          throw FCNError(
            .corrupt, "it has \(count) elements, and the pickle says that there are \(size.count)")
        }
        let start = cursor.position
        _ = try cursor.take(byteCount)
        guard ranges.updateValue(start..<cursor.position, forKey: key) == nil else {
          throw FCNError(.corrupt, "it is in the file twice")
        }
      }
    }
    return ranges
  }
}
