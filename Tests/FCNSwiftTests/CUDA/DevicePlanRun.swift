import CDeviceCalls
import Testing

@testable import FCNSwift

/// A network on the fake device, without a model or pictures: the counterpart of `Plan`. Without
/// NVIDIA's libraries unless a runtime is named that has them.
final class DevicePlanRun {
  let plan: DevicePlan
  private let context: DeviceContext
  private let stream: DeviceStream

  init(
    _ network: Network, _ parameters: ParameterTable, _ inputShape: Shape,
    _ precision: Precision = .float32, without disabledForms: Set<String> = [],
    on runtime: CUDARuntime? = nil
  ) throws {
    let context = try runtime?.context(0) ?? FakeDevice.context()
    self.context = context
    (plan, stream) = try context.run {
      let stream = try DeviceStream(context)
      return (
        try DevicePlan(
          network, parameters: parameters, inputShape: inputShape, weights: PackedWeights(),
          disabledForms: disabledForms, precision: precision, context: context,
          stream: runtime == nil ? nil : stream), stream
      )
    }
  }

  /// Names of the forms that run; without the one that makes scores as they are asked for.
  var formNames: [String] { plan.steps.map(\.formName) }

  private func load(_ input: Tensor) throws {
    let values = input.channelsLast
    let loaded = try plan.input.element.encode(values, DeviceLoader(context))
    let byteCount = values.count * plan.input.element.byteCount
    let host = try PinnedMemory(byteCount, in: context)
    try stream.download(loaded.address, byteCount, to: host.base)
    try stream.upload(host.base, byteCount, to: plan.input.base)
    try stream.synchronize()
  }

  /// `DevicePlan.firstNotFinite` of `input`.
  func firstNotFinite(_ input: Tensor) throws -> String? {
    try context.run {
      try load(input)
      return try plan.firstNotFinite(stream)
    }
  }

  /// The scores of `input`.
  func scores(of input: Tensor) throws -> Tensor {
    try context.run {
      try load(input)
      try plan.enqueue(stream)

      let result = try Tensor(plan.outputShape)
      let memory = try DeviceMemory(result.shape.count * 4, in: context)
      let scores = plan.scores
      let function = try context.functions.function(
        "export_scores", of: .scores, scores.definitions + ["OUTPUT=float"], context)
      let output = DeviceTensor(result.shape, .float32)
      try stream.launch(
        function, over: output.groupCount,
        fcn_scores_call(
          source: scores.source, output: output.view, results: memory.address, first_picture: 0,
          reserved: 0))
      let target = try PinnedMemory(memory.byteCount, in: context)
      try stream.download(memory.address, memory.byteCount, to: target.base)
      try stream.synchronize()
      result.pointer.update(
        from: target.base.assumingMemoryBound(to: Float.self), count: result.shape.count)
      return result
    }
  }
}

/// What the processor's reference forms make of `input`.
func referenceScores(
  _ network: Network, _ parameters: ParameterTable, _ input: Tensor
) throws -> Tensor {
  let fast = network.formNames.filter { !$0.hasSuffix(".reference") }
  let plan = try Plan(
    network, parameters: parameters, inputShape: input.shape, pool: WorkerPool(threads: 1),
    disabledForms: Set(fast + [BorderReduction.name]))
  plan.input.pointer.update(from: input.pointer, count: input.shape.count)
  try plan.run()
  return try plan.output.copy()
}
