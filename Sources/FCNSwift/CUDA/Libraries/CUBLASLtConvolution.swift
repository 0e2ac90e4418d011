/// Convolution of single pixels by cuBLASLt: one product of matrices, with residual, bias and
/// rectifier.
final class CUBLASLtConvolution: PreparedDeviceForm {
  private let parameters: ConvolutionParameters
  private let addsResidual: Bool
  private let product: CUBLASLtProduct
  private let algorithm: CUBLASLtProduct.Algorithm
  let milliseconds: Double?
  let work: StepWork?

  /// Throws where cuBLASLt is not there, fails or knows no way.
  init?(_ operation: Convolution, _ request: DeviceRequest) throws {
    let window = operation.window
    guard let stream = request.stream, request.epilogue.isDoneByLibraries,
      operation.groups == 1, window.kernel == 1, window.stride == 1, window.padding == 0,
      let strides = CUBLASLtProblem.Strides(request), let element = request.precision.deviceElement,
      request.inputs[0].element == element
    else { return nil }
    // It wants the bias in the type of the output.
    parameters = ConvolutionParameters(
      operation, request.inputs[0].shape, as: element, bias: request.output.element)
    addsResidual = request.epilogue.addsResidual
    let output = request.output
    let problem = CUBLASLtProblem(
      pixels: output.shape.n * output.shape.planeCount,
      inputs: DeviceTensor.wholeGroups(parameters.inputs),
      outputs: DeviceTensor.wholeGroups(output.shape.c), element: element,
      outputElement: output.element, strides: strides,
      rectifies: request.epilogue.activation == .relu, precision: request.precision)
    product = try CUBLASLtProduct(problem, try stream.libraries().cublasLt())
    (algorithm, milliseconds) = try Self.quickest(problem, product, parameters, request, stream)
    work = parameters.work(to: request.operationOutput)
  }

  var packing: String { parameters.packing }
  var workspaceByteCount: Int { DeviceTrial.padded(algorithm.workspaceByteCount) }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try self.parameters.pack(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    guard stream.queue === product.handle.queue else {
      throw FCNError(
        .internalDefect, "a product of cuBLASLt's is to run on a stream that it is not for")
    }
    try product.enqueue(
      algorithm,
      Self.addresses(
        call.inputs, call.output, call.parameters, DeviceTrial.aligned(call.workspace),
        addsResidual))
  }

  private static func addresses(
    _ inputs: [DeviceTensor], _ output: DeviceTensor, _ parameters: [CUDADriver.Address],
    _ workspace: CUDADriver.Address, _ addsResidual: Bool
  ) -> CUBLASLtProduct.Addresses {
    CUBLASLtProduct.Addresses(
      weights: parameters[0], bias: parameters[1], input: inputs[0].view.address,
      residual: addsResidual ? inputs[1].view.address : 0, output: output.view.address,
      workspace: workspace)
  }

  /// The algorithm that was, or turns out, quickest, and how long it took; the first where there is no
  /// room to find out. Throws `unsupported` where nothing serves.
  private static func quickest(
    _ problem: CUBLASLtProblem, _ product: CUBLASLtProduct, _ parameters: ConvolutionParameters,
    _ request: DeviceRequest, _ stream: DeviceStream
  ) throws -> (CUBLASLtProduct.Algorithm, Double?) {
    let results = try stream.context.cublasLtResults()
    if case .unserved(let reason) = results[problem] { throw FCNError(.unsupported, reason) }
    let usable = try product.algorithms().filter {
      $0.workspaceByteCount <= DeviceTrial.mostWorkspace
    }
    guard let first = usable.first else {
      throw FCNError(.unsupported, "cublasLtMatmulAlgoGetHeuristic knows no algorithm for this")
    }
    if case .candidate(let index, let milliseconds) = results[problem],
      usable.indices.contains(index)
    {
      return (usable[index], milliseconds)
    }
    let trial: DeviceTrial
    do {
      trial = try DeviceTrial(
        request, parameters, workspaceByteCount: usable.map(\.workspaceByteCount).max() ?? 0,
        stream)
    } catch let error as FCNError where error.kind == .outOfMemory {
      return (first, nil)
    }
    let addresses = addresses(
      trial.inputs, trial.output, trial.parameters, trial.workspace,
      request.epilogue.addsResidual)
    let (best, failure) = try trial.quickest(of: usable, on: stream) { algorithm in
      { try product.enqueue(algorithm, addresses) }
    }
    guard let best else {
      let failure = failure ?? FCNError(.unsupported, "cuBLASLt has no algorithm for this")
      if failure.kind == .unsupported { results[problem] = .unserved(failure.message) }
      throw failure
    }
    results[problem] = .candidate(best.index, milliseconds: best.milliseconds)
    return (usable[best.index], best.milliseconds)
  }
}
