/// The product of every pixel of one layer's output with every pixel of another's, summed over channels, or
/// over those of a head: what attention takes a softmax of. No layer makes it; with the values that it
/// weights it becomes one.
struct ONNXPairs {
  /// What lies along a part of one of the graph's axes.
  enum Part: Hashable { case phases, heads, one, other }

  /// The two layers.
  let one, other: String
  /// Those of all phases.
  let heads: Int
  /// How many there are: squares of pixels that became channels, each of which attends to its own kind alone.
  var phases = 1
  /// Pixels of both.
  let pixels: (one: Int, other: Int)
  /// Outermost first; an axis of one line has no part.
  var axes: [[Part]]
  /// What the products are multiplied by.
  var factor: Float = 1
  /// A size, one number, by which they are multiplied or divided too.
  var size: (name: String, isDivisor: Bool)?
  /// Along which they went through a softmax; nil where they did not.
  var softmax: Set<Part>?

  /// What lies along the axes of `view` before the last two.
  static func outer(_ view: ONNXView, _ phases: Int) -> [[Part]] {
    var left: [Part] = phases > 1 ? [.phases, .heads] : [.heads]
    return view.axes.dropLast(2).map { $0.isEmpty || left.isEmpty ? [] : [left.removeFirst()] }
  }

  func extent(_ part: Part) -> Int {
    switch part {
    case .phases: phases
    case .heads: heads / phases
    case .one: pixels.one
    case .other: pixels.other
    }
  }

  var extents: [Int] { axes.map { $0.reduce(1) { $0 * extent($1) } } }

  /// The same numbers in the same order with other extents; nil where that would divide a part.
  func reshaped(_ extents: [Int]) -> ONNXPairs? {
    var rest = axes.joined().filter { extent($0) > 1 }[...]
    var made = self
    made.axes = []
    for wanted in extents {
      var parts: [Part] = []
      var count = 1
      while count < wanted, let next = rest.popFirst() {
        parts.append(next)
        count *= extent(next)
      }
      guard count == wanted else { return nil }
      made.axes.append(parts)
    }
    return rest.isEmpty ? made : nil
  }
}
