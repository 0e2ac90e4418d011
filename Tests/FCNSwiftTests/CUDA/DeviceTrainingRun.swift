import Testing

@testable import FCNSwift

/// An operation trained on the fake device, forward and backward: the counterpart of `LayerRun`.
final class DeviceTrainingRun {
  let outputShape: Shape
  /// How many of the operation's parameters, the first ones, are learned.
  let learnedCount: Int
  private let kernel: any PreparedDeviceTrainingForm
  private let stream: DeviceStream
  private var context: DeviceContext { stream.context }
  private let operation: any Operation
  private let inputs: [Tensor]
  private let elements: [DeviceElement]
  private let outputElement: DeviceElement
  private let parameters: [DeviceMemory]
  private let parameterShapes: [Shape]

  /// nil where the operation cannot be trained on a device. `takes` and `makes` are the element types of
  /// inputs and output where these are not the precision's. NVIDIA's libraries are those of `runtime`, not
  /// used without one.
  init?(
    _ operation: any Operation, inputs: [Tensor], parameters: [Tensor],
    precision: Precision, takes types: [DeviceElement]? = nil, makes made: DeviceElement? = nil,
    with runtime: CUDARuntime? = nil
  ) throws {
    let layer = Layer("layer", operation, [])
    guard !layer.deviceTrainingForms.isEmpty else { return nil }
    let element = try #require(precision.deviceElement)
    let elements = types ?? inputs.map { _ in element }
    let output = try operation.outputShape(of: inputs.map(\.shape))
    let context = try runtime?.context(0) ?? FakeDevice.context()
    let stream = try DeviceStream(context)
    self.stream = stream
    (kernel, self.parameters) = try context.run {
      let loader = try DeviceLoader(context)
      let request = DeviceRequest(
        inputs: zip(inputs, elements).map { DeviceTensor($0.shape, $1) },
        output: DeviceTensor(output, made ?? element), precision: precision,
        context: context, stream: runtime == nil ? nil : stream, trains: true,
        operationOutput: output)
      return (
        try layer.trainingForm(request),
        try parameters.map { try loader.uploadChannels($0) }
      )
    }
    self.operation = operation
    self.inputs = inputs
    self.elements = elements
    outputElement = made ?? element
    outputShape = output
    parameterShapes = parameters.map(\.shape)
    learnedCount = operation.parameters(inputChannels: inputs[0].shape.c)
      .count { $0.role != .statistic }
  }

  /// What both passes leave: gradients by inputs, then by learned parameters.
  struct Result {
    let output: Tensor
    let gradients: [Tensor]
    let parameters: [Tensor]
  }

  /// Runs both passes; gradients by parameters are divided by `scale`, with which `upstream` is
  /// multiplied.
  func run(_ upstream: Tensor, seed: UInt64 = 0, scale: Float = 1) throws -> Result {
    try context.run {
      let loader = try DeviceLoader(context)
      var memories: [DeviceMemory] = []
      func place(_ tensor: Tensor, _ element: DeviceElement) throws -> DeviceTensor {
        let memory = try element.encode(tensor.channelsLast, loader)
        memories.append(memory)
        return DeviceTensor(tensor.shape, element, at: memory.address)
      }
      func room(_ shape: Shape, _ element: DeviceElement) throws -> DeviceTensor {
        let memory = try DeviceMemory(DeviceTensor.byteCount(shape, element), in: context)
        memories.append(memory)
        return DeviceTensor(shape, element, at: memory.address)
      }
      let workspace = try DeviceMemory(kernel.workspaceByteCount, in: context)
      var call = DeviceCall(
        inputs: try zip(inputs, elements).map { try place($0, $1) },
        output: try room(outputShape, outputElement), parameters: parameters.map(\.address),
        workspace: workspace.address)
      call.seed = seed
      try kernel.enqueue(call, stream)
      let gradients = try parameterShapes.prefix(learnedCount).map {
        try DeviceMemory(DeviceTensor.wholeGroups($0.count) * 4, in: context)
      }
      let backward = DeviceBackwardCall(
        forward: call,
        outputGradient: try place(
          Tensor(upstream.shape, upstream.elements.map { $0 * scale }), outputElement),
        inputGradients: try zip(inputs, elements).map { try room($0.shape, $1) },
        parameterGradients: gradients.map(\.address)
          + [CUDADriver.Address?](repeating: nil, count: parameterShapes.count - learnedCount),
        gradientScale: 1 / scale)
      try kernel.enqueueBackward(backward, stream)
      try stream.synchronize()
      let inputGradients = try backward.inputGradients.compactMap { $0 }.map {
        try download($0, scale)
      }
      return try withExtendedLifetime((memories, workspace)) {
        Result(
          output: try download(call.output, 1),
          gradients: try inputGradients
            + zip(gradients, parameterShapes).map { try fetch($0, $1, loader) },
          parameters: try zip(parameters, parameterShapes).map { try fetch($0, $1, loader) })
      }
    }
  }

  private func download(_ tensor: DeviceTensor, _ scale: Float) throws -> Tensor {
    let byteCount = DeviceTensor.byteCount(tensor.shape, tensor.element)
    let host = try PinnedMemory(byteCount, in: context)
    try stream.download(tensor.base, byteCount, to: host.base)
    try stream.synchronize()
    let values = tensor.element.decode(host.base, count: byteCount / tensor.element.byteCount)
    return try Tensor(
      tensor.shape, channelsLast: values.map { $0 / scale }, type(of: operation).name)
  }

  private func fetch(_ memory: DeviceMemory, _ shape: Shape, _ loader: DeviceLoader) throws
    -> Tensor
  {
    let tensor = try Tensor(shape)
    try loader.fetch(
      memory.address, to: UnsafeMutableBufferPointer(start: tensor.pointer, count: shape.count))
    return tensor
  }
}

/// What an operation makes of random values in training, on the device and by the processor's reference
/// form.
struct DeviceTrainingComparison {
  let found: DeviceTrainingRun.Result
  let output: Tensor
  let gradients: [Tensor]

  /// Values are rounded beforehand, so that products are exact but for their sums; the output's
  /// gradient, which is multiplied by `upstreamFactor`, is where it is of the precision. Others as
  /// `DeviceTrainingRun` has them.
  init(
    _ layer: LayerCase, _ precision: Precision, takes types: [DeviceElement]? = nil,
    makes made: DeviceElement? = nil,
    upstreamFactor: Float = 1, scale: Float = 1, with runtime: CUDARuntime? = nil
  ) throws {
    let inputs = try layer.makeInputs().map { try $0.rounded(to: precision) }
    let parameters = try layer.makeParameters().map { try $0.rounded(to: precision) }
    let form = try #require(layer.operation.forms.last)
    let reference = try #require(
      try LayerRun(layer.operation, form, inputs: inputs, parameters: parameters))
    var upstream = try Tensor.random(reference.outputShape, seed: 3)
    if made == nil { upstream = try upstream.rounded(to: precision) }
    upstream = try Tensor(upstream.shape, upstream.elements.map { $0 * upstreamFactor })
    output = try reference.forward(training: true)
    gradients = try reference.backward(upstream).all
    let run = try #require(
      try DeviceTrainingRun(
        layer.operation, inputs: inputs, parameters: parameters, precision: precision, takes: types,
        makes: made, with: runtime))
    found = try run.run(upstream, scale: scale)
  }
}
