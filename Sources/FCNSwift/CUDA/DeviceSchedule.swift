import CDeviceCalls

/// A device, as the schedule of a network asks it: values lie N×H×W×C, of the precision's numbers or in
/// float32, and are counted in bytes; a crop is a window of what it crops, and what is concatenated are
/// windows of the whole. To be used with the context current, for forms are compiled; those of NVIDIA's
/// libraries are tried out on `stream`, and not used without one.
struct DeviceSchedule: ScheduleBackend {
  private let stored: DeviceElement
  let disabledForms: Set<String>
  private let precision: Precision
  private let context: DeviceContext
  private let stream: DeviceStream?

  /// Throws where the precision is none of a device's, and where a value of `network` is more than
  /// devices count.
  init(
    _ network: Network, inputShape: Shape, disabledForms: Set<String>, precision: Precision,
    context: DeviceContext, stream: DeviceStream?
  ) throws {
    let stored = try precision.requireDeviceElement()
    self.stored = stored
    (self.disabledForms, self.precision) = (disabledForms, precision)
    (self.context, self.stream) = (context, stream)
    try DeviceTensor(inputShape, stored).checkCounts()
    for (layer, shape) in zip(network.layers, try network.shapes(for: inputShape)) {
      try naming("layer \(layer.name)") { try DeviceTensor(shape, stored).checkCounts() }
    }
  }

  var inputVariant: DeviceElement { stored }
  func scoresVariant(lying variants: some Collection<DeviceElement>) -> DeviceElement? { .float32 }
  var runsInPlace: Bool { false }

  /// The more exact one.
  func preferred(_ variants: some Collection<DeviceElement>) -> DeviceElement? {
    variants.contains(.float32) ? .float32 : variants.first
  }

  func choose(_ layer: ScheduledLayer<Self>) throws -> ScheduledForm<Self> {
    let name = layer.layer.name
    let forms = layer.layer.deviceForms.filter { !disabledForms.contains($0.name) }
    guard !forms.isEmpty else {
      throw FCNError.onlyOnProcessor(
        "layer \(name): \(type(of: layer.layer.operation).name) has no form on a device that is not "
          + "switched off")
    }
    let elements = elements(of: layer)
    var reasons: [String] = []
    for (fusion, output, residual) in layer.fusions where fusion.depthwise == nil {
      let request = DeviceRequest(
        inputs: layer.inputs.map { tensor($0, elements.input) }
          + (residual.map { [tensor($0, elements.output)] } ?? []),
        output: tensor(output, elements.output), epilogue: fusion.epilogue,
        precision: precision, context: context, stream: stream, operationOutput: layer.output)
      let made = try naming("layer \(name)") { try best(of: forms, request, &reasons) }
      if let (form, prepared) = made {
        return ScheduledForm(
          fusion: fusion, formName: form.name, prepared: prepared, takes: elements.input,
          makes: elements.output, adds: elements.output)
      }
    }
    throw FCNError.onlyOnProcessor(
      (["layer \(name): no form on a device serves \(layer.output)"] + reasons).joined(
        separator: ". "))
  }

  /// The quickest of the forms that were measured, else the first that serves; nil where none does.
  /// Why those of NVIDIA's libraries could not be made is added to `reasons`.
  private func best(
    of forms: [DeviceForm], _ request: DeviceRequest, _ reasons: inout [String]
  ) throws -> (form: DeviceForm, prepared: any PreparedDeviceForm)? {
    var best: (form: DeviceForm, prepared: any PreparedDeviceForm)?
    for form in forms {
      if best != nil, !form.usesLibrary { break }
      do {
        var request = request
        request.isServed = best != nil
        guard let prepared = try form.make(request) else { continue }
        let leads =
          switch (best?.prepared.milliseconds, prepared.milliseconds) {
          case (nil, let time): best == nil || time != nil
          case (_?, nil): false
          case (let old?, let new?): new < old
          }
        if leads { best = (form, prepared) }
      } catch let error as FCNError where form.usesLibrary && !context.isLost {
        reasons.append("\(form.name): \(error.message)")
      }
    }
    return best
  }

  /// The element types of what a layer takes and makes: the precision's, and float32 for scores and
  /// everything that follows from them.
  private func elements(
    of layer: ScheduledLayer<Self>
  ) -> (input: DeviceElement, output: DeviceElement) {
    let output = element(carriesScores: layer.carriesScores)
    return (layer.layer.operation is Convolution ? stored : output, output)
  }

  private func element(carriesScores: Bool) -> DeviceElement { carriesScores ? .float32 : stored }

  /// What an operand is in `element`, or will be when it has been converted or made.
  private func tensor(
    _ operand: ScheduledLayer<Self>.Operand, _ element: DeviceElement
  ) -> DeviceTensor {
    operand.known[element] ?? DeviceTensor(operand.shape, element)
  }

  func conversion(
    _ source: DeviceTensor, _ target: DeviceTensor
  ) throws -> (formName: String, prepared: any PreparedDeviceForm) {
    let request = DeviceRequest(
      inputs: [source], output: target, epilogue: Epilogue(), precision: precision,
      context: context, operationOutput: target.shape)
    let prepared = PointwiseDeviceForm(try request.function("combine", of: .pointwise)) { call in
      fcn_combine_call([call.inputs[0]], to: call.output)
    }
    let isCopy = source.element == target.element
    return (isCopy ? "concatenation.copy" : "element.\(target.element)", prepared)
  }

  func place(_ shape: Shape, _ element: DeviceElement) -> DeviceTensor {
    DeviceTensor(shape, element)
  }

  func size(of tensor: DeviceTensor) -> Int {
    DeviceTensor.byteCount(tensor.shape, tensor.element)
  }

  /// Windows lie within what they are parts of.
  func end(of tensor: DeviceTensor) -> Int { tensor.isContiguous ? size(of: tensor) : 0 }

  func part(of whole: DeviceTensor, from offset: Extent, _ shape: Shape) -> DeviceTensor? {
    whole.part(offset, height: shape.h, width: shape.w)
  }

  /// Whole channel groups come before.
  func channels(of whole: DeviceTensor, from first: Int, _ shape: Shape) -> DeviceTensor? {
    first % Int(FCN_CHANNEL_GROUP) == 0 ? whole.channels(from: first, count: shape.c) : nil
  }

  /// Forms of NVIDIA's libraries are made and tried out for the strides at hand.
  func concatenated(carriesScores: Bool) -> DeviceElement? {
    element(carriesScores: carriesScores)
  }

  func moved(_ tensor: DeviceTensor, into part: DeviceTensor) -> DeviceTensor { tensor }
}
