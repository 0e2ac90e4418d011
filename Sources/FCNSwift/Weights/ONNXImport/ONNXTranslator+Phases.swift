// Attention between the pixels that stand at the same place of squares, as MobileViT has it: with those
// places as channels it is attention in heads.
extension ONNXTranslator {
  /// A value of which the places within squares of `block` × `block` pixels lie along the first axis,
  /// with these as channels: what makes it so, how that is seen, and how many places there are.
  typealias Phased = (name: String, view: ONNXView, block: Int, phases: Int)

  /// `source` in phases; nil where it is seen in another way.
  mutating func phased(_ source: String, _ view: ONNXView) throws -> Phased? {
    let shape = try shape(of: source)
    guard let place = view.axes.dropLast(2).firstIndex(where: { !$0.isEmpty }),
      let block = view.axes[place].first?.extent, block > 1,
      view.axes[place] == [2, 3].map({ .init(axis: $0, extent: block, step: 1) }),
      shape.h % block == 0, shape.w % block == 0
    else { return nil }
    var seen = view
    for (axis, parts) in view.axes.enumerated() {
      seen.axes[axis] = ONNXView.merged(
        parts.map { part in
          switch (part.axis, part.step) {
          case (1, _): part
          case (2, 1): .init(axis: 1, extent: block, step: block * shape.c)
          case (3, 1): .init(axis: 1, extent: block, step: shape.c)
          default: .init(axis: part.axis, extent: part.extent, step: part.step / block)
          }
        })
    }
    let made = try add(
      "\(source).phases", "space_to_depth", [source], [("block", .given(.number(block)))])
    return (made, seen, block, block * block)
  }

  /// Attention in phases, with the pixels put back where they stood.
  mutating func phasedAttention(
    _ node: ONNXNode, _ pairs: ONNXPairs, turned: Bool, _ values: String, _ view: ONNXView
  ) throws -> ONNXValue {
    guard let value = try phased(values, view), value.phases == pairs.phases,
      case .layer(let made, var seen) = try attention(
        node, pairs, turned: turned, value.name, value.view),
      let place = view.axes.firstIndex(where: { !$0.isEmpty })
    else { throw Self.notAttention() }
    let pixels = try add(
      "\(name(node)).pixels", "depth_to_space", [made],
      [("block", .given(.number(value.block))), ("order", .given("dcr"))])
    let shape = try shape(of: pixels)
    seen.axes[place] = view.axes[place]
    seen.axes[seen.axes.count - (turned ? 1 : 2)] = [2, 3].flatMap {
      ONNXView.outer($0, shape, value.block)
    }
    return .layer(pixels, seen)
  }

  /// The block of squares whose places lie along the first axis of `view`, before the channels and the
  /// rows and columns of squares: 1 where they do not. TensorFlow writes dilated convolutions so.
  func phaseBlock(_ source: String, _ view: ONNXView) throws -> Int {
    let shape = try shape(of: source)
    guard view.axes.count == 4, let block = view.axes[0].first?.extent, block > 1,
      shape.h % block == 0, shape.w % block == 0, view == .inPhases(shape, block)
    else { return 1 }
    return block
  }

  /// SpaceToDepth or DepthToSpace where what is N or C to it is something else: pixels are only seen in
  /// another way; nil where it is of N×C×H×W.
  mutating func rearranged(_ node: ONNXNode) throws -> ONNXValue? {
    let (source, view) = try seen(node)
    let block = try node.integer("blocksize", else: 1)
    guard view.axes.count == 4, try upright(source, view) == nil, (2...4096).contains(block) else {
      return nil
    }
    let (n, c, h, w) = (view.extents[0], view.extents[1], view.extents[2], view.extents[3])
    let made: ONNXView?
    if node.operation == "SpaceToDepth" {
      guard h % block == 0, w % block == 0 else {
        throw FCNError(.shapeMismatch, "\(h)×\(w) cannot be divided into squares of \(block)")
      }
      made = view.reshaped([n, c, h / block, block, w / block, block])?
        .moved([0, 3, 5, 1, 2, 4]).reshaped([n, c * block * block, h / block, w / block])
    } else {
      guard c % (block * block) == 0 else {
        throw FCNError(.shapeMismatch, "\(c) channels cannot become squares of \(block)")
      }
      let rest = c / block / block
      let isFirst = try node.text("mode", else: "DCR") == "DCR"
      made = view.reshaped(
        isFirst ? [n, block, block, rest, h, w] : [n, rest, block, block, h, w])?
        .moved(isFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
        .reshaped([n, rest, h * block, w * block])
    }
    return try made.map { try placed(node, source, $0) }
  }
}

extension ONNXView {
  /// The places in squares of `block` × `block` pixels as pictures, each of the channels with its rows
  /// and columns.
  static func inPhases(_ shape: Shape, _ block: Int) -> ONNXView {
    ONNXView(axes: [
      [2, 3].map { .init(axis: $0, extent: block, step: 1) }, whole(1, shape),
      outer(2, shape, block), outer(3, shape, block),
    ])
  }
}
