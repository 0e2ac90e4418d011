/// What comes of the calls that a pickle asks for.
extension PickleMachine {
  /// What the call of the object at `function` makes: its place.
  mutating func result(of function: Int, arguments: Int) throws -> Int {
    let place = arguments
    guard let arguments = heap.elements(of: place) else {
      throw FCNError(.corrupt, "the pickle calls something with what are no arguments")
    }
    let global: PickleGlobal
    switch heap[function] {
    case .global(let found): global = found
    // A partial function, say.
    case .inert, .instance: return PickleHeap.inert
    default: throw FCNError(.corrupt, "the pickle calls something that is no function")
    }
    switch global {
    case .inert: return PickleHeap.inert
    case .unknown(let type): return heap.addInstance(of: type, arguments: place)
    case .newObject: return try newObject(arguments, place)
    case .arrayType: return try arrayType(arguments)
    case .array: return heap.addArray(PickleArray())
    case .arrayOfBytes: return try arrayOfBytes(arguments)
    case .encode: return try encoded(arguments)
    case .rebuildFromType:
      // (function, class, arguments, attributes); a function that does this again is no one's.
      guard arguments.count >= 3, case .global(let inner) = heap[arguments[arguments.startIndex]],
        inner != .rebuildFromType
      else { return PickleHeap.inert }
      return try result(
        of: arguments[arguments.startIndex], arguments: arguments[arguments.startIndex + 2])
    case .dictionary: return try dictionary(of: arguments.first)
    case .rebuildTensor: return try tensor(arguments, type: nil)
    case .rebuildTypedTensor:
      guard let last = arguments.dropFirst(6).first, case .global(.type(let element)) = heap[last]
      else {
        throw FCNError(.corrupt, "the pickle rebuilds a tensor without saying of what type")
      }
      return try tensor(arguments, type: element)
    case .parameter:
      guard let first = arguments.first, case .tensor = heap[first] else {
        throw FCNError(.unsupported, "the pickle makes a parameter of something that is no tensor")
      }
      return first
    case .size:
      guard let first = arguments.first, heap.elements(of: first) != nil else {
        throw FCNError(.corrupt, "the pickle makes a torch.Size of something that is no tuple")
      }
      return first
    case .storage, .type:
      throw FCNError(.unsupported, "the pickle calls a type, which nothing that is read needs")
    }
  }

  /// An object of the class that comes first, with the state of the built-in type that it extends,
  /// (class, type, state), or of what else it is made of.
  private mutating func newObject(_ arguments: ArraySlice<Int>, _ place: Int) throws -> Int {
    guard let first = arguments.first else {
      throw FCNError(.corrupt, "the pickle makes an object of no class")
    }
    let state = arguments.count == 3 ? arguments[arguments.startIndex + 2] : nil
    switch heap[first] {
    case .global(.unknown(let type)):
      let object = heap.addInstance(of: type, arguments: place)
      if let state, case .instance(let instance) = heap[object],
        case .dictionary(let items) = heap[state]
      {
        heap.setItems(items, ofInstance: instance)
      }
      return object
    case .global(.dictionary):
      if let state, case .dictionary = heap[state] { return state }
      return heap.addDictionary()
    case .global: return PickleHeap.inert
    default: throw FCNError(.corrupt, "the pickle makes an object of what is no class")
    }
  }

  /// An empty dictionary or, as Python 2 wrote them, one of the pairs in the list at `place`.
  private mutating func dictionary(of place: Int?) throws -> Int {
    // What a defaultdict begins with is no list, and does not matter.
    guard let place, let pairs = heap.elements(of: place) else { return heap.addDictionary() }
    try spend(2 * pairs.count)
    var keysAndValues: [Int] = []
    for pair in pairs {
      guard let parts = heap.elements(of: pair), parts.count == 2 else {
        throw FCNError(.corrupt, "the pickle makes a dictionary of what are no pairs")
      }
      keysAndValues.append(contentsOf: parts)
    }
    return heap.addDictionary(keysAndValues)
  }

  /// A tensor of (storage, offset, shape, strides, …).
  private mutating func tensor(_ arguments: ArraySlice<Int>, type: TorchElement?) throws -> Int {
    let parts = Array(arguments.prefix(4))
    guard parts.count == 4, case .storage(let storage) = heap[parts[0]],
      let offset = heap.integer(at: parts[1]), offset >= 0, heap.elements(of: parts[2]) != nil,
      heap.elements(of: parts[3]) != nil
    else {
      throw FCNError(
        .corrupt,
        "the pickle rebuilds a tensor of other things than a storage, offset, shape and strides")
    }
    return heap.addTensor(
      PickleTensor(
        element: type ?? heap.storages[storage].element, storage: storage, offset: offset,
        shape: parts[2], strides: parts[3]))
  }

  /// The storage, or the class, that a persistent identifier names: («storage», type, key, device,
  /// elements), with a sixth part in the older form of file, for one that is part of another.
  mutating func storage(of identifier: Int) throws -> Int {
    let wanted = FCNError(
      .corrupt, "the pickle refers to something outside it that is no storage of a tensor")
    // Before a class of a network's layer the older form has its source text: («module», class, …).
    if let parts = elements(of: identifier, count: 2...6),
      try heap.string(at: parts[0]) == "module", case .global = heap[parts[1]]
    {
      return parts[1]
    }
    guard let parts = elements(of: identifier, count: 5...6),
      try heap.string(at: parts[0]) == "storage",
      case .global(.storage(let element)) = heap[parts[1]], case .text(let key) = heap[parts[2]],
      let count = heap.integer(at: parts[4]), count >= 0
    else { throw wanted }
    var range = 0..<count
    if parts.count == 6, case .tuple = heap[parts[5]] {
      // (key, offset, elements)
      guard let view = elements(of: parts[5], count: 3...3), let start = heap.integer(at: view[1]),
        let length = heap.integer(at: view[2]), start >= 0, length >= 0, start <= count,
        length <= count - start
      else { throw wanted }
      range = start..<(start + length)
    }
    return heap.addStorage(
      PickleStorage(element: element, key: key, count: count, range: range))
  }

  /// A copy of the elements of a tuple that has as many as are wanted, for one could have millions.
  private func elements(of place: Int, count: ClosedRange<Int>) -> [Int]? {
    heap.elements(of: place).flatMap { count.contains($0.count) ? Array($0) : nil }
  }

  /// Gives the object at `place` the `state` that Python would give it; a dictionary's attributes, a
  /// parameter's flags and the like do not matter here.
  mutating func setState(_ state: Int, of place: Int) throws {
    switch heap[place] {
    case .inert, .dictionary: return
    case .instance(let instance): heap.setState(state, ofInstance: instance)
    case .array(let array): try heap.setState(state, ofArray: array)
    case .arrayType(let type): try heap.setState(state, ofArrayType: type)
    case .tensor:
      guard let first = heap.elements(of: state)?.first else { return }
      switch heap[first] {
      case .tensor, .storage:
        throw FCNError(
          .unsupported,
          "the pickle gives a tensor other contents; save the file again with a newer PyTorch")
      default: return
      }
    default: throw FCNError(.corrupt, "the pickle gives attributes to something that has none")
    }
  }
}
