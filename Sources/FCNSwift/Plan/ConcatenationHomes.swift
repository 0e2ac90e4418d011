/// Making what is concatenated side by side, so that nothing is copied.
enum Joining {
  /// The name by which it is switched off.
  static let name = "concatenation.joining"
}

/// Where the parts of a network's concatenations are to be made, on backends that know before.
struct ConcatenationHomes<Backend: ScheduleBackend> {
  /// A place in a concatenation.
  struct Home {
    /// The layer that concatenates; one that is part of no other.
    let whole: Int
    let variant: Backend.Variant
    let place: Backend.Place
  }

  /// Homes of what layers make, the concatenations themselves among them.
  private(set) var of: [Int: Home] = [:]
  /// Homes of the parts of each concatenation, in order.
  private(set) var parts: [Int: [Home]] = [:]

  init(_ network: Network, _ shapes: [Shape], inputShape: Shape, _ backend: Backend) {
    guard !backend.disabledForms.contains(Joining.name) else { return }
    let carriesScores = network.carriesScores
    // Later ones first: one that is part of another knows its home by then, and what two want goes to the
    // earlier, which waits for it for a shorter time.
    for (index, layer) in network.layers.enumerated().reversed()
    where layer.operation is Concatenation {
      guard let variant = backend.concatenated(carriesScores: carriesScores[index]) else {
        continue
      }
      let outer = of[index].flatMap { $0.variant == variant ? $0 : nil }
      let home =
        outer
        ?? Home(whole: index, variant: variant, place: backend.place(shapes[index], variant))
      let sources = network.inputIndices[index]
      var places: [Backend.Place] = []
      var channel = 0
      for source in sources {
        let shape = source < 0 ? inputShape : shapes[source]
        guard let place = backend.channels(of: home.place, from: channel, shape) else { break }
        places.append(place)
        channel += shape.c
      }
      guard places.count == sources.count else { continue }
      of[index] = home
      parts[index] = places.map { Home(whole: home.whole, variant: variant, place: $0) }
      for (source, part) in zip(sources, parts[index] ?? []) {
        if let maker = network.maker(of: source) { of[maker] = part }
      }
    }
  }
}

extension Network {
  /// The layer that makes what layer `index` hands on; nil for the network's input.
  fileprivate func maker(of index: Int) -> Int? {
    var index = index
    while index >= 0, layers[index].operation is Dropout { index = inputIndices[index][0] }
    return index < 0 ? nil : index
  }
}
