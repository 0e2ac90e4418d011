/// Convolution by cuDNN, with residual, bias and rectifier in one.
final class CUDNNConvolution: DeviceKernel {
  private let parameters: ConvolutionParameters
  private let problem: CUDNNProblem
  private let plan: CUDNNPlan
  /// What the plan works on, and the addresses it was made of.
  private var pack: (descriptor: CUDNNDescriptor, addresses: [CUDADriver.Address])?
  let work: KernelWork?

  /// Throws where cuDNN is not there, fails or knows no way.
  init?(_ operation: Convolution, _ request: DeviceRequest) throws {
    guard let stream = request.stream, request.epilogue.pooled == nil,
      request.epilogue.cropped == nil, let element = request.precision.deviceElement,
      request.inputs[0].element == element
    else { return nil }
    let handle = try stream.libraries.cudnn()
    // cuDNN's ready-made engines want the bias in the type of the output.
    parameters = ConvolutionParameters(
      operation, request.inputs[0].shape, as: element, bias: request.output.element)
    problem = CUDNNProblem(parameters, request)
    plan = try CUDNNSearch(problem, parameters, request, stream, handle).plan()
    work = parameters.work(to: request.operationOutput)
  }

  var packing: String { parameters.packing }
  var workspaceByteCount: Int { DeviceTrial.padded(plan.workspaceByteCount) }
  var milliseconds: Double? { plan.milliseconds }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try self.parameters.pack(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    guard stream.queue === plan.handle.queue else {
      throw FCNError(.internalDefect, "a plan of cuDNN's is to run on a stream that it is not for")
    }
    let workspace =
      plan.workspaceByteCount == 0 ? 0 : DeviceTrial.aligned(call.workspace)
    let bindings = problem.bindings(
      inputs: call.inputs, output: call.output, parameters: call.parameters)
    let addresses = bindings.addresses + [workspace]
    if let pack, pack.addresses == addresses {
      return try plan.handle.execute(plan.descriptor, pack.descriptor)
    }
    let made = try plan.pack(bindings, workspace: workspace)
    pack = (made, addresses)
    try plan.handle.execute(plan.descriptor, made)
  }
}

extension CUDNNProblem {
  func bindings(
    inputs: [DeviceTensor], output: DeviceTensor, parameters: [CUDADriver.Address]
  ) -> (numbers: [Int], addresses: [CUDADriver.Address]) {
    bindings { number in
      switch number {
      case .input: inputs[0].view.address
      case .weights: parameters[0]
      case .bias: parameters[1]
      case .residual: inputs[1].view.address
      case .output: output.view.address
      }
    }
  }
}

/// Finds the quickest plan for a problem by trying out what the heuristics propose.
struct CUDNNSearch {
  private let problem: CUDNNProblem
  private let parameters: ConvolutionParameters
  private let request: DeviceRequest
  private let stream: DeviceStream
  private let handle: CUDNNHandle

  init(
    _ problem: CUDNNProblem, _ parameters: ConvolutionParameters, _ request: DeviceRequest,
    _ stream: DeviceStream, _ handle: CUDNNHandle
  ) {
    self.problem = problem
    self.parameters = parameters
    self.request = request
    self.stream = stream
    self.handle = handle
  }

  /// Throws `unsupported` where nothing serves.
  func plan() throws -> CUDNNPlan {
    if let plan = handle.plans[problem]?.plan { return plan }
    let results = stream.context.cudnnResults
    let plan: CUDNNPlan
    switch results[problem] {
    case .unserved(let reason): throw FCNError(.unsupported, reason)
    case .candidate(let index, let milliseconds):
      let candidates = try CUDNNCandidates(problem, handle).configurations
      guard candidates.indices.contains(index) else {
        throw FCNError(.deviceFailure, "cuDNN's heuristics do not say the same again")
      }
      plan = try CUDNNPlan(candidates[index], handle)
      plan.milliseconds = milliseconds
    case nil: plan = try search(results)
    }
    handle.plans = handle.plans.filter { $0.value.plan != nil }
    handle.plans[problem] = CUDNNHandle.WeakPlan(plan: plan)
    return plan
  }

  private func search(_ results: TrialResults<CUDNNProblem>) throws -> CUDNNPlan {
    var reason = "it has no engine for this"
    var usable: [(index: Int, plan: CUDNNPlan)] = []
    do {
      for (index, configuration) in try CUDNNCandidates(problem, handle).configurations.enumerated()
      {
        do {
          let plan = try CUDNNPlan(configuration, handle)
          if plan.workspaceByteCount <= DeviceTrial.mostWorkspace {
            usable.append((index, plan))
          } else {
            reason = "it wants a workspace of \(plan.workspaceByteCount) bytes"
          }
        } catch let error as FCNError where !stream.context.isLost {
          reason = error.message
        }
      }
    } catch let error as FCNError where error.kind == .unsupported {
      reason = error.message
    }
    guard let first = usable.first else {
      results[problem] = .unserved(reason)
      throw FCNError(.unsupported, reason)
    }
    let trial: DeviceTrial
    do {
      trial = try DeviceTrial(
        request, parameters,
        workspaceByteCount: usable.map(\.plan.workspaceByteCount).max() ?? 0, stream)
    } catch let error as FCNError where error.kind == .outOfMemory {
      // Another time there may be room to find out.
      return first.plan
    }
    var best: (index: Int, plan: CUDNNPlan, milliseconds: Double)?
    for (index, plan) in usable {
      do {
        let pack = try plan.pack(
          problem.bindings(
            inputs: trial.inputs, output: trial.output, parameters: trial.parameters),
          workspace: plan.workspaceByteCount == 0 ? 0 : trial.workspace)
        let time = try trial.stopwatch.milliseconds(best: best?.milliseconds) {
          try handle.execute(plan.descriptor, pack)
        }
        if time < best?.milliseconds ?? .infinity { best = (index, plan, time) }
      } catch let error as FCNError where !stream.context.isLost {
        reason = error.message
      }
    }
    try withExtendedLifetime(trial) { try stream.synchronize() }
    guard let best else {
      results[problem] = .unserved(reason)
      throw FCNError(.unsupported, reason)
    }
    best.plan.milliseconds = best.milliseconds
    results[problem] = .candidate(best.index, milliseconds: best.milliseconds)
    return best.plan
  }
}
