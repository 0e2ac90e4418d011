import CDeviceCalls

/// A pass of a convolution in training by cuDNN, in the way that its heuristics put first: tried out,
/// the quickest might be another each time, and a training that is resumed would not go on to the same
/// bits. Gradients by weights leave cuDNN in the input's element type, scaled by the problem's factor.
struct CUDNNTrainingPass: DeviceConvolutionPass {
  private let packing: DeviceWeightPacking
  private let execution: CUDNNExecution
  /// Makes the bias one of the output's type, where that is not float32.
  private let convertBias: DeviceFunction?
  /// Brings the weights' gradient in the model's order.
  private let reduction: DeviceWeightReduction?

  /// Throws where cuDNN is not there, fails or knows no way. `output` or its gradient.
  init(
    _ pass: CUDNNProblem.Pass, _ packing: DeviceWeightPacking, input: DeviceTensor,
    output: DeviceTensor, _ request: DeviceRequest
  ) throws {
    guard let stream = request.stream else {
      throw FCNError(.unavailable, "without a stream cuDNN is not used")
    }
    self.packing = packing
    let operation = packing.operation
    let problem = CUDNNProblem(
      pass, operation.window, inputs: packing.inputs / packing.groups, input: input,
      output: output, request.precision)
    execution = CUDNNExecution(
      problem, try CUDNNPlan.proposed(for: problem, try stream.libraries().cudnn()))
    convertBias =
      pass == .forward && output.element != .float32
      ? try request.context.function(
        "combine", of: .pointwise, ["INPUT=float", "OUTPUT=\(output.element.typeName)"])
      : nil
    reduction =
      pass == .weightGradient
      ? try DeviceWeightReduction(
        request, operation.window, groups: operation.groups, inputs: packing.inputs,
        outputs: operation.outputChannels, of: input.element)
      : nil
  }

  /// Of the bias in the output's type.
  private var biasByteCount: Int {
    convertBias == nil
      ? 0
      : roundUp(
        DeviceTensor.wholeGroups(packing.operation.outputChannels) * packing.element.byteCount,
        toMultipleOf: 256)
  }

  /// Of the weights or their gradient, of the bias, of cuDNN.
  var workspaceByteCount: Int {
    packing.byteCount(turned: false) + biasByteCount + execution.workspaceByteCount
  }

  func enqueue(_ stream: DeviceStream, _ operands: ConvolutionOperands) throws {
    let weights = operands.workspace
    var bias = operands.bias
    if reduction == nil { try packing.enqueue(stream, operands.weights, to: weights) }
    if let convertBias {
      let shape = Shape(1, packing.operation.outputChannels, 1, 1)
      var (source, target) = (DeviceTensor(shape, .float32), DeviceTensor(shape, packing.element))
      source.base = bias
      target.base = weights + UInt64(packing.byteCount(turned: false))
      try stream.launch(
        convertBias, over: target.groupCount, fcn_combine_call([source], to: target))
      bias = target.base
    }
    try execution.enqueue(
      stream,
      execution.problem.bindings(
        inputs: [operands.input], output: operands.output, parameters: [weights, bias]),
      workspace: weights + UInt64(packing.byteCount(turned: false) + biasByteCount))
    try reduction?.enqueue(
      stream, partials: weights, splits: 1, to: operands.weights,
      scale: operands.scale / execution.problem.factor)
  }
}
