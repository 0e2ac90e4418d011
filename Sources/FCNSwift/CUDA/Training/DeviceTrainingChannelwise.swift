import CDeviceCalls

/// A factor and an offset a channel, in training.
final class DeviceTrainingAffine: PreparedDeviceTrainingForm {
  private let affine: DeviceFunction
  private let sums: DeviceChannelSums

  init?(_ request: DeviceRequest) throws {
    try request.checkOneType()
    affine = try request.function("affine", of: .pointwise)
    sums = try DeviceChannelSums(request, request.inputs[0], mode: 3)
  }

  /// Partial sums, and room for a gradient that nobody wants.
  var workspaceByteCount: Int { sums.workspaceByteCount + sums.sumCount * 4 }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try enqueue(
      stream, call.inputs[0], factors: call.parameters[0], offsets: call.parameters[1],
      to: call.output)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (weight, bias) = (call.parameterGradients[0], call.parameterGradients[1])
    if weight != nil || bias != nil {
      let unwanted = call.forward.workspace + UInt64(sums.workspaceByteCount)
      // Sums of the gradient, and of its product with the input.
      try sums.enqueue(
        stream, input: call.forward.inputs[0].view, gradient: call.outputGradient.view,
        workspace: call.forward.workspace, to: [bias ?? unwanted, weight ?? unwanted],
        scale: call.gradientScale)
    }
    guard let gradient = call.inputGradients[0] else { return }
    try enqueue(
      stream, call.outputGradient, factors: call.forward.parameters[0], offsets: 0, to: gradient)
  }

  private func enqueue(
    _ stream: DeviceStream, _ input: DeviceTensor, factors: CUDADriver.Address,
    offsets: CUDADriver.Address, to output: DeviceTensor
  ) throws {
    try stream.launch(
      affine, over: output.groupCount,
      fcn_affine_call(
        input: input.view, output: output.view, factors: factors, offsets: offsets))
  }
}

/// The leaky rectifier of learned slopes, in training.
final class DeviceTrainingPReLU: PreparedDeviceTrainingForm {
  private let isShared: Bool
  private let channels: Int
  private let function, gradient, total: DeviceFunction
  private let sums: DeviceChannelSums

  init?(isShared: Bool, _ request: DeviceRequest) throws {
    try request.checkOneType()
    self.isShared = isShared
    channels = request.inputs[0].shape.c
    function = try request.function("prelu", of: .pointwise)
    gradient = try request.function("prelu_gradient", of: .pointwise)
    total = try request.context.function("sum_chunks", of: .reductions)
    sums = try DeviceChannelSums(request, request.inputs[0], mode: 4)
  }

  /// Partial sums, and those of the channels where one slope has them all.
  var workspaceByteCount: Int { sums.workspaceByteCount + sums.sumCount * 4 }

  private func arguments(
    _ call: DeviceCall, gradient: fcn_view, to output: DeviceTensor
  ) -> fcn_slope_call {
    fcn_slope_call(
      input: call.inputs[0].view, output: output.view, gradient: gradient,
      slopes: call.parameters[0], is_shared: isShared ? 1 : 0, reserved: 0)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(
      function, over: call.output.groupCount, arguments(call, gradient: .none, to: call.output))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (forward, upstream) = (call.forward, call.outputGradient.view)
    if let target = call.parameterGradients[0] {
      let ofChannels = forward.workspace + UInt64(sums.workspaceByteCount)
      try sums.enqueue(
        stream, input: forward.inputs[0].view, gradient: upstream, workspace: forward.workspace,
        to: [isShared ? ofChannels : target], scale: call.gradientScale)
      if isShared {
        // One number, of as many parts as there are channels.
        try stream.launch(
          total, over: 1,
          fcn_sum_chunks_call(
            partials: ofChannels, target: target, chunks: Int32(channels), count: 1, scale: 1,
            reserved: 0))
      }
    }
    guard let target = call.inputGradients[0] else { return }
    try stream.launch(
      gradient, over: target.groupCount, arguments(forward, gradient: upstream, to: target))
  }
}
