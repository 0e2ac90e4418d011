/// Finds, in what a PyTorch file holds, the dictionary of a network's tensors.
struct TorchStateDict {
  /// A tensor's name, and its number in the heap.
  struct Member {
    let name: String
    let tensor: Int
  }

  /// What training scripts call it beside the optimizer's and other state, likeliest first.
  private static let usualNames = ["model_state_dict", "state_dict", "model", "net", "weights"]

  /// A dictionary within another, by its key and its number.
  private struct Candidate {
    let name: String
    let dictionary: Int
  }

  private let heap: PickleHeap
  // What `floatCount` found, by dictionary: one can be the value of any number of keys.
  private var floatCounts: [Int: Int] = [:]

  /// The float tensors of the state dict in the object at `root`, in the order of the file, and those of
  /// other dictionaries or networks beside it, with their keys before their names.
  ///
  /// That is `root` itself, or the one dictionary of tensors in it, or, of several, the one under a
  /// usual name; they are looked for one level deeper if there is none. Whatever is no float tensor
  /// is left out, and so is the `module.` that data parallelism puts before every name. Throws
  /// `unsupported` with what was found instead.
  static func members(
    of root: Int, in heap: PickleHeap
  ) throws -> (own: [Member], besides: [Member]) {
    var finder = TorchStateDict(heap: heap)
    if let dictionary = heap.dictionary(at: root) {
      return try finder.members(in: dictionary)
    }
    if let members = try finder.module(at: root) { return (members, []) }
    throw FCNError(
      .unsupported,
      "the file holds \(try describe(heap[root], in: heap)); wanted a dictionary of tensors: save "
        + "the network's state_dict()")
  }

  /// The float tensors of a network that was saved as a whole: an object with a module's attributes.
  private func module(at place: Int) throws -> [Member]? {
    guard case .instance = heap[place] else { return nil }
    let members = try PickledObjects.members(of: place, in: heap).compactMap { member in
      floatTensor(at: member.place).map {
        Member(name: member.path.joined(separator: "."), tensor: $0)
      }
    }
    return members.isEmpty ? nil : Self.withoutCommonPrefix(members)
  }

  private mutating func members(
    in root: Int
  ) throws -> (own: [Member], besides: [Member]) {
    do {
      let found = try find(in: root)
      return (try members(of: found), try besides(found, in: root))
    } catch let error as FCNError where floatCount(of: root) == 0 {
      // There may be a network that is an object, under a usual name or the only one.
      var found = try modules(in: root)
      let usual = Self.usualNames.lazy.compactMap { name in
        found.firstIndex { $0.name == name }
      }.first
      guard let chosen = usual ?? (found.count == 1 ? 0 : nil) else { throw error }
      let own = found.remove(at: chosen)
      return (own.members, found.flatMap { Self.members($0.members, under: $0.name) })
    }
  }

  /// The networks that are objects in the dictionary at `root`, each once, with their keys.
  private func modules(in root: Int) throws -> [(name: String, members: [Member])] {
    let places = heap.keysAndValues(ofDictionary: root)
    var seen: Set<Int> = []
    return try stride(from: 0, to: places.count - 1, by: 2).compactMap { index in
      guard seen.insert(places[index + 1]).inserted,
        let members = try module(at: places[index + 1]),
        let name = try heap.string(at: places[index])
      else { return nil }
      return (name, members)
    }
  }

  /// The float tensors of dictionaries in the one at `root`, or one level deeper, but for `chosen`, and of
  /// networks in it.
  private mutating func besides(_ chosen: Int, in root: Int) throws -> [Member] {
    var all = try candidates(in: [root])
    for outer in all {
      all += try candidates(in: [outer.dictionary]).map {
        Candidate(name: "\(outer.name).\($0.name)", dictionary: $0.dictionary)
      }
    }
    var seen: Set = [chosen, root]
    // What is an object and cannot be read is no reason to do without the weights that can.
    let modules = (try? modules(in: root)) ?? []
    return try all.filter { seen.insert($0.dictionary).inserted }
      .flatMap { Self.members(try members(of: $0.dictionary), under: $0.name) }
      + modules.flatMap { Self.members($0.members, under: $0.name) }
  }

  private static func members(_ members: [Member], under name: String) -> [Member] {
    members.map { Member(name: "\(name).\($0.name)", tensor: $0.tensor) }
  }

  private init(heap: PickleHeap) {
    self.heap = heap
  }

  // MARK: Choosing

  private mutating func find(in root: Int) throws -> Int {
    let inner = try candidates(in: [root])
    if let usual = Self.usual(inner.filter { floatCount(of: $0.dictionary) > 0 }) { return usual }
    if floatCount(of: root) > 0 { return root }
    if let only = try only(inner) { return only }
    if let only = try only(try candidates(in: inner.map(\.dictionary))) { return only }
    throw FCNError(
      .unsupported,
      "the file holds a dictionary without float tensors, with the keys "
        + "\(listed(try keys(of: root).map(quoted))); save the network's state_dict()")
  }

  /// The one of `candidates` that has float tensors, or the one of those under a usual name.
  private mutating func only(_ candidates: [Candidate]) throws -> Int? {
    let withFloats = candidates.filter { floatCount(of: $0.dictionary) > 0 }
    if let usual = Self.usual(withFloats) { return usual }
    guard withFloats.count <= 1 else {
      throw FCNError(
        .unsupported,
        "the file holds several dictionaries of tensors, "
          + "\(listed(withFloats.map { quoted($0.name) })); save the network's own alone")
    }
    return withFloats.first?.dictionary
  }

  private static func usual(_ candidates: [Candidate]) -> Int? {
    for name in usualNames {
      if let candidate = candidates.first(where: { $0.name == name }) {
        return candidate.dictionary
      }
    }
    return nil
  }

  /// Every dictionary that is a value in one of `dictionaries`, once.
  private func candidates(in dictionaries: [Int]) throws -> [Candidate] {
    var candidates: [Candidate] = []
    var seen: Set<Int> = []
    for outer in dictionaries {
      let places = heap.keysAndValues(ofDictionary: outer)
      for index in stride(from: 0, to: places.count - 1, by: 2) {
        guard let inner = heap.dictionary(at: places[index + 1]),
          let name = try heap.string(at: places[index]), seen.insert(inner).inserted
        else { continue }
        candidates.append(Candidate(name: name, dictionary: inner))
      }
    }
    return candidates
  }

  private mutating func floatCount(of dictionary: Int) -> Int {
    if let count = floatCounts[dictionary] { return count }
    let places = heap.keysAndValues(ofDictionary: dictionary)
    var count = 0
    for index in stride(from: 0, to: places.count - 1, by: 2) {
      if case .text = heap[places[index]], floatTensor(at: places[index + 1]) != nil { count += 1 }
    }
    floatCounts[dictionary] = count
    return count
  }

  private func floatTensor(at place: Int) -> Int? {
    guard case .tensor(let tensor) = heap[place], case .float = heap.tensors[tensor].element else {
      return nil
    }
    return tensor
  }

  // MARK: What is in it

  private func members(of dictionary: Int) throws -> [Member] {
    let places = heap.keysAndValues(ofDictionary: dictionary)
    var members: [Member] = []
    var indexByName: [String: Int] = [:]
    for index in stride(from: 0, to: places.count - 1, by: 2) {
      guard let tensor = floatTensor(at: places[index + 1]),
        let name = try heap.string(at: places[index])
      else { continue }
      // As in Python, what is set twice keeps its place and has the later value.
      if let earlier = indexByName.updateValue(members.count, forKey: name) {
        indexByName[name] = earlier
        members[earlier] = Member(name: name, tensor: tensor)
      } else {
        members.append(Member(name: name, tensor: tensor))
      }
    }
    return Self.withoutCommonPrefix(members)
  }

  private static func withoutCommonPrefix(_ members: [Member]) -> [Member] {
    let prefix = "module."
    guard members.allSatisfy({ $0.name.hasPrefix(prefix) }) else { return members }
    return members.map {
      Member(name: String($0.name.dropFirst(prefix.count)), tensor: $0.tensor)
    }
  }

  private func keys(of dictionary: Int) throws -> [String] {
    // More than would be listed is not looked at.
    let places = heap.keysAndValues(ofDictionary: dictionary).prefix(400)
    return try stride(from: places.startIndex, to: places.endIndex, by: 2).compactMap {
      try heap.string(at: places[$0])
    }
  }

  private static func describe(_ object: PickleObject, in heap: PickleHeap) throws -> String {
    switch object {
    case .instance(let instance):
      "an object of the class \(quoted(try heap.className(of: heap.instances[instance]))) without "
        + "tensors"
    case .array: "a single NumPy array"
    case .tensor: "a single tensor"
    case .list(let list): "a list of \(heap.count(ofList: list))"
    case .tuple(_, let count): "a tuple of \(count)"
    case .storage: "a storage"
    case .none: "None"
    case .boolean, .integer, .text, .blob: "a single value"
    case .inert, .global, .dictionary, .arrayType: "an object of another kind"
    }
  }
}
