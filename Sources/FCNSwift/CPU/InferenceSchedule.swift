import FCNKernelTypes

/// A network made concrete for use on one input shape: which kernels run one after the other, what
/// each covers, and how the values between them lie in memory.
struct InferenceSchedule {
  /// What a step reads or writes.
  struct Value {
    let shape: Shape
    let layout: Layout
    var buffer: Int
  }

  /// One kernel.
  struct Step {
    /// The layer whose parameters it has; nil where it only changes a layout.
    let layer: Int?
    /// Its name, and those of the layers after it that it covers too.
    let name: String
    let formName: String
    let kernel: any Kernel
    /// Indices of values.
    let inputs: [Int]
    let output: Int
  }

  let network: Network
  private(set) var values: [Value] = []
  private(set) var steps: [Step] = []
  private(set) var bufferCount = 0
  /// The value of each layer's output (−1: the input's) in each layout that exists of it.
  private var valueOf: [Int: [Layout: Int]] = [:]
  /// Layers whose values are others' too.
  private var shared: Set<Int> = []

  init(
    _ network: Network, inputShape: Shape, disabledForms: Set<String>,
    precision: Precision, loops: KernelTable
  ) throws {
    self.network = network
    let shapes = try network.shapes(for: inputShape)
    let readers = network.readers
    valueOf[-1] = [.planar: makeValue(inputShape, .planar)]
    var covered: Set<Int> = []
    for (index, layer) in network.layers.enumerated() where !covered.contains(index) {
      let sources = network.inputIndices[index]
      if layer.operation is Dropout, sources[0] >= 0 {
        // Nothing happens outside training.
        valueOf[index] = valueOf[sources[0]]
        shared.formUnion([index, sources[0]])
        continue
      }
      let request = FormRequest(
        inputs: sources.map { $0 < 0 ? inputShape : shapes[$0] }, output: shapes[index],
        loops: loops, allowsIntegers: precision == .int16)
      let lying = valueOf[sources[0]]?[.blocked] == nil ? Layout.planar : .blocked
      let fusions = Fusion.candidates(
        network, index, shapes, readers, made: { valueOf[$0] != nil })
      var choice: FormChoice?
      var fusion = Fusion(last: index)
      for candidate in fusions + [fusion] {
        var fused = request
        fused.epilogue = candidate.epilogue
        choice = layer.bestForm(fused, disabledForms, lying: lying)
        fusion = candidate
        if choice != nil { break }
      }
      let chosen =
        try choice ?? layer.choose(request, disabledForms, lying: lying)
      covered.formUnion(fusion.covered)
      try append(index, chosen, fusion, sources, shapes, readers)
    }
    let last = network.layers.count - 1
    output = try value(of: last, shapes[last], .planar)
  }

  /// The value that holds the network's scores.
  private(set) var output = 0

  private mutating func append(
    _ index: Int, _ choice: FormChoice, _ fusion: Fusion, _ sources: [Int], _ shapes: [Shape],
    _ readers: [[Int]]
  ) throws {
    let layer = network.layers[index]
    let form = choice.form
    var inputs: [Int] = []
    for source in sources + (fusion.residual.map { [$0] } ?? []) {
      let shape = source < 0 ? values[0].shape : shapes[source]
      let layout = source == fusion.residual ? form.layouts.makes : form.layouts.takes
      inputs.append(try value(of: source, shape, layout))
    }
    let source = sources[0]
    let reusesInput =
      layer.operation.mayRunInPlace && source >= 0 && readers[source] == [index]
      && valueOf[source]?.count == 1 && !shared.contains(source)
    let output = makeValue(
      shapes[fusion.last], form.layouts.makes, buffer: reusesInput ? values[inputs[0]].buffer : nil)
    valueOf[fusion.last] = [form.layouts.makes: output]
    let name = ([layer] + fusion.covered.map { network.layers[$0] }).map(\.name)
      .joined(separator: " + ")
    steps.append(
      Step(
        layer: index, name: name, formName: form.name, kernel: choice.kernel, inputs: inputs,
        output: output))
  }

  /// The value of a layer's output in `layout`, made of another where there is none yet.
  private mutating func value(of layer: Int, _ shape: Shape, _ layout: Layout) throws -> Int {
    let known = valueOf[layer] ?? [:]
    if let value = known[layout] { return value }
    guard let source = known.values.first else { throw network.lostValue(of: layer) }
    let changed = makeValue(shape, layout)
    valueOf[layer, default: [:]][layout] = changed
    steps.append(
      Step(
        layer: nil, name: layer < 0 ? Network.inputName : network.layers[layer].name,
        formName: "layout.\(layout)", kernel: LayoutChange(shape, to: layout), inputs: [source],
        output: changed))
    return changed
  }

  private mutating func makeValue(_ shape: Shape, _ layout: Layout, buffer: Int? = nil) -> Int {
    if buffer == nil { bufferCount += 1 }
    values.append(Value(shape: shape, layout: layout, buffer: buffer ?? bufferCount - 1))
    return values.count - 1
  }

  /// Floats of each buffer.
  func bufferCounts() -> [Int] {
    var counts = [Int](repeating: 0, count: bufferCount)
    for value in values {
      counts[value.buffer] = max(counts[value.buffer], value.layout.count(value.shape))
    }
    return counts
  }

  /// The first and last step at which each buffer is in use; −1 is before the first.
  func lifetimes() -> [ClosedRange<Int>] {
    var ranges = [ClosedRange<Int>](repeating: -1...(-1), count: bufferCount)
    var born: Set<Int> = [values[0].buffer]
    for (index, step) in steps.enumerated() {
      for value in step.inputs {
        let buffer = values[value].buffer
        ranges[buffer] = ranges[buffer].lowerBound...index
      }
      let buffer = values[step.output].buffer
      ranges[buffer] = (born.insert(buffer).inserted ? index : ranges[buffer].lowerBound)...index
    }
    return ranges
  }
}
