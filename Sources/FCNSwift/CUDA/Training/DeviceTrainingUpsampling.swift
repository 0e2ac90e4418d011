import CDeviceCalls

/// A transposed convolution in training. The gradient by its input is the convolution that it is the
/// transpose of, over the output's gradient.
final class DeviceTrainingTransposedConvolution: PreparedDeviceTrainingForm {
  private let operation: TransposedConvolution
  private let input: Shape
  private let isChannelwise: Bool
  private let upsampling: DeviceTransposedConvolution
  private let pack: DeviceFunction
  private let packForProduct: DeviceFunction
  private let product: DeviceProduct
  private let channelwise: DeviceFunction
  private let weightGradient: DeviceWeightGradient
  private let biasGradient: DeviceChannelSums?
  private let zeros: DeviceMemory

  init?(_ operation: TransposedConvolution, _ request: DeviceRequest) throws {
    try request.checkOneType()
    guard let upsampling = try DeviceTransposedConvolution(operation, request) else { return nil }
    let (source, output, context) = (request.inputs[0], request.output, request.context)
    self.operation = operation
    self.upsampling = upsampling
    input = source.shape
    isChannelwise = operation.groups == input.c && input.c == operation.outputChannels
    let type = source.element.typeName
    pack = try context.function("pack", of: .packing, ["OUTPUT=float"])
    packForProduct = try context.function("pack", of: .packing, ["OUTPUT=\(type)"])
    channelwise = try context.function("channelwise_gradient", of: .gradients, ["INPUT=\(type)"])
    product = try DeviceProduct(
      from: output, to: source, window: operation.window, groups: 1, request.precision, context)
    weightGradient = try DeviceWeightGradient(
      request, window: operation.window, groups: operation.groups, input: output,
      gradient: source)
    biasGradient = operation.bias ? try DeviceChannelSums(request, output, mode: 2) : nil
    zeros = try DeviceLoader.zeros(DeviceTensor.wholeGroups(input.c), context)
  }

  private var positions: Int { operation.window.kernel.h * operation.window.kernel.w }

  var workspaceByteCount: Int {
    let padded = DeviceTensor.wholeGroups(operation.outputChannels)
    return max(
      positions * input.c * padded * 4, weightGradient.workspaceByteCount,
      biasGradient?.workspaceByteCount ?? 0)
  }

  /// Weights, inputs×(outputs of a group)×positions, packed with a row for every input.
  private func packing(_ call: DeviceCall, byPosition: Bool) -> fcn_pack_call {
    let outputs = operation.outputChannels
    let outputsOfGroup = outputs / operation.groups
    let inputsOfGroup = input.c / operation.groups
    return fcn_pack_call(
      source: call.parameters[0], target: call.workspace,
      group_stride: Int64(inputsOfGroup * outputsOfGroup * positions), rows: Int32(input.c),
      inner: Int32(outputs), padded: Int32(DeviceTensor.wholeGroups(outputs)),
      positions: Int32(positions), rows_per_group: Int32(inputsOfGroup),
      inner_per_group: Int32(outputsOfGroup), row_stride: Int32(outputsOfGroup * positions),
      inner_stride: Int32(positions), joined: operation.groups == 1 ? 0 : 1, turned: 0,
      by_position: byPosition ? 1 : 0, filled_rows: Int32(input.c))
  }

  /// The same where every channel has a kernel of its own: [positions][channels].
  private func packChannelwise(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.pack(
      pack,
      fcn_pack_call(
        call.parameters[0], to: call.workspace, rows: 1, rowStride: 0, inner: input.c,
        innerStride: positions, positions: positions, byPosition: true))
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    if isChannelwise {
      try packChannelwise(call, stream)
    } else {
      try stream.pack(pack, packing(call, byPosition: true))
    }
    var packed = call
    packed.parameters[0] = call.workspace
    try upsampling.enqueue(packed, stream)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (forward, gradient) = (call.forward, call.outputGradient)
    if let biasGradient, let target = call.parameterGradients[1] {
      try biasGradient.enqueue(
        stream, gradient: gradient.view, workspace: forward.workspace, to: [target],
        scale: call.gradientScale)
    }
    if let target = call.parameterGradients[0] {
      try weightGradient.enqueue(
        stream, input: gradient, gradient: forward.inputs[0], workspace: forward.workspace,
        to: target, scale: call.gradientScale)
    }
    guard let inputGradient = call.inputGradients[0] else { return }
    if isChannelwise {
      try packChannelwise(forward, stream)
      var arguments = fcn_gradient_call(call, to: inputGradient)
      arguments.setWindow(operation.window)
      arguments.weights = forward.workspace
      try stream.launch(channelwise, over: inputGradient.groupCount, arguments)
    } else {
      try stream.pack(packForProduct, packing(forward, byPosition: false))
      try product.enqueue(
        stream, gradient, weights: forward.workspace, bias: zeros.address, to: inputGradient)
    }
  }
}

/// A resize in training, bilinear, to the nearest or cubic.
final class DeviceTrainingResize: DeviceResize, PreparedDeviceTrainingForm {
  private let gather: DeviceFunction
  private let rowRanges, columnRanges: DeviceMemory

  override init?(_ operation: Resize, _ request: DeviceRequest) throws {
    let source = request.inputs[0]
    gather = try request.context.function(
      operation.interpolation == .cubic ? "cubic_resize_gradient" : "resize_gradient",
      of: .gradients, ["INPUT=\(source.element.typeName)"])
    let axes = operation.deviceAxes(source.shape, request.output.shape)
    let loader = try DeviceLoader(request.context)
    rowRanges = try loader.upload(axes.rows.readers(of: source.shape.h))
    columnRanges = try loader.upload(axes.columns.readers(of: source.shape.w))
    try super.init(operation, request)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    // Of a second input only the size counts.
    if call.inputGradients.count > 1, let like = call.inputGradients[1] { try stream.clear(like) }
    guard let gradient = call.inputGradients[0] else { return }
    var arguments = fcn_gradient_call(call, to: gradient)
    (arguments.rows, arguments.columns) = (rows.address, columns.address)
    (arguments.row_ranges, arguments.column_ranges) = (rowRanges.address, columnRanges.address)
    try stream.launch(gather, over: gradient.groupCount, arguments)
  }
}
