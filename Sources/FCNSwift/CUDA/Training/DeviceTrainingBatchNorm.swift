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

  init(_ operation: BatchNorm, _ request: DeviceTrainingRequest) throws {
    self.operation = operation
    let input = request.inputs[0]
    channels = DeviceTensor.wholeGroups(input.shape.c)
    sums = try DeviceChannelSums(request, input, mode: 0)
    squares = try DeviceChannelSums(request, input, mode: 1)
    gradients = try DeviceChannelSums(request, input, mode: 3)
    let type = ["INPUT=\(input.element.typeName)"]
    normalize = try request.function("normalize_batch", of: .batch_norm, type)
    move = try request.function("move_statistics", of: .batch_norm, type)
    gradient = try request.function("batch_norm_gradient", of: .batch_norm, type)
    parameters = try request.function("batch_norm_parameters", of: .batch_norm, type)
    statistics = try DeviceMemory(6 * channels * 4, in: request.context)
  }

  var workspaceByteCount: Int {
    max(sums.workspaceByteCount, squares.workspaceByteCount, gradients.workspaceByteCount)
  }

  private func statistic(_ index: Int) -> CUDADriver.Address {
    statistics.address + UInt64(index * channels * 4)
  }

  private func arguments(_ call: DeviceTrainingCall) -> fcn_batch_norm_call {
    var arguments = fcn_batch_norm_call()
    arguments.input = call.inputs[0].view
    arguments.output = call.output.view
    (arguments.weight, arguments.bias) = (call.parameters[0], call.parameters[1])
    (arguments.running_mean, arguments.running_variance) = (call.parameters[2], call.parameters[3])
    (arguments.sums, arguments.squares) = (statistic(0), statistic(1))
    (arguments.gradient_sums, arguments.gradient_products) = (statistic(2), statistic(3))
    (arguments.epsilon, arguments.momentum) = (operation.epsilon, operation.momentum)
    arguments.scale = call.gradientScale
    return arguments
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let input = call.inputs[0].view
    try sums.enqueue(stream, input: input, workspace: call.workspace, to: [statistic(0)])
    try squares.enqueue(
      stream, input: input, sums: statistic(0), workspace: call.workspace, to: [statistic(1)])
    try stream.launch(normalize, over: call.output.groupCount, arguments(call))
    try stream.launch(move, over: call.inputs[0].shape.c, arguments(call))
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let upstream = try call.upstream()
    try gradients.enqueue(
      stream, input: call.inputs[0].view, gradient: upstream.view, sums: statistic(0),
      workspace: call.workspace, to: [statistic(2), statistic(3)])
    var arguments = arguments(call)
    arguments.gradient = upstream.view
    if let input = call.inputGradients[0] {
      arguments.input_gradient = input.view
      try stream.launch(gradient, over: input.groupCount, arguments)
    }
    let (weight, bias) = (call.parameterGradients[0], call.parameterGradients[1])
    if weight != nil || bias != nil {
      // One launch makes both; either may be frozen alone.
      arguments.weight_gradient = weight ?? statistic(4)
      arguments.bias_gradient = bias ?? statistic(5)
      try stream.launch(parameters, over: call.inputs[0].shape.c, arguments)
    }
  }
}
