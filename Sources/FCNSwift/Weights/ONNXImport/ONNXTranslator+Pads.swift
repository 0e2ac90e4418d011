// Nodes that add rows and columns, or cut them off.
extension ONNXTranslator {
  /// Rows and columns added or cut off at the sides, whatever axes they lie along.
  mutating func pad(_ node: ONNXNode) throws -> ONNXValue {
    var (source, view) = try seen(node)
    if let whole = try upright(source, view) {
      (source, view) = (whole, .whole(try shape(of: whole)))
    }
    let shape = try shape(of: source)
    let pads: ONNXValue
    if let list = try node.integers("pads") {
      pads = .known(try SizeValue(list))
    } else {
      pads = try required(node, 1)
    }
    var settings = try padSettings(node, pads, view, shape)
    switch try node.text("mode", else: "constant") {
    case "constant":
      var value = try node.float("value", else: 0)
      if let operand = try operand(node, 2) {
        guard let number = try known(operand) else {
          throw FCNError(.unsupported, "the value that it pads with is computed")
        }
        value = Float(try number.single())
      }
      // Before a pool of maxima; the least number serves as well.
      if value == -.infinity { value = -.greatestFiniteMagnitude }
      guard value.isFinite else {
        throw FCNError(.unsupported, "it pads with \(value); wanted a number, or minus infinity")
      }
      if value != 0 { settings.append(("value", .given(.number(value)))) }
    case let mode where mode == "reflect" || mode == "edge":
      settings.append(("filling", .given(.string(mode))))
    case let mode:
      throw FCNError(.unsupported, "its mode is \(quoted(mode)); wanted constant, reflect or edge")
    }
    let made = try add(name(node), "pad", [source], settings)
    return .layer(made, view.resized(from: shape, to: try self.shape(of: made)))
  }

  /// What is added at each side of a value seen as `view`, of `pads`: those before all axes, then those
  /// behind.
  private mutating func padSettings(
    _ node: ONNXNode, _ pads: ONNXValue, _ view: ONNXView, _ shape: Shape
  ) throws -> [(name: String, setting: Setting)] {
    let rank = view.axes.count
    let numbers = try probed(pads).integers()
    let axes =
      try known(operand(node, 3))?.integers().map { try SizeValue.axis($0, of: rank) }
      ?? Array(0..<rank)
    guard numbers.count == 2 * axes.count else {
      throw FCNError(.corrupt, "it has \(numbers.count) pads for \(axes.count) axes")
    }
    var settings: [(name: String, setting: Setting)] = []
    for (index, axis) in axes.enumerated() {
      let (before, behind) = (index, index + axes.count)
      let place = view == .whole(shape) ? axis : view.source(of: axis, shape)
      guard let place, place > 1 else {
        guard numbers[before] == 0, numbers[behind] == 0 else {
          throw FCNError(
            .unsupported,
            "its pads of \(view.described) are \(numbers); wanted some of rows and columns alone, or of "
              + "channels alone")
        }
        continue
      }
      for (name, index) in zip(
        place == 2 ? ["top", "bottom"] : ["left", "right"], [before, behind])
      {
        let number = ONNXValue.known(try SizeValue(.integer, [], [Double(index)]))
        settings.append((name, try setting(add(.gather(axis: 0), [pads, number]))))
      }
    }
    return settings
  }
}
