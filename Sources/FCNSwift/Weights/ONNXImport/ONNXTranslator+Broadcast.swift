// Values of which one has a line for all of another.
extension ONNXTranslator {
  /// Input `index` of `node`, which takes two: as it was before its lines were repeated for those of the
  /// other, where that makes no difference.
  func slim(_ node: ONNXNode, _ index: Int) throws -> ONNXValue {
    let value = try required(node, index)
    guard case .layer(let name, let view)? = unexpanded[node.inputs[index]],
      case .layer(_, let other) = try required(node, 1 - index),
      view.axes.count <= other.axes.count, ONNXView.common(view, other) == other
    else { return value }
    return .layer(name, view)
  }

  /// What `body` makes of two layers, of which the second may have one line for all, and how it is seen.
  /// Where neither lies over the other so, they are spread first. They change places where that is needed and
  /// their order does not matter.
  mutating func laidOver(
    _ one: (name: String, view: ONNXView), _ other: (name: String, view: ONNXView),
    inOrder: Bool = false, _ body: (inout ONNXTranslator, String, String) throws -> String
  ) throws -> (name: String, view: ONNXView) {
    var (one, other) = (one, other)
    if ONNXView.common(one.view, other.view) == nil {
      // Where rows and columns of one changed places.
      func upright(
        _ value: (name: String, view: ONNXView), _ rank: Int
      ) throws -> (name: String, view: ONNXView) {
        var view = value.view
        view.axes = [[ONNXView.Part]](repeating: [], count: 4 - rank) + view.axes
        guard let whole = try self.upright(value.name, view) else { return value }
        var seen = ONNXView.whole(try shape(of: whole))
        seen.axes.removeFirst(4 - rank)
        return (whole, seen)
      }
      let rank = max(one.view.axes.count, other.view.axes.count)
      if rank <= 4 {
        (one, other) = try (
          upright(one, one.view.axes.count), upright(other, other.view.axes.count)
        )
      }
    }
    if ONNXView.common(one.view, other.view) == nil {
      if let spread = try spreadGroups(one, like: other) {
        one = spread
      } else if let spread = try spreadGroups(other, like: one) {
        other = spread
      }
    }
    guard let common = ONNXView.common(one.view, other.view) else {
      if one.view.described == other.view.described { throw unequal(one.view, other.view) }
      throw FCNError(
        .unsupported,
        "its inputs are \(one.view.described) and \(other.view.described), whose axes are of different "
          + "things")
    }
    let (a, b) = try (shape(of: one.name), shape(of: other.name))
    func covers(_ a: Shape, _ b: Shape) -> Bool {
      zip([a.c, a.h, a.w], [b.c, b.h, b.w]).allSatisfy { $0 == $1 || $1 == 1 }
    }
    if covers(a, b) || inOrder && covers(b, a) {
      return (try body(&self, one.name, other.name), common)
    }
    if covers(b, a) { return (try body(&self, other.name, one.name), common) }
    let spread = try spread(one.name, over: other.name)
    return (try body(&self, spread, other.name), common)
  }

  /// That two values that are computed with together are of different sizes.
  func unequal(_ one: ONNXView, _ other: ONNXView) -> FCNError {
    FCNError(
      .shapeMismatch,
      "for a picture of \(probe.h)×\(probe.w) its inputs are \(one.extents) and \(other.extents), which do "
        + "not fit together; the graph may hold sizes of the picture that it was exported with, whatever it "
        + "leaves open: export it for one size")
  }

  /// The lines of `source`, repeated along what it has one line of and `other` several.
  mutating func spread(_ source: String, over other: String) throws -> String {
    var made = source
    let (own, wanted) = try (shape(of: source), shape(of: other))
    if own.c == 1, wanted.c > 1 {
      guard wanted.c <= 1024 else {
        throw FCNError(.unsupported, "a channel would be repeated \(wanted.c) times; 1024 are read")
      }
      made = try add(
        "\(source).channels", "concatenation", [String](repeating: made, count: wanted.c))
    }
    guard own.h == 1 && wanted.h > 1 || own.w == 1 && wanted.w > 1 else { return made }
    let sides = try [(2, own.h), (3, own.w)].map { axis, extent in
      let measured = try measured(extent == 1 ? other : source)
      return try add(.gather(axis: 0), [measured, .known(SizeValue([axis]))])
    }
    return try add(
      "\(source).spread", "resize", [made],
      [
        ("interpolation", .given("nearest")), ("coordinates", .given("asymmetric")),
        ("size", setting(add(.concatenate(axis: 0), sides))),
      ])
  }

  /// A layer's output and a number that follows from shapes, added or taken off.
  mutating func movedBySize(
    _ node: ONNXNode, _ source: String, _ size: ONNXValue, isFirst: Bool
  ) throws -> String {
    let name = name(node)
    let floats = try add(.cast(.float), [size])
    let number = try add(.reshape, [floats, .known(SizeValue([]))])
    let ones = try add(
      "\(name).ones", "clip", [source],
      [("low", .given(.number(1))), ("high", .given(.number(1)))])
    let numbers = try add("\(name).numbers", "scale", [ones], [("factor", setting(number))])
    if node.operation == "Add" { return try add(name, "sum", [source, numbers]) }
    return try add(name, "difference", isFirst ? [source, numbers] : [numbers, source])
  }
}
