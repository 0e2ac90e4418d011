import FCNLoopTypes

/// How a value lies on the processor, and what its bytes mean where it is bytes.
struct ProcessorVariant: Hashable {
  let layout: Layout
  let scaling: ByteScaling?

  static let planar = ProcessorVariant(layout: .planar, scaling: nil)
  static let blocked = ProcessorVariant(layout: .blocked, scaling: nil)
  static func bytes(_ scaling: ByteScaling) -> ProcessorVariant {
    ProcessorVariant(layout: .bytes, scaling: scaling)
  }
}

/// The processor, as the schedule of a network asks it: values lie planar, N×C×H×W, or blocked,
/// ⌈C/16⌉×N×H×W×16, as floats or as bytes, and are counted in floats.
struct ProcessorSchedule: ScheduleBackend {
  struct Place: Equatable {
    let shape: Shape
    let variant: ProcessorVariant
    /// Floats before it in its buffer.
    var offset = 0

    var layout: Layout { variant.layout }
  }

  let disabledForms: Set<String>
  let precision: Precision
  let loops: LoopTable
  /// Whether scores may lie as they are made.
  var leavesScores = false
  var fuses = true
  /// What the bytes of each layer's output mean, where there are to be any; of `int8`.
  var scalings: [Int: ByteScaling] = [:]

  var inputVariant: ProcessorVariant { .planar }
  var runsInPlace: Bool { true }

  /// Never bytes, as which they may lie where they are another layer's values under another name.
  func scoresVariant(lying variants: some Collection<ProcessorVariant>) -> ProcessorVariant? {
    guard leavesScores else { return .planar }
    return preferred(variants)?.layout == .bytes ? .blocked : nil
  }

  func preferred(_ variants: some Collection<ProcessorVariant>) -> ProcessorVariant? {
    variants.contains(.blocked)
      ? .blocked : variants.first { $0.layout == .bytes } ?? variants.first
  }

  /// Bytes may lie beside others that mean something else.
  func joined(
    _ known: [[ProcessorVariant]], preferring common: [ProcessorVariant]
  ) -> (parts: [ProcessorVariant], whole: ProcessorVariant)? {
    let bytes = known.map { $0.first { $0.layout == .bytes } }
    let scalings = bytes.compactMap { $0?.scaling }
    if scalings.count == known.count, !common.contains(.blocked) {
      return (scalings.map(ProcessorVariant.bytes), .bytes(ByteScaling(joining: scalings)))
    }
    return (preferred(common) ?? (known.joined().isEmpty ? nil : .blocked)).map { variant in
      (known.map { _ in variant }, variant)
    }
  }

  func choose(_ layer: ScheduledLayer<Self>) throws -> ScheduledForm<Self> {
    var request = FormRequest(
      inputs: layer.inputs.map(\.shape), output: layer.output, loops: loops,
      allowsIntegers: precision == .int16)
    let input = layer.inputs[0]
    let lying: Layout =
      input.known[.blocked] != nil ? .blocked : scaling(lying: input) != nil ? .bytes : .planar
    var best: (form: ScheduledForm<Self>, cost: Double?)?
    for (fusion, output, residual) in layer.fusions {
      if let depthwise = fusion.depthwise {
        guard let pair = pair(layer.layer, request, fusion, depthwise, lying) else { continue }
        return ScheduledForm(
          fusion: fusion, formName: ExpandedDepthwise.name, prepared: pair, takes: .blocked,
          makes: .blocked, adds: .blocked)
      }
      // What fuses less is of use only where pooling can be a step of its own and a form without it is so
      // much cheaper.
      let pooled = best?.form.fusion.epilogue.pooled
      if best != nil, pooled == nil || fusion.epilogue.pooled != nil { break }
      request.epilogue = fusion.epilogue
      request.makesScores = layer.carriesScores || output.layer == layer.lastLayer
      let added = residual.flatMap(scaling(lying:))
      if precision == .int8, !isGate(layer) {
        request.bytes = RequestedBytes(
          input: scaling(lying: input) ?? scalings[input.layer],
          output: request.makesScores ? nil : scalings[output.layer], residual: added)
      }
      guard let choice = layer.layer.bestForm(request, disabledForms, lying: lying) else {
        continue
      }
      if let best {
        guard let least = best.cost, let cost = choice.prepared.cost,
          cost + poolingCost(output.shape, bytes: choice.prepared.makesBytes) < least
        else { break }
      }
      best = (
        ScheduledForm(
          fusion: fusion, formName: choice.form.name, prepared: choice.prepared,
          takes: variant(choice.form.layouts.takes, request.bytes.input),
          makes: variant(
            choice.prepared.makesBytes ? .bytes : choice.form.layouts.makes, request.bytes.output),
          adds: choice.prepared.addsBytes ? variant(.bytes, added) : .blocked),
        choice.prepared.cost
      )
    }
    if let best { return best.form }
    throw layer.layer.allFormsAreOff()
  }

  /// Whether `layer` is a small one that sees a single pixel, as what follows a global pool in
  /// squeeze-and-excite: floats cost next to nothing there, and ranges that were measured on a number a
  /// picture cut off what others have.
  private func isGate(_ layer: ScheduledLayer<Self>) -> Bool {
    guard let convolution = layer.layer.operation as? Convolution else { return false }
    let input = layer.inputs[0].shape
    return input.planeCount == 1 && input.c * convolution.outputChannels <= 1 << 20
  }

  /// Of a 1×1 convolution that is carried out as such, and `depthwise` after it; nil where it is not.
  private func pair(
    _ layer: Layer, _ request: FormRequest, _ fusion: Fusion, _ depthwise: Fusion.Depthwise,
    _ lying: Layout
  ) -> ExpandedDepthwise? {
    guard precision == .float32, !disabledForms.contains(ExpandedDepthwise.name),
      !disabledForms.contains("convolution.depthwise")
    else { return nil }
    var request = request
    request.epilogue = fusion.epilogue
    let following = FormRequest(
      inputs: [depthwise.input], output: depthwise.output, epilogue: depthwise.epilogue,
      loops: loops)
    guard
      let expansion = layer.bestForm(request, disabledForms, lying: lying)?.prepared
        as? BlockedConvolution,
      let second = DepthwiseConvolution(depthwise.operation, following)
    else { return nil }
    return ExpandedDepthwise(expansion, second)
  }

  /// Nanoseconds of one core that a 2×2 pooling of one picture of `shape` takes.
  private func poolingCost(_ shape: Shape, bytes: Bool) -> Double {
    Double(shape.count / shape.n) * (bytes ? 0.2 : 0.5)
  }

  private func variant(_ layout: Layout, _ scaling: ByteScaling?) -> ProcessorVariant {
    ProcessorVariant(layout: layout, scaling: layout == .bytes ? scaling : nil)
  }

  /// Of a value that lies there as bytes.
  private func scaling(lying operand: ScheduledLayer<Self>.Operand) -> ByteScaling? {
    operand.known.keys.first { $0.layout == .bytes }?.scaling
  }

  func conversion(
    _ source: Place, _ target: Place
  ) throws -> (formName: String, prepared: any PreparedForm) {
    let name = "layout.\(target.layout)"
    guard let scaling = source.variant.scaling ?? target.variant.scaling else {
      return (name, LayoutChange(target.shape, to: target.layout))
    }
    guard source.layout != target.layout,
      let change = ByteChange(target.shape, from: source.layout, to: target.layout, scaling)
    else { throw FCNError(.internalDefect, "bytes cannot become other bytes") }
    return (name, change)
  }

  func place(_ shape: Shape, _ variant: ProcessorVariant) -> Place {
    Place(shape: shape, variant: variant)
  }
  func size(of place: Place) -> Int { place.layout.count(place.shape) }
  func end(of place: Place) -> Int { place.offset + size(of: place) }

  /// Kernels know no gaps between rows.
  func part(of whole: Place, from offset: Extent, _ shape: Shape) -> Place? { nil }

  /// Blocks begin with whole ones before them. Planar values are copied: of several pictures none could be
  /// part of another, and forms must not depend on how many there are. Registers want their alignment.
  func channels(of whole: Place, from first: Int, _ shape: Shape) -> Place? {
    guard whole.layout != .planar, first % channelBlock == 0 else { return nil }
    let elements = first * shape.n * shape.planeCount
    let before = whole.layout == .bytes ? elements / 4 : elements
    guard before % (whole.layout == .bytes ? 4 : 16) == 0 else { return nil }
    guard let scaling = whole.variant.scaling else {
      return Place(shape: shape, variant: whole.variant, offset: whole.offset + before)
    }
    let part = ByteScaling(part: first..<first + shape.c, of: scaling)
    return Place(shape: shape, variant: .bytes(part), offset: whole.offset + before)
  }

  func concatenated(carriesScores: Bool) -> ProcessorVariant? { nil }

  func moved(_ place: Place, into part: Place) -> Place {
    Place(shape: place.shape, variant: place.variant, offset: place.offset + part.offset)
  }
}
