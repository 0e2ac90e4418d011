import CDeviceCalls

/// A device, as a plan for training asks it: values are of the precision's numbers, scores and what
/// follows from them in float32, and are counted in units of four bytes; work is handed to a stream. To
/// be used with the context current.
final class DeviceTraining: TrainingBackend {
  let learned: Set<String>
  let stream: DeviceStream
  /// What gradients by parameters are multiplied by: one over the factor on the loss.
  var gradientScale: Float = 1
  private let store: DeviceParameterStore
  private let precision: Precision
  private let stored: DeviceElement
  private let usesLibraries: Bool

  /// Weights and their gradients are in `store`.
  init(
    _ store: DeviceParameterStore, learned: Set<String>, precision: Precision,
    stream: DeviceStream, usesLibraries: Bool = true
  ) throws {
    (self.store, self.learned, self.stream) = (store, learned, stream)
    (self.precision, self.usesLibraries) = (precision, usesLibraries)
    stored = try precision.requireDeviceElement()
  }

  typealias Memory = (values: DeviceMemory, workspace: CUDADriver.Address)

  private func tensor(_ value: TrainingValue) -> DeviceTensor {
    DeviceTensor(value.shape, value.carriesScores ? .float32 : stored)
  }

  func size(of value: TrainingValue) throws -> Int {
    let tensor = tensor(value)
    try tensor.checkCounts()
    return (DeviceTensor.byteCount(tensor.shape, tensor.element) + 3) / 4
  }

  func prepare(
    _ layer: Layer, inputs: [TrainingValue], output: TrainingValue
  ) throws -> any PreparedDeviceTrainingForm {
    try naming("layer \(layer.name)") {
      try layer.trainingForm(
        DeviceRequest(
          inputs: inputs.map(tensor), output: tensor(output), precision: precision,
          context: stream.context, stream: usesLibraries ? stream : nil, trains: true,
          operationOutput: output.shape))
    }
  }

  func memory(_ units: Int, for forms: [any PreparedDeviceTrainingForm]) throws -> Memory {
    let byteCount = roundUp(units * 4, toMultipleOf: 256)
    let values = try DeviceMemory(
      byteCount + (forms.map(\.workspaceByteCount).max() ?? 0), in: stream.context)
    return (values, values.address + UInt64(byteCount))
  }

  func place(_ value: TrainingValue, in memory: Memory, at offset: Int) -> DeviceTensor {
    var tensor = tensor(value)
    tensor.base = memory.values.address + UInt64(offset * 4)
    return tensor
  }

  private func call(_ layer: TrainedLayer<DeviceTraining>) throws -> DeviceCall {
    DeviceCall(
      inputs: layer.inputs, output: layer.output,
      parameters: try layer.parameters.map(store.weight), workspace: layer.memory.workspace)
  }

  func forward(_ layer: TrainedLayer<DeviceTraining>) throws -> TrainingPass {
    let call = try call(layer)
    return { [stream] seed in
      var call = call
      call.seed = seed
      try layer.prepared.enqueue(call, stream)
    }
  }

  func backward(
    _ layer: TrainedLayer<DeviceTraining>, outputGradient: DeviceTensor,
    inputGradients: [DeviceTensor?]
  ) throws -> TrainingPass {
    let call = DeviceBackwardCall(
      forward: try call(layer), outputGradient: outputGradient, inputGradients: inputGradients,
      parameterGradients: try layer.parameters.map {
        learned.contains($0) ? try store.gradient($0) : nil
      })
    return { [self] seed in
      var call = call
      (call.forward.seed, call.gradientScale) = (seed, gradientScale)
      try layer.prepared.enqueueBackward(call, stream)
    }
  }

  func adding(_ part: DeviceTensor, to total: DeviceTensor, _: Memory) throws -> TrainingPass {
    let type = total.element.typeName
    let function = try stream.context.function(
      "combine", of: .pointwise, ["INPUT=\(type)", "OUTPUT=\(type)"])
    return { [stream] _ in
      try stream.launch(
        function, over: total.groupCount, fcn_combine_call([total, part], to: total))
    }
  }

  func isAllFinite(_ tensor: DeviceTensor) throws -> Bool {
    try stream.synchronize()
    return try DeviceLoader(stream.context).isFinite(tensor)
  }
}
