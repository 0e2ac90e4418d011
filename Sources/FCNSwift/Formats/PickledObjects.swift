/// Finds the arrays and tensors of a network that was pickled as a whole: an object, with objects for
/// its layers.
///
/// Objects do nothing here; what they were is told from their attributes. PyTorch's modules keep
/// tensors in `_parameters` and `_buffers` and layers in `_modules`. Chainer's links have both for
/// attributes of their own.
struct PickledObjects {
  /// An array or tensor, by the names that lead to it and its place in the heap.
  struct Member {
    let path: [String]
    let place: Int
  }

  /// How many objects within one another are looked at. A network's layers are a few levels deep.
  private static let deepestNesting = 32
  /// More than any network has; keeps what is made of a file that lies in proportion to it.
  private static let mostMembers = 100_000

  /// What Chainer's links call arrays that are parameters or go with them. Others are gradients, or
  /// what is left of the last pass.
  private static let arrayNames: Set<String> = ["W", "b", "gamma", "beta", "avg_mean", "avg_var"]
  /// Classes that hold one array, and functions that make them: Chainer's and CuPy's.
  private static let holders: Set<String> = [
    "Variable", "Parameter", "_recover_parameter", "array",
  ]

  private let heap: PickleHeap
  private var members: [Member] = []
  // Objects that were looked at: by their number, dictionaries and lists likewise.
  private var seen: Set<Seen> = []

  private enum Seen: Hashable {
    case instance(Int)
    case dictionary(Int)
    case list(Int)
  }

  /// Every array and tensor that names lead to from `root`, each object once.
  static func members(of root: Int, in heap: PickleHeap) throws -> [Member] {
    var objects = PickledObjects(heap: heap)
    try objects.visit(root, [], isWithinObject: false)
    return objects.members
  }

  private init(heap: PickleHeap) {
    self.heap = heap
  }

  private mutating func visit(_ place: Int, _ path: [String], isWithinObject: Bool) throws {
    guard path.count <= Self.deepestNesting, members.count < Self.mostMembers else { return }
    switch heap[place] {
    case .tensor, .array: members.append(Member(path: path, place: place))
    case .instance(let instance):
      if let array = try heldArray(place) {
        members.append(Member(path: path, place: array))
      } else if seen.insert(.instance(instance)).inserted {
        try visit(heap.instances[instance], path)
      }
    case .dictionary(let dictionary):
      guard seen.insert(.dictionary(dictionary)).inserted else { return }
      try visit(
        try entries(of: [dictionary]), path, allowed: isWithinObject ? Self.arrayNames : nil)
    case .list(let list):
      guard seen.insert(.list(list)).inserted else { return }
      for (index, element) in (heap.elements(of: place) ?? []).enumerated() {
        // Lists of numbers and texts may be long.
        guard isContainer(element) else { continue }
        try visit(element, path + ["\(index)"], isWithinObject: isWithinObject)
      }
    default: return
    }
  }

  private mutating func visit(_ instance: PickleInstance, _ path: [String]) throws {
    let attributes = try entries(of: instance.attributes)
    func attribute(_ name: String) -> Int? { attributes.last { $0.name == name }?.place }
    let torch = ["_parameters", "_buffers", "_modules"].compactMap(attribute)
    if !torch.isEmpty {
      for place in torch {
        guard let dictionary = heap.dictionary(at: place) else { continue }
        try visit(try entries(of: [dictionary]), path, allowed: nil)
      }
      return
    }
    // Links say which of their attributes are parameters; most have the usual names.
    var names = Self.arrayNames
    for list in ["_params", "_persistent"] {
      for place in attribute(list).flatMap({ heap.elements(of: $0) }) ?? [] {
        if let name = try heap.string(at: place) { names.insert(name) }
      }
    }
    if let children = attribute("_children"), case .list = heap[children] {
      // Those of a list of links have numbers for names; those of others are attributes as well.
      try visit(children, path, isWithinObject: true)
    }
    let items = try instance.items.map { try entries(of: [$0]) } ?? []
    try visit(attributes.filter { $0.name != "_children" } + items, path, allowed: names)
  }

  /// Looks at what `entries` name, arrays only where they are `allowed`.
  private mutating func visit(
    _ entries: [(name: String, place: Int)], _ path: [String], allowed: Set<String>?
  ) throws {
    for (name, place) in entries where isContainer(place) {
      let isArray = try isLeaf(place)
      if isArray, let allowed, !allowed.contains(name) { continue }
      try visit(place, path + [name], isWithinObject: allowed != nil)
    }
  }

  private func isContainer(_ place: Int) -> Bool {
    switch heap[place] {
    case .tensor, .array, .instance, .dictionary, .list: true
    default: false
    }
  }

  private func isLeaf(_ place: Int) throws -> Bool {
    switch heap[place] {
    case .tensor, .array: true
    default: try heldArray(place) != nil
    }
  }

  /// The array that a variable, parameter or CuPy array at `place` holds; nil for anything else.
  private func heldArray(_ place: Int, depth: Int = 0) throws -> Int? {
    guard depth < 4, case .instance(let number) = heap[place] else { return nil }
    let instance = heap.instances[number]
    guard Self.holders.contains(try heap.string(heap.classes[instance.type].name)) else {
      return nil
    }
    let attributes = try entries(of: instance.attributes)
    var candidates = ["data", "_data", "array"].compactMap { name in
      attributes.last { $0.name == name }?.place
    }
    candidates += heap.elements(of: instance.arguments)?.prefix(1) ?? []
    for candidate in candidates {
      let inner = heap.elements(of: candidate)?.first ?? candidate
      if case .array = heap[inner] { return inner }
      if let array = try heldArray(inner, depth: depth + 1) { return array }
    }
    return nil
  }

  /// Keys that are texts with their values; what is set twice has its later value.
  private func entries(of dictionaries: [Int]) throws -> [(name: String, place: Int)] {
    var entries: [(name: String, place: Int)] = []
    var indexByName: [String: Int] = [:]
    for dictionary in dictionaries {
      let places = heap.keysAndValues(ofDictionary: dictionary)
      for index in stride(from: 0, to: places.count - 1, by: 2) {
        guard let name = try heap.string(at: places[index]) else { continue }
        if let earlier = indexByName[name] {
          entries[earlier].place = places[index + 1]
        } else {
          indexByName[name] = entries.count
          entries.append((name, places[index + 1]))
        }
      }
    }
    return entries
  }
}
