/// One axis of a network on inputs of one size: how many positions each layer has, and on which of its
/// inputs' they depend. What says whether a part of a picture is segmented as in the whole.
struct NetworkAxis {
  private struct Node {
    let layer: Layer
    /// Those of its inputs whose values it reads; −1 is the network's input.
    let inputs: [Int]
    let reach: Reach
    let count: Int
  }

  private let axis: PictureAxis
  private let inputCount: Int
  private let nodes: [Node]
  /// What enlarges the scores at the end; nil where nothing does.
  let lastResize: BilinearAxis?

  /// Of `network` on inputs of `shape`. Throws `unsupported` where a layer sees all of a picture at once.
  init(_ network: Network, _ shape: Shape, _ axis: PictureAxis) throws {
    let (network, last) = try network.concrete(for: shape).leavingLastResize(for: shape)
    lastResize = last.map { axis == .rows ? $0.rows : $0.columns }
    self.axis = axis
    inputCount = axis.count(shape)
    let shapes = try network.shapes(for: shape)
    func shapeOf(_ index: Int) -> Shape { index < 0 ? shape : shapes[index] }
    nodes = try zip(network.layers, zip(network.inputIndices, shapes)).map { layer, place in
      let (indices, output) = place
      let inputs = layer.operation.readsFirstInputOnly ? [indices[0]] : indices
      let own = shapeOf(inputs[0])
      guard let operation = layer.operation as? any LocalOperation,
        // One line for all is of the whole picture.
        inputs.allSatisfy({ axis.count(shapeOf($0)) == axis.count(own) })
      else {
        throw FCNError(
          .unsupported,
          "layer \(layer.name) (\(type(of: layer.operation).name)) sees the whole picture at once, so this "
            + "network cannot go through a picture in tiles; segment the picture as a whole")
      }
      return Node(
        layer: layer, inputs: inputs, reach: operation.reach(axis, own, output),
        count: axis.count(output))
    }
  }

  /// The scores' positions that the network's output positions `kept` are made of.
  private func scores(_ kept: Range<Int>) -> Range<Int> {
    guard let lastResize, let last = kept.last else { return kept }
    return lastResize.low[kept.lowerBound]..<lastResize.high[last] + 1
  }

  /// What output positions `kept` depend on: of each layer, and last of the input.
  private func needed(for kept: Range<Int>) -> (layers: [Range<Int>?], input: Range<Int>) {
    var layers = [Range<Int>?](repeating: nil, count: nodes.count)
    var input: Range<Int>?
    layers[nodes.count - 1] = scores(kept)
    for (index, node) in nodes.enumerated().reversed() {
      guard let wanted = layers[index] else { continue }
      for source in node.inputs {
        let count = source < 0 ? inputCount : nodes[source].count
        let seen = node.reach.seen(by: wanted, of: count)
        if source < 0 {
          input = seen.joined(with: input)
        } else {
          layers[source] = seen.joined(with: layers[source])
        }
      }
    }
    return (layers, input ?? 0..<0)
  }

  /// The positions of the input that the output positions `kept` depend on.
  func seen(by kept: Range<Int>) -> Range<Int> { needed(for: kept).input }

  /// Steps of this length from one place of the input to another keep all layers' positions on each other,
  /// as far as windows go: the least common multiple of the distances at which layers see the input.
  var alignment: Int {
    var scales: [Double] = []
    var result = 1
    for node in nodes {
      var scale = node.inputs.first.map { $0 < 0 ? 1 : scales[$0] } ?? 1
      switch node.reach {
      case .window(let stride, _, _): scale *= Double(stride)
      case .spread(let stride, _, _): scale /= Double(stride)
      case .enlarged(let factor): scale /= Double(factor)
      case .resized(let resized):
        scale *= Double(resized.inputCount) / Double(max(1, resized.positions.count))
      case .same, .cropped, .padded: break
      }
      scales.append(scale)
      if let whole = Int(exactly: scale), whole > 0, whole <= 1 << 16 {
        result = leastCommonMultiple(result, whole)
      }
    }
    return result
  }

  /// Where the scores of a part of the input that begins at `start` lie on those of the whole, `whole`.
  /// Throws unless the output positions `kept` of the whole come out alike: every layer must hold what they
  /// depend on, at a constant distance from where the whole has it.
  func offset(at start: Int, of whole: NetworkAxis, for kept: Range<Int>) throws -> Int {
    let needed = whole.needed(for: kept)
    guard nodes.count == whole.nodes.count else { throw unlike(nil) }
    guard start >= 0, start + inputCount <= whole.inputCount,
      needed.input.lowerBound >= start, needed.input.upperBound <= start + inputCount
    else { throw unlike(nil) }
    var offsets: [Int] = []
    for (index, node) in nodes.enumerated() {
      let other = whole.nodes[index]
      let sources = node.inputs.map { $0 < 0 ? start : offsets[$0] }
      guard node.layer.name == other.layer.name, node.inputs == other.inputs,
        sources.allSatisfy({ $0 == sources[0] }),
        let offset = node.reach.offset(of: sources[0], in: other.reach)
      else { throw unlike(node) }
      offsets.append(offset)
      guard let wanted = needed.layers[index] else { continue }
      guard offset >= 0, offset + node.count <= other.count, wanted.lowerBound >= offset,
        wanted.upperBound <= offset + node.count,
        node.reach.agrees(with: other.reach, for: wanted, input: sources[0], output: offset)
      else { throw unlike(node) }
    }
    return offsets[offsets.count - 1]
  }

  private func unlike(_ node: Node?) -> FCNError {
    let layer = node.map { "layer \($0.layer.name) (\(type(of: $0.layer.operation).name))" }
    let lines = axis == .rows ? "rows" : "columns"
    return FCNError(
      .unsupported,
      "a part of the picture does not come out as in the whole, first in \(layer ?? "the input"): its "
        + "\(lines) do not divide alike there; a picture whose sides are multiples of "
        + "\(max(32, alignment)) may, or segment it as a whole")
  }
}

/// Of two positive numbers.
func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
  var (x, y) = (a, b)
  while y != 0 { (x, y) = (y, x % y) }
  return a / x * b
}

extension Range<Int> {
  /// The least range that holds both.
  fileprivate func joined(with other: Range<Int>?) -> Range<Int> {
    guard let other, !other.isEmpty else { return self }
    guard !isEmpty else { return other }
    return Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
  }
}
