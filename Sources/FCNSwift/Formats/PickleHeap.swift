/// An object that a pickle built. Those with parts name them by their places in the heap.
enum PickleObject {
  /// A value that nobody asks for.
  case inert
  case none
  case boolean(Bool)
  case integer(Int)
  /// Text, by where it stands in the pickle, so that nothing is copied.
  case text(PickleBytes)
  /// A byte string, or an integer of more than eight bytes.
  case blob(PickleBytes)
  /// A tuple: a run of the heap's elements.
  case tuple(start: Int, count: Int)
  /// A list or a set, by its number.
  case list(Int)
  /// A dictionary, by its number.
  case dictionary(Int)
  case global(PickleGlobal)
  /// A storage, by its number.
  case storage(Int)
  /// A tensor, by its number.
  case tensor(Int)
  /// A NumPy array, by its number.
  case array(Int)
  /// A NumPy element type, by its number.
  case arrayType(Int)
  /// An object of a class that is not known, by its number.
  case instance(Int)
}

/// A run of bytes of a pickle, or of a text in it that had to be decoded.
struct PickleBytes {
  let start: Int
  let count: Int
  /// The decoded text, by its number; nil for the pickle itself.
  var decoded: Int?
}

/// A class or function by where its name stands, so that nothing is copied.
struct PickleClass {
  let module: PickleBytes
  let name: PickleBytes
}

/// An object that does nothing: a class, what it was made of, and what it was given.
struct PickleInstance {
  /// The class, by its number.
  let type: Int
  /// The tuple of what it was made of, by its place.
  let arguments: Int
  /// Its attributes: dictionaries by their numbers, later ones counting.
  var attributes: [Int] = []
  /// For a dictionary of a kind of its own its elements: a dictionary by its number.
  var items: Int?
}

/// What a pickle says of a storage, the memory that tensors share.
struct PickleStorage {
  let element: TorchElement
  /// Its name in the file.
  let key: PickleBytes
  /// Elements of all of it.
  let count: Int
  /// The elements that this part of it has.
  let range: Range<Int>
}

/// What a pickle says of a tensor.
struct PickleTensor {
  let element: TorchElement
  /// The storage, by its number.
  let storage: Int
  /// Elements of the storage before the tensor's first.
  let offset: Int
  /// The tuples of its extents and strides, by their places in the heap.
  let shape: Int
  let strides: Int
}

/// Everything that a pickle builds, side by side.
///
/// Objects refer to each other by place, so one that holds itself, or is nested a million levels
/// deep, is nothing special, and none of them takes more room than its opcodes warrant. A place that
/// was handed out stays good.
struct PickleHeap {
  /// The place of every constant.
  static let none = 0
  static let `true` = 1
  static let `false` = 2
  static let inert = 3

  /// The pickle, which texts are part of.
  let source: StoredBytes
  private(set) var storages: [PickleStorage] = []
  private(set) var tensors: [PickleTensor] = []
  private(set) var instances: [PickleInstance] = []
  private(set) var classes: [PickleClass] = []
  var arrays: [PickleArray] = []
  var arrayTypes: [PickleArrayType] = []
  /// Texts that are not in the pickle as they mean.
  var decoded: [ByteStorage] = []
  /// Bytes of those together.
  var decodedCount = 0

  private var objects: [PickleObject] = [.none, .boolean(true), .boolean(false), .inert]
  private var tupleElements: [Int] = []
  private var lists: [[Int]] = []
  // Keys and values in turn.
  private var dictionaries: [[Int]] = []

  init(source: StoredBytes) {
    self.source = source
  }

  /// The object at `place`, which this heap gave out.
  subscript(place: Int) -> PickleObject { objects[place] }

  // MARK: Building

  /// Adds an object without parts.
  mutating func add(_ object: PickleObject) -> Int {
    objects.append(object)
    return objects.count - 1
  }

  mutating func addTuple(_ elements: some Collection<Int>) -> Int {
    let start = tupleElements.count
    tupleElements.append(contentsOf: elements)
    return add(.tuple(start: start, count: elements.count))
  }

  mutating func addList(_ elements: [Int] = []) -> Int {
    lists.append(elements)
    return add(.list(lists.count - 1))
  }

  /// Adds a dictionary of keys and values in turn.
  mutating func addDictionary(_ elements: [Int] = []) -> Int {
    dictionaries.append(elements)
    return add(.dictionary(dictionaries.count - 1))
  }

  mutating func addStorage(_ storage: PickleStorage) -> Int {
    storages.append(storage)
    return add(.storage(storages.count - 1))
  }

  mutating func addTensor(_ tensor: PickleTensor) -> Int {
    tensors.append(tensor)
    return add(.tensor(tensors.count - 1))
  }

  /// Adds a class that is not known, and what stands for it.
  mutating func addClass(_ type: PickleClass) -> PickleGlobal {
    classes.append(type)
    return .unknown(classes.count - 1)
  }

  mutating func addInstance(of type: Int, arguments: Int) -> Int {
    instances.append(PickleInstance(type: type, arguments: arguments))
    return add(.instance(instances.count - 1))
  }

  /// Gives the instance of that number the attributes in `state`, as Python's default does: a
  /// dictionary, or a pair of those of `__dict__` and of `__slots__`. Others are left alone.
  mutating func setState(_ state: Int, ofInstance instance: Int) {
    let states = elements(of: state).flatMap { $0.count == 2 ? Array($0) : nil } ?? [state]
    for case .dictionary(let dictionary) in states.map({ objects[$0] }) {
      instances[instance].attributes.append(dictionary)
    }
  }

  /// Appends keys and values in turn to the instance of that number.
  mutating func append(_ elements: [Int], toInstance instance: Int) {
    if let items = instances[instance].items {
      dictionaries[items].append(contentsOf: elements)
    } else {
      dictionaries.append(elements)
      instances[instance].items = dictionaries.count - 1
    }
  }

  /// Makes the dictionary of that number the elements of the instance of that number.
  mutating func setItems(_ dictionary: Int, ofInstance instance: Int) {
    instances[instance].items = dictionary
  }

  /// Appends `elements` to the list of that number.
  mutating func append(_ elements: [Int], toList list: Int) {
    lists[list].append(contentsOf: elements)
  }

  /// Appends keys and values in turn to the dictionary of that number.
  mutating func append(_ elements: [Int], toDictionary dictionary: Int) {
    dictionaries[dictionary].append(contentsOf: elements)
  }

  // MARK: Reading

  /// The places of a tuple's or a list's elements, nil for anything else.
  func elements(of place: Int) -> ArraySlice<Int>? {
    switch objects[place] {
    case .tuple(let start, let count): tupleElements[start..<(start + count)]
    case .list(let list): lists[list][...]
    default: nil
    }
  }

  /// The number of the dictionary at `place`, of whatever kind; nil for anything else.
  func dictionary(at place: Int) -> Int? {
    switch objects[place] {
    case .dictionary(let dictionary): dictionary
    case .instance(let instance): instances[instance].items
    default: nil
    }
  }

  /// The keys and values in turn, as they were set, of a dictionary by its number.
  func keysAndValues(ofDictionary dictionary: Int) -> [Int] { dictionaries[dictionary] }

  /// Elements of a list by its number.
  func count(ofList list: Int) -> Int { lists[list].count }

  /// The bytes of a text or a blob; valid while the heap lives.
  func bytes(of run: PickleBytes) -> UnsafeRawBufferPointer { stored(run).bytes }

  /// The bytes of a text or a blob with what holds them.
  func stored(_ run: PickleBytes) -> StoredBytes {
    let (storage, start) = run.decoded.map { (decoded[$0], 0) } ?? (source.storage, base)
    return StoredBytes(storage, (start + run.start)..<(start + run.start + run.count))
  }

  private var base: Int { source.range.lowerBound }

  /// The class of an instance as Python spells it, `chainer.variable.Variable`.
  func className(of instance: PickleInstance) throws -> String {
    let type = classes[instance.type]
    return "\(try string(type.module)).\(try string(type.name))"
  }

  /// The text itself; throws `corrupt` where it is not UTF-8, `unsupported` where it is longer than
  /// any name.
  func string(_ run: PickleBytes) throws -> String {
    guard run.count <= Self.longestName else {
      throw FCNError(
        .unsupported,
        "the name at byte \(run.start) of the pickle has \(run.count) bytes; at most "
          + "\(Self.longestName) are read")
    }
    guard let string = String(validating: bytes(of: run), as: UTF8.self) else {
      throw FCNError(.corrupt, "the text at byte \(run.start) of the pickle is not UTF-8")
    }
    return string
  }

  /// The text at `place`, nil for anything but text.
  func string(at place: Int) throws -> String? {
    guard case .text(let run) = objects[place] else { return nil }
    return try string(run)
  }

  /// The integer at `place`, nil for anything else.
  func integer(at place: Int) -> Int? {
    guard case .integer(let value) = objects[place] else { return nil }
    return value
  }

  /// The most bytes of a name. Many objects may share one, and each reads it anew.
  static let longestName = 1024
}
