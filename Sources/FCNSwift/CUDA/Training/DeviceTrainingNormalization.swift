import CDeviceCalls

/// Normalisation by the statistics of groups of channels of each picture, in training: those of the forward
/// pass are kept, and gradients go through them.
final class DeviceTrainingGroupNormalization: DeviceGroupNormalization,
  PreparedDeviceTrainingForm
{
  private let gradients: DeviceChannelSums
  private let share, gradient, parameters: DeviceFunction

  override init?(groups: Int, _ epsilon: Float, _ request: DeviceRequest) throws {
    try request.checkOneType()
    gradients = try DeviceChannelSums(request, request.inputs[0], mode: 3, apart: true)
    share = try request.function("share_gradients", of: .normalization)
    gradient = try request.function("group_norm_gradient", of: .normalization)
    parameters = try request.function("group_norm_parameters", of: .normalization)
    try super.init(groups: groups, epsilon, request)
  }

  override var packing: String { nothingPacked }

  /// Going back: sums of gradients and of their products, what groups share, twice, room for gradients by
  /// weight and bias that nobody wants, and partial sums.
  override var workspaceByteCount: Int {
    max(super.workspaceByteCount, 6 * placeByteCount + gradients.workspaceByteCount)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (forward, upstream) = (call.forward, call.outputGradient.view)
    let places = (0..<7).map { forward.workspace + UInt64($0 * placeByteCount) }
    let statistics = statistics(forward)
    try gradients.enqueue(
      stream, input: forward.inputs[0].view, gradient: upstream, sums: statistics.means,
      workspace: places[6], to: [places[0], places[1]])
    var arguments = fcn_group_norm_gradient_call()
    (arguments.input, arguments.gradient) = (forward.inputs[0].view, upstream)
    arguments.weight = forward.parameters[0]
    (arguments.sums, arguments.squares) = (statistics.means, statistics.variances)
    (arguments.gradient_sums, arguments.gradient_products) = (places[0], places[1])
    (arguments.shares, arguments.group_channels) = (places[2], Int32(groupChannels))
    (arguments.epsilon, arguments.scale) = (epsilon, call.gradientScale)
    if let input = call.inputGradients[0] {
      arguments.input_gradient = input.view
      try stream.launch(share, over: placeByteCount / 4, arguments)
      try stream.launch(gradient, over: input.groupCount, arguments)
    }
    let (weight, bias) = (call.parameterGradients[0], call.parameterGradients[1])
    if weight != nil || bias != nil {
      // One launch makes both; either may be frozen alone.
      (arguments.weight_gradient, arguments.bias_gradient) = (
        weight ?? places[4], bias ?? places[5]
      )
      try stream.launch(parameters, over: forward.inputs[0].shape.c, arguments)
    }
  }
}

/// Normalisation by the statistics of each pixel's channels, in training. Those are made anew going back.
final class DeviceTrainingLayerNormalization: PreparedDeviceTrainingForm {
  private let epsilon: Float
  private let shape: Shape
  private let normalize, statistics, gradient: DeviceFunction
  private let sums: DeviceChannelSums

  init?(_ epsilon: Float, _ request: DeviceRequest) throws {
    try request.checkOneType()
    self.epsilon = epsilon
    shape = request.inputs[0].shape
    normalize = try request.function("normalize_pixels", of: .normalization)
    statistics = try request.function("pixel_statistics", of: .normalization)
    gradient = try request.function("pixel_norm_gradient", of: .normalization)
    sums = try DeviceChannelSums(request, request.inputs[0], mode: 5)
  }

  private var statisticsByteCount: Int { 4 * shape.n * shape.planeCount * 4 }

  /// Four numbers of each pixel, room for a gradient that nobody wants, and partial sums.
  var workspaceByteCount: Int {
    statisticsByteCount + sums.sumCount * 4 + sums.workspaceByteCount
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(
      normalize, over: call.output.groupCount,
      fcn_group_norm_call(pixelsOf: call, epsilon: epsilon))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (forward, upstream) = (call.forward, call.outputGradient.view)
    let unwanted = forward.workspace + UInt64(statisticsByteCount)
    var arguments = fcn_pixel_norm_gradient_call()
    (arguments.input, arguments.gradient) = (forward.inputs[0].view, upstream)
    (arguments.weight, arguments.epsilon) = (forward.parameters[0], epsilon)
    arguments.statistics = forward.workspace
    try stream.launch(statistics, over: shape.n * shape.planeCount, arguments)
    if let input = call.inputGradients[0] {
      arguments.input_gradient = input.view
      try stream.launch(gradient, over: input.groupCount, arguments)
    }
    let (weight, bias) = (call.parameterGradients[0], call.parameterGradients[1])
    guard weight != nil || bias != nil else { return }
    // Sums of the gradient, and of its product with the normalised value.
    try sums.enqueue(
      stream, input: arguments.input, gradient: upstream, sums: forward.workspace,
      workspace: unwanted + UInt64(sums.sumCount * 4), to: [bias ?? unwanted, weight ?? unwanted],
      scale: call.gradientScale)
  }
}
