/// Computes the constant border of a widely padded network once.
///
/// Caffe's FCNs pad the picture by 100 pixels. Away from the picture, and from the outer edge, where
/// later convolutions see their own padding, every column of the first layers' values is like its
/// neighbours, and so is every row. So the first convolution may pad less, and after each pooling the
/// columns and rows that are missing are copies of one that is there: the same scores at half the
/// work in the first layers.
enum BorderReduction {
  /// The name by which it is switched off.
  static let name = "border.reduction"
}

extension Network {
  /// The same function for inputs of `shape`, with less padding and repeated lines; itself where there
  /// is no wide padding.
  func reducingBorders(for shape: Shape) throws -> Network {
    guard let first = layers.first, let convolution = first.operation as? Convolution,
      convolution.window.stride == 1, convolution.window.dilation == 1
    else { return self }
    let window = convolution.window
    let chain = borderChain()
    let rows = BorderAxis(window.padding.h, window.kernel.h, shape.h, chain.map { $0.steps.h })
    let columns = BorderAxis(window.padding.w, window.kernel.w, shape.w, chain.map { $0.steps.w })
    guard rows.removed[0] > 0 || columns.removed[0] > 0 else { return self }
    var repetitions: [String: RepeatLines] = [:]
    for (index, stage) in chain.enumerated() {
      let operation = RepeatLines(rows: rows.repetition(index), columns: columns.repetition(index))
      if operation.rows.copies > 0 || operation.columns.copies > 0 {
        repetitions[stage.last] = operation
      }
    }
    var reduced: [Layer] = []
    for (index, layer) in layers.enumerated() {
      let inputs = layer.inputs.map { repetitions[$0] == nil ? $0 : "\($0).repeated" }
      var operation = layer.operation
      if index == 0 {
        operation = convolution.padded(
          Extent(
            window.padding.h - rows.removed[0], window.padding.w - columns.removed[0]))
      }
      reduced.append(Layer(layer.name, operation, inputs))
      if let repetition = repetitions[layer.name] {
        reduced.append(Layer("\(layer.name).repeated", repetition, [layer.name]))
      }
    }
    return try replacingLayers(reduced)
  }

  /// What follows the first convolution as long as nothing else reads it and it works on neighbours
  /// alone, divided after each 2×2 pooling.
  private func borderChain() -> [(last: String, steps: (h: [BorderStep], w: [BorderStep]))] {
    let readers = readers
    var chain: [(last: String, steps: (h: [BorderStep], w: [BorderStep]))] = []
    var steps: (h: [BorderStep], w: [BorderStep]) = ([], [])
    var index = 0
    while readers[index].count == 1 {
      index = readers[index][0]
      switch layers[index].operation {
      case is any ActivationOperation, is Dropout: continue
      case let convolution as Convolution
      where convolution.window.stride == 1 && convolution.window.dilation == 1:
        let window = convolution.window
        steps.h.append(.convolution(kernel: window.kernel.h, padding: window.padding.h))
        steps.w.append(.convolution(kernel: window.kernel.w, padding: window.padding.w))
      case let pool as MaxPool where pool.halves:
        chain.append(
          (layers[index].name, (steps.h + [.halving], steps.w + [.halving])))
        steps = ([], [])
      default: return chain
      }
    }
    return chain
  }
}

/// How a layer changes which lines of an axis are constant.
enum BorderStep {
  case convolution(kernel: Int, padding: Int)
  case halving
}

/// One axis of a border reduction: how many lines are left out at each side of every stage's values.
struct BorderAxis {
  /// Of the values that enter the pooling of each stage; even.
  private(set) var removed: [Int]
  /// Lines that are all alike before and behind the picture, of what each pooling makes.
  private var zones: [(before: Range<Int>, behind: Range<Int>)] = []

  init(_ padding: Int, _ kernel: Int, _ size: Int, _ stages: [[BorderStep]]) {
    // The first convolution's outputs whose windows see nothing of the picture.
    var before = 0..<max(0, padding - kernel + 1)
    let length = size + 2 * padding - kernel + 1
    var behind = min(size + padding, length)..<max(length, min(size + padding, length))
    for stage in stages {
      for step in stage {
        before = step.constantLines(before)
        behind = step.constantLines(behind)
      }
      zones.append((before, behind))
    }
    removed = []
    var most = Int.max
    for zone in zones {
      // One line must stay to be copied.
      let lines = 2 * max(0, min(zone.before.count, zone.behind.count) - 1)
      removed.append(min(lines, most) / 2 * 2)
      most = removed[removed.count - 1] / 2
    }
    if removed.isEmpty { removed = [0] }
  }

  /// Which lines of what the pooling of stage `index` makes are to be repeated.
  func repetition(_ index: Int) -> RepeatLines.Axis {
    let missing = removed[index] / 2
    let wanted = index + 1 < removed.count ? removed[index + 1] : 0
    let zone = zones[index]
    return RepeatLines.Axis(
      first: zone.before.lowerBound, second: max(0, zone.behind.upperBound - 1 - 2 * missing),
      copies: missing - wanted)
  }
}

extension BorderStep {
  /// The output's lines that see nothing but the input's lines `lines`.
  fileprivate func constantLines(_ lines: Range<Int>) -> Range<Int> {
    switch self {
    case .convolution(let kernel, let padding):
      let first = lines.lowerBound + padding
      return first..<max(first, lines.upperBound + padding - kernel + 1)
    case .halving:
      let first = (lines.lowerBound + 1) / 2
      return first..<max(first, lines.upperBound / 2)
    }
  }
}

extension Convolution {
  /// The same with another padding.
  fileprivate func padded(_ padding: Extent) -> Convolution {
    Convolution(
      outputChannels, kernel: window.kernel, stride: window.stride, padding: padding,
      dilation: window.dilation, groups: groups, bias: bias, makesScores: makesScores)
  }
}
