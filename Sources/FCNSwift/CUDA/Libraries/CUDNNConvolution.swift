/// Convolution by cuDNN, with residual, bias and rectifier in one.
final class CUDNNConvolution: PreparedDeviceForm {
  private let parameters: ConvolutionParameters
  private let execution: CUDNNExecution
  let work: StepWork?

  /// Throws where cuDNN is not there, fails or knows no way.
  init?(_ operation: Convolution, _ request: DeviceRequest) throws {
    guard let stream = request.stream, request.epilogue.isDoneByLibraries,
      let element = request.precision.deviceElement, request.inputs[0].element == element
    else { return nil }
    let handle = try stream.libraries().cudnn()
    // cuDNN's ready-made engines want the bias in the type of the output.
    parameters = ConvolutionParameters(
      operation, request.inputs[0].shape, as: element, bias: request.output.element)
    let problem = CUDNNProblem(parameters, request)
    execution = CUDNNExecution(
      problem, try CUDNNSearch(problem, parameters, request, stream, handle).plan())
    work = parameters.work(to: request.operationOutput)
  }

  var packing: String { parameters.packing }
  var workspaceByteCount: Int { execution.workspaceByteCount }
  var milliseconds: Double? { execution.plan.milliseconds }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try self.parameters.pack(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try execution.enqueue(
      stream,
      execution.problem.bindings(
        inputs: call.inputs, output: call.output, parameters: call.parameters),
      workspace: call.workspace)
  }
}

extension CUDNNProblem {
  func bindings(
    inputs: [DeviceTensor], output: DeviceTensor, parameters: [CUDADriver.Address]
  ) -> Bindings {
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
    let results = try stream.context.cudnnResults()
    let plan: CUDNNPlan
    switch results[problem] {
    case .unserved(let reason): throw FCNError(.unsupported, reason)
    case .candidate(let index, let milliseconds):
      let candidates = try CUDNNCandidates(problem, handle, mayCompile: true).configurations
      guard candidates.indices.contains(index) else {
        throw FCNError(.deviceFailure, "cuDNN's heuristics do not say the same again")
      }
      plan = try CUDNNPlan(candidates[index], handle)
      plan.milliseconds = milliseconds
    case nil: plan = try search(results)
    }
    handle.remember(plan, for: problem)
    return plan
  }

  private func search(_ results: TrialResults<CUDNNProblem>) throws -> CUDNNPlan {
    var failure = FCNError(.unsupported, "cuDNN has no engine for this")
    var usable: [(index: Int, plan: CUDNNPlan)] = []
    do {
      let candidates = try CUDNNCandidates(problem, handle, mayCompile: !request.isServed)
      for (index, configuration) in candidates.configurations.enumerated() {
        do {
          let plan = try CUDNNPlan(configuration, handle)
          try plan.checkWorkspace()
          usable.append((index, plan))
        } catch let error as FCNError where !stream.context.isLost {
          failure = error
        }
      }
    } catch let error as FCNError where error.kind == .unsupported {
      failure = error
    }
    guard let first = usable.first else { throw unserved(failure, results) }
    let trial: DeviceTrial
    do {
      trial = try DeviceTrial(
        request, parameters,
        workspaceByteCount: usable.map(\.plan.workspaceByteCount).max() ?? 0, stream)
    } catch let error as FCNError where error.kind == .outOfMemory {
      // Another time there may be room to find out.
      return first.plan
    }
    let (best, lastFailure) = try trial.quickest(of: usable, on: stream) { candidate in
      let plan = candidate.plan
      let pack = try plan.pack(
        problem.bindings(
          inputs: trial.inputs, output: trial.output, parameters: trial.parameters),
        workspace: plan.workspaceByteCount == 0 ? 0 : trial.workspace)
      return { try handle.execute(plan.descriptor, pack) }
    }
    guard let best else { throw unserved(lastFailure ?? failure, results) }
    let plan = usable[best.index].plan
    plan.milliseconds = best.milliseconds
    results[problem] = .candidate(usable[best.index].index, milliseconds: best.milliseconds)
    return plan
  }

  /// Remembers that there is no plan if that is for good: where it may compile, or another time, there
  /// might be one.
  private func unserved(
    _ failure: FCNError, _ results: TrialResults<CUDNNProblem>
  ) -> FCNError {
    if failure.kind == .unsupported, !request.isServed {
      results[problem] = .unserved(failure.message)
    }
    return failure
  }
}
