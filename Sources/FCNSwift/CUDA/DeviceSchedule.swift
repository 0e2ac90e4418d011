import CDeviceCalls

/// A network made concrete for use on a device and one input shape: the counterpart of
/// `InferenceSchedule`. All values lie N×H×W×C; a crop is a window of what it crops.
struct DeviceSchedule {
  /// What a step reads or writes.
  struct Value {
    /// Without an address.
    let tensor: DeviceTensor
    let buffer: Int
  }

  /// One kernel.
  struct Step {
    /// The layer whose parameters it has; nil where it only changes the element type.
    let layer: Int?
    /// Its name, and those of the layers after it that it covers too.
    let name: String
    let formName: String
    let kernel: any DeviceKernel
    /// Indices of values.
    let inputs: [Int]
    let output: Int
  }

  let network: Network
  private(set) var values: [Value] = []
  private(set) var steps: [Step] = []
  /// Bytes of each buffer.
  private(set) var bufferByteCounts: [Int] = []
  /// The value that holds the network's scores.
  private(set) var output = 0
  /// The value of each layer's output (−1: the input's) in each element type that exists of it.
  private var valueOf: [Int: [DeviceElement: Int]] = [:]
  private let precision: Precision
  private let context: DeviceContext
  private let stream: DeviceStream?
  private let disabledForms: Set<String>

  /// To be called with `context` current, for kernels are compiled; those of NVIDIA's libraries are
  /// tried out on `stream`, and not used without one.
  init(
    _ network: Network, inputShape: Shape, disabledForms: Set<String>,
    precision: Precision, context: DeviceContext, stream: DeviceStream? = nil
  ) throws {
    self.network = network
    self.precision = precision
    self.context = context
    self.stream = stream
    self.disabledForms = disabledForms
    let shapes = try network.shapes(for: inputShape)
    let readers = network.readers
    let element = try precision.requireDeviceElement()
    try DeviceTensor(inputShape, element).checkCounts()
    for (layer, shape) in zip(network.layers, shapes) {
      try naming("layer \(layer.name)") { try DeviceTensor(shape, element).checkCounts() }
    }
    valueOf[-1] = [element: makeValue(DeviceTensor(inputShape, element))]
    var covered: Set<Int> = []
    for (index, layer) in network.layers.enumerated() where !covered.contains(index) {
      let sources = network.inputIndices[index]
      if layer.operation is Dropout {
        // Nothing happens outside training.
        valueOf[index] = valueOf[sources[0]]
        continue
      }
      if let crop = layer.operation as? Crop {
        let whole = values[try value(of: sources[0])]
        let window = whole.tensor.window(
          crop.offset, height: shapes[index].h, width: shapes[index].w)
        valueOf[index] = [window.element: makeValue(window, buffer: whole.buffer)]
        continue
      }
      let fusions = Fusion.candidates(
        network, index, shapes, readers, made: { valueOf[$0] != nil })
      covered.formUnion(
        try append(index, fusions + [Fusion(last: index)], sources, shapes))
    }
    let last = try value(of: network.layers.count - 1, as: .float32)
    output = last
  }

  /// Adds the step of layer `index` in the first of `fusions` that a form serves; returns the layers
  /// besides it that are covered.
  private mutating func append(
    _ index: Int, _ fusions: [Fusion], _ sources: [Int], _ shapes: [Shape]
  ) throws -> [Int] {
    let layer = network.layers[index]
    let forms = layer.deviceForms.filter { !disabledForms.contains($0.name) }
    guard !forms.isEmpty else {
      throw FCNError(
        .unsupported,
        "layer \(layer.name): \(type(of: layer.operation).name) has no form on a device that is not "
          + "switched off; use the processor")
    }
    let elements = try elements(of: index)
    let inputs = try sources.prefix(operandCount(of: index)).map {
      try value(of: $0, as: elements.input)
    }
    var reasons: [String] = []
    for fusion in fusions {
      let residual = try fusion.residual.map { try value(of: $0, as: elements.output) }
      let all = inputs + (residual.map { [$0] } ?? [])
      let output = DeviceTensor(shapes[fusion.last], elements.output)
      let request = DeviceRequest(
        inputs: all.map { values[$0].tensor }, output: output, epilogue: fusion.epilogue,
        precision: precision, context: context, stream: stream, operationOutput: shapes[index])
      guard let (form, kernel) = try best(of: forms, request, &reasons) else { continue }
      let made = makeValue(output)
      valueOf[fusion.last] = [elements.output: made]
      steps.append(
        Step(
          layer: index,
          name: ([index] + fusion.covered).map { network.layers[$0].name }
            .joined(separator: " + "),
          formName: form.name, kernel: kernel, inputs: all, output: made))
      return fusion.covered
    }
    throw FCNError(
      .unsupported,
      "layer \(layer.name): no form on a device serves \(shapes[index]); use the processor"
        + reasons.map { ". \($0)" }.joined())
  }

  /// The quickest of the forms that were measured, else the first that serves; nil where none does.
  /// Why those of NVIDIA's libraries could not be made is added to `reasons`.
  private func best(
    of forms: [DeviceForm], _ request: DeviceRequest, _ reasons: inout [String]
  ) throws -> (form: DeviceForm, kernel: any DeviceKernel)? {
    var best: (form: DeviceForm, kernel: any DeviceKernel)?
    for form in forms {
      if best != nil, !form.usesLibrary { break }
      do {
        var request = request
        request.isServed = best != nil
        guard let kernel = try form.make(request) else { continue }
        let leads =
          switch (best?.kernel.milliseconds, kernel.milliseconds) {
          case (nil, let time): best == nil || time != nil
          case (_?, nil): false
          case (let old?, let new?): new < old
          }
        if leads { best = (form, kernel) }
      } catch let error as FCNError where form.usesLibrary && !context.isLost {
        reasons.append("\(form.name): \(error.message)")
      }
    }
    return best
  }

  /// The element types of what layer `index` takes and makes: the precision's, and float32 for scores
  /// and everything that follows from them.
  private func elements(
    of index: Int
  ) throws -> (input: DeviceElement, output: DeviceElement) {
    let stored = try precision.requireDeviceElement()
    if let convolution = network.layers[index].operation as? Convolution {
      return (stored, convolution.makesScores ? .float32 : stored)
    }
    let sources = network.inputIndices[index].prefix(operandCount(of: index))
    let areScores = sources.contains { valueOf[$0]?[.float32] != nil }
    return areScores ? (.float32, .float32) : (stored, stored)
  }

  /// How many of its inputs layer `index` reads; of another it may only take the size.
  private func operandCount(of index: Int) -> Int {
    network.layers[index].operation is Resize ? 1 : network.inputIndices[index].count
  }

  /// A value of a layer's output, in `element` if one is named; made of another where there is none yet.
  private mutating func value(of layer: Int, as element: DeviceElement? = nil) throws -> Int {
    let known = valueOf[layer] ?? [:]
    // The same one every time, and the more exact one.
    guard let source = known[.float32] ?? known.values.first else {
      throw network.lostValue(of: layer)
    }
    guard let element else { return source }
    if let value = known[element] { return value }
    let output = DeviceTensor(values[source].tensor.shape, element)
    let request = DeviceRequest(
      inputs: [values[source].tensor], output: output, epilogue: Epilogue(), precision: precision,
      context: context, operationOutput: output.shape)
    let changed = makeValue(output)
    let kernel = PointwiseDeviceKernel(try request.function("combine", of: .pointwise)) { call in
      fcn_combine_call([call.inputs[0]], to: call.output)
    }
    valueOf[layer, default: [:]][element] = changed
    steps.append(
      Step(
        layer: nil, name: layer < 0 ? Network.inputName : network.layers[layer].name,
        formName: "element.\(element)", kernel: kernel, inputs: [source], output: changed))
    return changed
  }

  private mutating func makeValue(_ tensor: DeviceTensor, buffer: Int? = nil) -> Int {
    if buffer == nil {
      bufferByteCounts.append(DeviceTensor.byteCount(tensor.shape, tensor.element))
    }
    values.append(Value(tensor: tensor, buffer: buffer ?? bufferByteCounts.count - 1))
    return values.count - 1
  }

  /// The first and last step at which each buffer is in use; −1 is before the first. The scores are
  /// read after the last step.
  func lifetimes() throws -> [ClosedRange<Int>] {
    var ranges = [ClosedRange<Int>?](repeating: nil, count: bufferByteCounts.count)
    ranges[values[0].buffer] = -1...(-1)
    for (index, step) in steps.enumerated() {
      for value in step.inputs + [step.output] {
        let buffer = values[value].buffer
        ranges[buffer] = (ranges[buffer]?.lowerBound ?? index)...index
      }
    }
    let scores = values[output].buffer
    return try ranges.enumerated().map { buffer, range in
      guard let range else {
        throw FCNError(.internalDefect, "the plan has room for a value that no step makes")
      }
      return buffer == scores ? range.lowerBound...steps.count : range
    }
  }
}
