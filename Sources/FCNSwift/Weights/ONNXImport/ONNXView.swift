/// How a graph sees a layer's output, which is N×C×H×W of one picture: along each of the graph's axes lie
/// parts of the channels, rows and columns, outermost first.
///
/// Reshapes and transposes only make another view; nothing moves until an operation wants the usual order.
struct ONNXView: Hashable {
  /// Lines of channels (1), rows (2) or columns (3): every `step`-th, `extent` of them. An axis of one
  /// line has no part.
  struct Part: Hashable {
    let axis: Int
    let extent: Int
    let step: Int
  }

  var axes: [[Part]]

  /// N×C×H×W.
  static func whole(_ shape: Shape) -> ONNXView {
    ONNXView(axes: [[], whole(1, shape), whole(2, shape), whole(3, shape)])
  }

  /// All lines of one of channels, rows and columns.
  static func whole(_ axis: Int, _ shape: Shape) -> [Part] {
    let extent = [shape.n, shape.c, shape.h, shape.w][axis]
    return extent == 1 ? [] : [Part(axis: axis, extent: extent, step: 1)]
  }

  var extents: [Int] { axes.map { $0.reduce(1) { $0 * $1.extent } } }

  /// Which of channels, rows and columns lies along `axis`, whole and alone; nil for an axis of one, and
  /// where it is none of them.
  func source(of axis: Int, _ shape: Shape) -> Int? {
    guard axes[axis].count == 1 else { return nil }
    return (1...3).first { Self.whole($0, shape) == axes[axis] }
  }

  /// The axes in another order: the k-th becomes the one that `order` names k-th.
  func moved(_ order: [Int]) -> ONNXView { ONNXView(axes: order.map { axes[$0] }) }

  /// The same numbers in the same order with other extents; nil where that would mix up parts.
  func reshaped(_ extents: [Int]) -> ONNXView? {
    var rest = Self.merged(Array(axes.joined()))
    var made: [[Part]] = []
    for extent in extents {
      var (left, parts): (Int, [Part]) = (extent, [])
      while left > 1 {
        guard let first = rest.first else { return nil }
        if left % first.extent == 0 {
          parts.append(rest.removeFirst())
          left /= first.extent
        } else if first.extent % left == 0 {
          let inner = first.extent / left
          parts.append(Part(axis: first.axis, extent: left, step: first.step * inner))
          rest[0] = Part(axis: first.axis, extent: inner, step: first.step)
          left = 1
        } else {
          return nil
        }
      }
      made.append(Self.merged(parts))
    }
    return rest.isEmpty ? ONNXView(axes: made) : nil
  }

  /// Neighbours that are one division of an axis put together again.
  static func merged(_ parts: [Part]) -> [Part] {
    parts.reduce(into: []) { made, part in
      if let last = made.last, last.axis == part.axis, last.step == part.step * part.extent {
        made[made.count - 1] = Part(
          axis: part.axis, extent: last.extent * part.extent, step: part.step)
      } else {
        made.append(part)
      }
    }
  }

  /// Which index along `axis`, of which channels alone are a part, channel `channel` has.
  func index(of channel: Int, along axis: Int) -> Int {
    axes[axis].reduce(0) { $0 * $1.extent + channel / $1.step % $1.extent }
  }

  /// Which index along `axis` the element of picture, channel, row and column `place` has.
  func index(of place: [Int], along axis: Int) -> Int {
    axes[axis].reduce(0) { $0 * $1.extent + place[$1.axis] / $1.step % $1.extent }
  }

  /// The view of two values that are computed with element by element; nil where their axes are of
  /// different things.
  static func common(_ one: ONNXView, _ other: ONNXView) -> ONNXView? {
    let rank = max(one.axes.count, other.axes.count)
    func padded(_ view: ONNXView) -> [[Part]] {
      [[Part]](repeating: [], count: rank - view.axes.count) + view.axes
    }
    var made: [[Part]] = []
    for (a, b) in zip(padded(one), padded(other)) {
      guard a == b || a.isEmpty || b.isEmpty else { return nil }
      made.append(a.isEmpty ? b : a)
    }
    return ONNXView(axes: made)
  }

  /// For messages.
  var described: String {
    let names = axes.map { parts in
      parts.isEmpty
        ? "1"
        : parts.map { part in
          let name = ["N", "C", "H", "W"][part.axis]
          let isWhole =
            part.step == 1 && !axes.joined().contains { $0.axis == part.axis && $0 != part }
          return isWhole ? name : "\(part.extent) of \(name)"
        }.joined(separator: "·")
    }
    return names.isEmpty ? "a number" : names.joined(separator: "×")
  }
}
