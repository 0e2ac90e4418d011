import FCNLoopTypes
import Glibc

@testable import FCNSwift

extension FuzzTarget {
  /// A few layers of whatever shapes, in the loops of one instruction set, in one precision, without
  /// some forms: beside what the reference forms make, among guarded pages.
  static let kernels = FuzzTarget(name: "kernels") { bytes in
    var draw = KernelDraw(CallInput(bytes))
    guard let (network, shape) = draw.network() else { return }
    try KernelCase(network, shape, &draw.input).check()
  }
}

/// Draws a network that is quickly run.
struct KernelDraw {
  var input: CallInput
  private var layers: [Layer] = []
  private var shapes: [String: Shape] = [:]
  private var last = Network.inputName

  init(_ input: CallInput) { self.input = input }

  private mutating func extent(_ choices: [Int]) -> Extent {
    let h = input.one(of: choices)
    return Extent(h, input.seldom(3) ? input.one(of: choices) : h)
  }

  mutating func network() -> (Network, Shape)? {
    let input = Shape(
      1 + self.input.number(below: 3),
      self.input.one(of: [1, 3, 16, 2, 5, 8, 15, 17, 24, 32, 33, 40, 48, 64]),
      1 + self.input.number(below: 40), 1 + self.input.number(below: 40))
    shapes[last] = input
    if self.input.seldom(4) { addWideBorder() }
    for _ in 0...self.input.number(below: 4) { addLayer() }
    guard !layers.isEmpty else { return nil }
    add(Convolution(3, kernel: 1, makesScores: true), [last])
    guard let network = try? Network(inputChannels: input.c, stride: 1, layers: layers) else {
      return nil
    }
    return (network, input)
  }

  /// What Caffe's networks begin with, whose borders are made once and repeated.
  private mutating func addWideBorder() {
    let outputs = input.one(of: [16, 3, 17, 32])
    add(
      Convolution(
        outputs, kernel: extent([3, 5, 1]), padding: extent([12, 8, 9, 16, 20]),
        bias: !input.seldom(3)), [last])
    for _ in 0...input.number(below: 2) {
      if !input.seldom(3) { add(ReLU(), [last]) }
      if input.seldom(2) { add(Convolution(5, kernel: 3, padding: 1), [last]) }
      add(MaxPool(kernel: 2, stride: 2), [last])
    }
  }

  private mutating func addLayer() {
    let before = last
    guard let shape = shapes[last] else { return }
    add(operation(shape), [last])
    guard last != before else { return }
    let isPointwise = (layers.last?.operation as? Convolution)?.window.kernel == 1
    if input.seldom(3) { add(BatchNorm(), [last]) }
    if input.seldom(2) {
      let activation: any Operation = input.one(of: [
        ReLU(), HardSwish(), SiLU(), Sigmoid(), LeakyReLU(slope: 0.1), PReLU(),
      ])
      add(activation, [last])
    }
    // The two are one step.
    if isPointwise, let expanded = shapes[last], input.seldom(2) {
      add(channelwise(expanded), [last])
      if input.seldom(2) { add(input.one(of: [ReLU(), HardSwish()] as [any Operation]), [last]) }
    }
    // Of pools the one that convolutions do themselves.
    if input.seldom(4) { add(MaxPool(kernel: 2, stride: 2), [last]) }
    guard before != Network.inputName, let made = shapes[last] else { return }
    combine(made, before, shape)
  }

  /// Brings the last value, of shape `made`, together with one before it or with its own means.
  private mutating func combine(_ made: Shape, _ before: String, _ shape: Shape) {
    switch input.number(below: 8) {
    case 0 where made == shape: add(Sum(), [last, before])
    case 1 where (made.h, made.w) == (shape.h, shape.w): add(Concatenation(), [before, last])
    case 2:
      let whole = last
      add(GlobalAveragePool(), [last])
      add(Convolution(made.c, kernel: 1), [last])
      add(Sigmoid(), [last])
      add(Product(), [whole, last])
    case 3 where made.h >= shape.h && made.w >= shape.w:
      let room = (made.h - shape.h + 1, made.w - shape.w + 1)
      let offset = Extent(input.number(below: room.0), input.number(below: room.1))
      add(Crop(offset: offset), [last, before])
    case 4:
      let whole = last
      if made != shape { add(GlobalAveragePool(), [last]) }
      let second = made == shape ? before : last
      add(input.seldom(2) ? Minimum() : Maximum(), [whole, second])
    case 5 where made.h * made.w < 500:
      add(Attention(heads: made.c % 2 == 0 ? 2 : 1, factor: 0.1), [last, last, last])
    default: break
    }
  }

  private mutating func operation(_ shape: Shape) -> any Operation {
    switch input.number(below: 18) {
    case 0..<6:
      // Halves of halves want whole blocks of channels, and nothing around.
      if input.seldom(5) {
        return Convolution(
          input.one(of: [64, 32, 96, 128, 160]), kernel: 1, bias: !input.seldom(3))
      }
      let outputs = input.one(of: [16, 1, 2, 5, 15, 17, 20, 24, 32, 33, 48, 64, 65, 80, 96])
      let divisors = (2...48).filter { shape.c % $0 == 0 && outputs % $0 == 0 }
      let groups = !divisors.isEmpty && input.seldom(4) ? input.one(of: divisors) : 1
      return Convolution(
        outputs, kernel: extent([3, 1, 3, 1, 2, 4, 5, 7, 9]), stride: extent([1, 1, 1, 2, 3, 4]),
        padding: extent([1, 0, 1, 2, 3, 6, 12]), dilation: extent([1, 1, 1, 2, 3, 6, 12]),
        groups: groups, bias: !input.seldom(3))
    case 6, 7: return channelwise(shape)
    case 8:
      let isChannelwise = input.seldom(2)
      return TransposedConvolution(
        isChannelwise ? shape.c : input.one(of: [3, 16, 17, 32]),
        kernel: extent([4, 1, 2, 3, 5, 8, 16, 20]), stride: extent([2, 1, 3, 4, 8, 16]),
        padding: extent([1, 0, 2]),
        groups: isChannelwise ? shape.c : 1, bias: !input.seldom(2))
    case 9:
      let kernel = extent([2, 1, 3, 4, 5])
      return MaxPool(
        kernel: kernel, stride: extent([2, 1, 3]),
        padding: input.seldom(2) ? 0 : Extent(kernel.h / 2, kernel.w / 2),
        ceilMode: input.seldom(2))
    case 10:
      let kernel = extent([2, 1, 3, 5])
      return AveragePool(
        kernel: kernel, stride: extent([2, 1, 3]), padding: Extent(kernel.h / 2, kernel.w / 2),
        ceilMode: input.seldom(2), countsPadding: input.seldom(2))
    case 11:
      let size: Resize.Size =
        input.seldom(2)
        ? .scaled(by: extent([2, 1, 3, 4]))
        : .exact(Extent(1 + input.number(below: 40), 1 + input.number(below: 40)))
      return Resize(
        to: size, input.one(of: [.bilinear, .bilinear, .nearest(.floor), .cubic]),
        coordinates: input.one(of: [.halfPixel, .alignCorners, .asymmetric]))
    case 12: return LocalResponseNormalization(size: input.one(of: [5, 1, 3]), alpha: 0.1)
    case 13: return AdaptiveAveragePool(bins: extent([1, 2, 3, 6]))
    case 14: return Pad(top: input.number(below: 4), left: input.number(below: 4), right: 2)
    case 15: return Affine()
    case 16:
      return Slicing(
        channels: Slicing.Lines(from: input.one(of: [0, 1, 16, 15])),
        rows: Slicing.Lines(from: input.number(below: 3)),
        columns: Slicing.Lines(from: input.number(below: 3), to: -1))
    default: return Softmax()
    }
  }

  private mutating func channelwise(_ shape: Shape) -> Convolution {
    Convolution(
      shape.c, kernel: extent([3, 1, 2, 5, 7]), stride: extent([1, 1, 2, 3]),
      padding: extent([1, 0, 2, 3, 5]), dilation: extent([1, 1, 2, 5]), groups: shape.c,
      bias: !input.seldom(3))
  }

  private mutating func add(_ operation: any Operation, _ inputs: [String]) {
    let taken = inputs.compactMap { shapes[$0] }
    guard let made = try? operation.outputShape(of: taken), made.count > 0, made.count < 60_000
    else { return }
    // The reference forms take their time.
    let terms = operation.parameters(inputChannels: taken[0].c).map {
      $0.shape.dropFirst().reduce(1, *)
    }
    guard made.count * (terms.max() ?? 1) < 3_000_000 else { return }
    last = "layer\(layers.count)"
    layers.append(Layer(last, operation, inputs))
    shapes[last] = made
  }
}

/// A network, how it is run, and what comes of it.
private struct KernelCase {
  private let network: Network
  private let loops: LoopTable
  private let precision: Precision
  private let disabled: Set<String>
  private let touchesEnd: Bool
  private let table: ParameterTable
  private let image: Tensor
  private let pool: WorkerPool

  private static let one = Result { try WorkerPool(threads: 1) }
  private static let two = Result { try WorkerPool(threads: 2) }

  init(_ network: Network, _ shape: Shape, _ input: inout CallInput) throws {
    self.network = network
    loops = input.one(of: Loops.available)
    precision = input.one(of: [.float32, .int16, .int8])
    touchesEnd = !input.seldom(2)
    pool = try input.seldom(4) ? Self.two.get() : Self.one.get()
    let references = Set(network.layers.compactMap { $0.operation.forms.last?.name })
    var disabled: Set<String> = []
    let names =
      network.formNames
      + [BorderReduction.name, Joining.name, ExpandedDepthwise.name]
      + ["repeat_lines.blocked", "repeat_lines.bytes"]
    for name in names where !references.contains(name) && input.seldom(4) {
      disabled.insert(name)
    }
    // Some forms are hardly ever the best: at times an operation is left with one of them.
    if input.seldom(3), !names.isEmpty {
      let only = input.one(of: names)
      let others = names.filter {
        $0 != only && $0.prefix { $0 != "." } == only.prefix { $0 != "." }
          && !references.contains($0)
      }
      disabled.formUnion(others)
    }
    self.disabled = disabled
    var generator = SeededGenerator(seed: UInt64(input.byte()))
    func random(_ shape: Shape, _ scale: Float, plus offset: Float = 0) throws -> Tensor {
      try Tensor(shape, (0..<shape.count).map { _ in generator.normal() * scale + offset })
    }
    table = try network.parameters.reduce(into: ParameterTable()) { table, parameter in
      let shape = parameter.tensorShape
      let terms = Float(max(1, shape.c * shape.h * shape.w))
      let isVector = parameter.shape.count == 1
      let offset: Float = isVector && !parameter.name.hasSuffix("bias") ? 1 : 0
      table[parameter.name] = try random(
        shape, isVector ? 0.05 : 1 / terms.squareRoot(), plus: offset)
    }
    image = try random(shape, 1)
  }

  func check() throws {
    let references = Set(network.layers.compactMap { $0.operation.forms.last?.name })
    let plan = try Plan(
      network, parameters: table, inputShape: image.shape, pool: pool,
      disabledForms: Set(network.formNames).subtracting(references).union([BorderReduction.name]),
      loops: Loops.portable)
    plan.input.pointer.update(from: image.pointer, count: image.shape.count)
    try plan.run()
    let wanted = try Tensor(plan.output.shape, plan.output.elements)
    var ranges: ValueRanges?
    if precision == .int8 {
      ranges = try RangeMeasurement.measure(1, pool) { [image] _, measurement in
        plan.input.pointer.update(from: image.pointer, count: image.shape.count)
        try measurement.add(Network.inputName, image)
        try plan.run { try measurement.add($0, $1) }
      }
    }
    let backend = ProcessorSchedule(disabledForms: disabled, precision: precision, loops: loops)
    let pages = GuardedPages(touchesEnd: touchesEnd)
    let run = try GuardedRun(network, table, image, pool, backend, ranges, pages.allocator)
    let difference = run.output.difference(from: wanted)
    // Of each form alone the tests know better; this finds what is wrong altogether.
    let tolerance =
      precision == .int8 ? 0.5 : precision == .int16 ? 0.1 : 2e-3
    require(
      difference <= tolerance,
      "\(loops.name), \(precision), \(run.forms): \(difference) of \(image.shape), "
        + "\(network.layers.map(\.operation))")
  }
}
