extension Layer {
  /// The first form that trains, is not switched off, serves the request and takes and makes values in those
  /// layouts.
  func trainingForm(
    _ request: FormRequest, _ disabledForms: Set<String>, takes: Layout, makes: Layout
  ) -> FormChoice? {
    for form in operation.forms
    where form.trains && form.layouts == (takes, makes) && !disabledForms.contains(form.name) {
      if let prepared = form.make(request) { return FormChoice(form: form, prepared: prepared) }
    }
    return nil
  }
}

/// How the values of a network lie on the processor as it is trained: in channel blocks where all layers that
/// make them can, and somebody wants them so. Layers that take and make one layout alone, either, bind theirs
/// together.
struct TrainingLayouts {
  private var parents: [Int]
  /// Of those that stand for all bound to them: whether they must be planar, whether somebody wants blocks.
  private var (isPlanar, isWanted): ([Bool], [Bool])

  /// `serves` tells whether layer `index` has a form that takes and makes such values.
  init(
    _ topology: TrainingTopology, serves: (_ index: Int, _ takes: Layout, _ makes: Layout) -> Bool
  ) {
    let network = topology.network
    // Value −1, the network's input, comes first.
    parents = Array(0...network.layers.count)
    isPlanar = [Bool](repeating: false, count: parents.count)
    isWanted = isPlanar
    keepPlanar(-1)
    for index in topology.scoreLayers { keepPlanar(index) }
    for index in network.layers.indices {
      let sources = network.inputIndices[index]
      let (takes, makes) = (serves(index, .blocked, .planar), serves(index, .planar, .blocked))
      if takes || makes {
        if takes { for source in sources { isWanted[leader(source)] = true } }
        if !makes { keepPlanar(index) }
      } else if serves(index, .blocked, .blocked) {
        for source in sources { bind(source, index) }
      } else {
        keepPlanar(index)
        if topology.buffer(index) == topology.buffer(sources[0]) { keepPlanar(sources[0]) }
      }
    }
  }

  /// How the output of layer `index` lies.
  func layout(_ index: Int) -> Layout {
    let leader = leader(index)
    return isWanted[leader] && !isPlanar[leader] ? .blocked : .planar
  }

  private func leader(_ index: Int) -> Int {
    var place = index + 1
    while parents[place] != place { place = parents[place] }
    return place
  }

  private mutating func keepPlanar(_ index: Int) { isPlanar[leader(index)] = true }

  private mutating func bind(_ one: Int, _ other: Int) {
    let (first, second) = (leader(one), leader(other))
    parents[second] = first
    isPlanar[first] = isPlanar[first] || isPlanar[second]
    isWanted[first] = isWanted[first] || isWanted[second]
  }
}
