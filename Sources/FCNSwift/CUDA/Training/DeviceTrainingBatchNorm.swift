import CDeviceCalls

/// Batch normalisation in training: statistics of the minibatch, and gradients through them.
final class DeviceTrainingBatchNorm: PreparedDeviceTrainingForm {
  private let operation: BatchNorm
  private let sums, squares, gradients: DeviceChannelSums
  private let normalize, move, gradient, parameters: DeviceFunction
  /// Sums and squares of the forward pass, then those of the gradient, then room for gradients by weight
  /// and bias that nobody wants; whole channel groups each.
  private let statistics: DeviceMemory
  private let channels: Int
  private let hasStatistics: Bool

  init(_ operation: BatchNorm, _ request: DeviceRequest) throws {
    self.operation = operation
    let input = request.inputs[0]
    channels = DeviceTensor.wholeGroups(input.shape.c)
    hasStatistics = BatchNorm.hasStatistics(input.shape)
    sums = try DeviceChannelSums(request, input, mode: 0)
    squares = try DeviceChannelSums(request, input, mode: 1)
    gradients = try DeviceChannelSums(request, input, mode: 3)
    let (type, context) = (["INPUT=\(input.element.typeName)"], request.context)
    normalize = try context.function("normalize_batch", of: .batch_norm, type)
    move = try context.function("move_statistics", of: .batch_norm, type)
    gradient = try context.function("batch_norm_gradient", of: .batch_norm, type)
    parameters = try context.function("batch_norm_parameters", of: .batch_norm, type)
    statistics = try DeviceMemory(6 * channels * 4, in: context)
  }

  var workspaceByteCount: Int {
    max(sums.workspaceByteCount, squares.workspaceByteCount, gradients.workspaceByteCount)
  }

  private func statistic(_ index: Int) -> CUDADriver.Address {
    statistics.address + UInt64(index * channels * 4)
  }

  private func arguments(_ call: DeviceCall) -> fcn_batch_norm_call {
    var arguments = fcn_batch_norm_call()
    arguments.input = call.inputs[0].view
    arguments.output = call.output.view
    (arguments.weight, arguments.bias) = (call.parameters[0], call.parameters[1])
    (arguments.running_mean, arguments.running_variance) = (call.parameters[2], call.parameters[3])
    // Of one value a channel, the sum and the square's are taken to be the running mean and variance.
    (arguments.sums, arguments.squares) =
      hasStatistics ? (statistic(0), statistic(1)) : (call.parameters[2], call.parameters[3])
    (arguments.gradient_sums, arguments.gradient_products) = (statistic(2), statistic(3))
    (arguments.epsilon, arguments.momentum) = (operation.epsilon, operation.momentum)
    return arguments
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    let input = call.inputs[0].view
    if hasStatistics {
      try sums.enqueue(stream, input: input, workspace: call.workspace, to: [statistic(0)])
      try squares.enqueue(
        stream, input: input, sums: statistic(0), workspace: call.workspace, to: [statistic(1)])
    }
    try stream.launch(normalize, over: call.output.groupCount, arguments(call))
    if hasStatistics { try stream.launch(move, over: call.inputs[0].shape.c, arguments(call)) }
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (forward, upstream) = (call.forward, call.outputGradient.view)
    var arguments = arguments(forward)
    try gradients.enqueue(
      stream, input: forward.inputs[0].view, gradient: upstream, sums: arguments.sums,
      workspace: forward.workspace, to: [statistic(2), statistic(3)])
    (arguments.gradient, arguments.scale) = (upstream, call.gradientScale)
    if let input = call.inputGradients[0] {
      arguments.input_gradient = input.view
      try stream.launch(gradient, over: input.groupCount, arguments)
    }
    let (weight, bias) = (call.parameterGradients[0], call.parameterGradients[1])
    if weight != nil || bias != nil {
      // One launch makes both; either may be frozen alone.
      arguments.weight_gradient = weight ?? statistic(4)
      arguments.bias_gradient = bias ?? statistic(5)
      try stream.launch(parameters, over: forward.inputs[0].shape.c, arguments)
    }
  }
}
