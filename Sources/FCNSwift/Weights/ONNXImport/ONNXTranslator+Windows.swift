// Adaptive pools as exporters write them for one size: pixels gathered by a table, and their means.
extension ONNXTranslator {
  /// The pixels that a GatherND takes by a table; nil where it is another.
  func gatheredWindows(_ node: ONNXNode) throws -> ONNXWindows? {
    let (source, view) = try seen(node)
    let shape = try shape(of: source)
    guard node.operation == "GatherND", view == ONNXView.whole(shape).moved([2, 3, 0, 1]),
      try node.integer("batch_dims", else: 0) == 0
    else { return nil }
    switch try operand(node, 1) {
    case .table(let table)?:
      return ONNXWindows(source, extents: table.extents, table.integers(), shape)
    case .known(let table)?:
      return ONNXWindows(source, extents: table.extents, try table.integers(), shape)
    default: return nil
    }
  }

  /// The gathered pixels that `node` takes; nil where it takes none.
  func windows(_ node: ONNXNode) throws -> ONNXWindows? {
    for index in node.inputs.indices {
      if case .windows(let windows)? = try operand(node, index) { return windows }
    }
    return nil
  }

  /// What `node` makes of gathered pixels. Read is what becomes the means of an adaptive pool's windows.
  mutating func changed(_ node: ONNXNode, _ windows: ONNXWindows) throws -> ONNXValue {
    var made = windows
    switch node.operation {
    case "Transpose":
      let order = try node.integers("perm") ?? windows.axes.indices.reversed()
      guard order.sorted() == Array(windows.axes.indices) else { throw Self.notAdaptive() }
      made.axes = order.map { windows.axes[$0] }
    case "Where":
      guard case .windows? = try operand(node, 2), case (_, 0)? = try uniform(required(node, 1)),
        windows.added.isEmpty, let mask = try known(operand(node, 0)),
        let masked = windows.masked(mask)
      else { throw Self.notAdaptive() }
      made = masked
    case "Gather":
      let axis = try SizeValue.axis(node.integer("axis", else: 0), of: windows.axes.count)
      guard case .windows? = try operand(node, 0), let index = try known(operand(node, 1)),
        index.extents.isEmpty, let extent = windows.extent(windows.axes[axis]),
        let place = try index.integers().first, (0..<extent).contains(place)
      else { throw Self.notAdaptive() }
      switch made.axes.remove(at: axis) {
      case .rowPlace: made.row = place
      case .columnPlace: made.column = place
      default: throw Self.notAdaptive()
      }
      if let row = made.row, let column = made.column {
        made.added = [row * windows.columns[0].count + column]
      }
    case "Add":
      guard case .windows(let one) = try required(node, 0),
        case .windows(let other) = try required(node, 1), one.source == other.source,
        one.rows == other.rows, one.columns == other.columns, one.axes == other.axes,
        !one.added.isEmpty, !other.added.isEmpty, one.added.isDisjoint(with: other.added)
      else { throw Self.notAdaptive() }
      made.added = one.added.union(other.added)
    case "ReduceMean": return try meanUnderWindows(node, windows)
    case "Div": return try quotientUnderWindows(node, windows)
    default: throw Self.notAdaptive()
    }
    return .windows(made)
  }

  static func notAdaptive() -> FCNError {
    FCNError(
      .unsupported,
      "it takes pixels that are gathered by a table; read are the means of an adaptive average pool's "
        + "windows alone")
  }

  private mutating func meanUnderWindows(
    _ node: ONNXNode, _ windows: ONNXWindows
  ) throws -> ONNXValue {
    let axes = Set(
      try (integers(node, "axes", orInput: 1) ?? []).map {
        try SizeValue.axis($0, of: windows.axes.count)
      })
    guard try node.integer("keepdims", else: 1) == 0,
      (windows.rows + windows.columns).joined().allSatisfy({ $0 != nil }),
      Set(axes.map { windows.axes[$0] }) == [.rowPlace, .columnPlace]
    else { throw Self.notAdaptive() }
    let left = windows.axes.enumerated().filter { !axes.contains($0.offset) }.map(\.element)
    return try adaptivePool(node, windows, left)
  }

  /// The sum of all places by how many of them are no zeros.
  private mutating func quotientUnderWindows(
    _ node: ONNXNode, _ windows: ONNXWindows
  ) throws -> ONNXValue {
    guard case .windows? = try operand(node, 0), let divisor = try known(operand(node, 1)),
      divisor.extents.count == 2, let rowPlaces = windows.rows.first?.count,
      let columnPlaces = windows.columns.first?.count,
      windows.added.count == rowPlaces * columnPlaces
    else { throw Self.notAdaptive() }
    func counts(_ lines: [[Int?]]) -> [Int] { lines.map { $0.compactMap { $0 }.count } }
    let (rows, columns) = (counts(windows.rows), counts(windows.columns))
    let (height, width) = (divisor.extents[0], divisor.extents[1])
    guard height == 1 || height == rows.count, width == 1 || width == columns.count else {
      throw Self.notAdaptive()
    }
    for (i, row) in rows.enumerated() {
      for (j, column) in columns.enumerated() {
        let place = (height == 1 ? 0 : i) * width + (width == 1 ? 0 : j)
        guard divisor.elements[place] == Double(row * column) else { throw Self.notAdaptive() }
      }
    }
    return try adaptivePool(node, windows, windows.axes)
  }

  private mutating func adaptivePool(
    _ node: ONNXNode, _ windows: ONNXWindows, _ axes: [ONNXWindows.Part]
  ) throws -> ONNXValue {
    guard axes == [.pictures, .channels, .rowWindow, .columnWindow],
      windows.isAdaptive(try shape(of: windows.source))
    else { throw Self.notAdaptive() }
    let bins = Extent(windows.rows.count, windows.columns.count)
    let made = try add(
      name(node), "adaptive_average_pool", [windows.source], [("bins", .given(bins.json))])
    return .layer(made, .whole(try shape(of: made)))
  }
}
