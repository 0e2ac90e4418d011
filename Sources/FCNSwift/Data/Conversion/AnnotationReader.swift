/// Reads what a tool left.
protocol AnnotationReader: Sendable {
  /// What is in `inputs`; pictures lie in `images`, or, where that is nil, where the tool leaves them.
  func read(_ inputs: [AnnotationFiles], images: AnnotationFiles?) throws -> AnnotationSet
}

extension AnnotationSet {
  /// Puts the labels into another order: the new label i is the old one `order[i]`.
  mutating func reorderLabels(_ order: [Int]) {
    var places = [Int](repeating: 0, count: order.count)
    for (place, label) in order.enumerated() { places[label] = place }
    let old = labels
    // Emptied first, so that places are noted anew.
    labels = []
    for label in order { _ = index(ofLabel: old[label]) }
    for index in pictures.indices {
      guard case .regions(var regions) = pictures[index].content else { continue }
      for region in regions.indices { regions[region].label = places[regions[region].label] }
      pictures[index].content = .regions(regions)
    }
  }
}
