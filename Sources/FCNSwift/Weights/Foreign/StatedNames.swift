/// What a pickle calls the network in it.
enum StatedNames {
  /// Keys under which training scripts keep the name of what they train.
  private static let keys: Set<String> = [
    "arch", "architecture", "model_name", "model", "network", "net",
  ]
  /// Keys under which they keep their options.
  private static let optionKeys: Set<String> = [
    "args", "opt", "options", "config", "cfg", "hparams", "hyper_parameters", "params",
  ]

  /// The texts under usual keys of the object at `root`, and the classes of it and of what stands
  /// there, in order.
  static func found(in root: Int, of heap: PickleHeap) throws -> [String] {
    var names: [String] = []
    try collect(root, heap, &names, withOptions: true)
    return names
  }

  private static func collect(
    _ place: Int, _ heap: PickleHeap, _ names: inout [String], withOptions: Bool
  ) throws {
    var dictionaries: [Int] = heap.dictionary(at: place).map { [$0] } ?? []
    if case .instance(let number) = heap[place] {
      let instance = heap.instances[number]
      names.append(try heap.string(heap.classes[instance.type].name))
      dictionaries += instance.attributes
    }
    for dictionary in dictionaries {
      // A state dict has thousands of keys, options few; more than these are not looked at.
      let places = heap.keysAndValues(ofDictionary: dictionary).prefix(2000)
      for index in stride(from: 0, to: places.count - 1, by: 2) {
        guard case .text(let key) = heap[places[index]], key.count <= 32 else { continue }
        let name = try heap.string(key)
        if keys.contains(name) {
          switch heap[places[index + 1]] {
          case .text(let text) where text.count <= 64: names.append(try heap.string(text))
          case .instance(let number):
            names.append(try heap.string(heap.classes[heap.instances[number].type].name))
          default: continue
          }
        } else if withOptions, optionKeys.contains(name) {
          try collect(places[index + 1], heap, &names, withOptions: false)
        }
      }
    }
  }
}
