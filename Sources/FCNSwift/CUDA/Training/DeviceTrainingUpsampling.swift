import CDeviceCalls

/// A transposed convolution in training. The gradient by its input is the convolution that it is the
/// transpose of, over the output's gradient.
final class DeviceTrainingTransposedConvolution: PreparedDeviceTrainingForm {
  private let operation: TransposedConvolution
  private let input: Shape
  private let isChannelwise: Bool
  private let upsample: DeviceFunction
  private let pack: DeviceFunction
  private let packForProduct: DeviceFunction
  private let product: DeviceProduct
  private let channelwise: DeviceFunction
  private let weightGradient: DeviceWeightGradient
  private let biasGradient: DeviceChannelSums?
  private let zeros: DeviceMemory
  private let element: DeviceElement

  init(_ operation: TransposedConvolution, _ request: DeviceTrainingRequest) throws {
    try request.checkOneType()
    let (source, output) = (request.inputs[0], request.output)
    self.operation = operation
    input = source.shape
    element = source.element
    isChannelwise = operation.groups == input.c && input.c == operation.outputChannels
    let type = "INPUT=\(element.typeName)"
    upsample = try request.function(
      "upsample", of: .scores,
      [type, "OUTPUT=\(element.typeName)", "SOURCE=\(isChannelwise ? "Channelwise" : "Dense")"])
    pack = try request.function("pack", of: .packing, ["OUTPUT=float"])
    packForProduct = try request.function(
      "pack", of: .packing, ["OUTPUT=\(element.typeName)"])
    channelwise = try request.function("channelwise_gradient", of: .gradients, [type])
    product = try DeviceProduct(
      from: output, to: source, window: operation.window, groups: 1, request.precision,
      request.context)
    weightGradient = try DeviceWeightGradient(
      request, window: operation.window, groups: operation.groups, input: output,
      gradient: source)
    biasGradient = operation.bias ? try DeviceChannelSums(request, output, mode: 2) : nil
    zeros = try DeviceLoader.zeros(DeviceTensor.wholeGroups(input.c), request.context)
  }

  private var positions: Int { operation.window.kernel.h * operation.window.kernel.w }

  var workspaceByteCount: Int {
    let padded = DeviceTensor.wholeGroups(operation.outputChannels)
    return max(
      positions * input.c * padded * 4, weightGradient.workspaceByteCount,
      biasGradient?.workspaceByteCount ?? 0)
  }

  /// Weights, inputs×(outputs of a group)×positions, packed with a row for every input.
  private func packing(
    _ call: DeviceTrainingCall, byPosition: Bool
  ) -> fcn_pack_call {
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
  private func packChannelwise(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    try stream.pack(
      pack,
      fcn_pack_call(
        call.parameters[0], to: call.workspace, rows: 1, rowStride: 0, inner: input.c,
        innerStride: positions, positions: positions, byPosition: true))
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    if isChannelwise {
      try packChannelwise(call, stream)
    } else {
      try stream.pack(pack, packing(call, byPosition: true))
    }
    let window = operation.window
    let source = fcn_score_source(
      input: call.inputs[0].view, weights: call.workspace,
      bias: operation.bias ? call.parameters[1] : 0, kernel: fcn_extent(window.kernel),
      stride: fcn_extent(window.stride), margin: fcn_extent(window.padding), rows: 0, columns: 0,
      channels: Int32(operation.outputChannels), reserved: 0)
    try stream.launch(
      upsample, over: call.output.groupCount,
      fcn_scores_call(
        source: source, output: call.output.view, results: 0, first_picture: 0, reserved: 0))
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let gradient = try call.upstream()
    if let biasGradient, let target = call.parameterGradients[1] {
      try biasGradient.enqueue(
        stream, gradient: gradient.view, workspace: call.workspace, to: [target],
        scale: call.gradientScale)
    }
    if let target = call.parameterGradients[0] {
      try weightGradient.enqueue(
        stream, input: gradient, gradient: call.inputs[0], workspace: call.workspace, to: target,
        scale: call.gradientScale)
    }
    guard let inputGradient = call.inputGradients[0] else { return }
    if isChannelwise {
      try packChannelwise(call, stream)
      let window = operation.window
      var arguments = fcn_gradient_call()
      arguments.gradient = gradient.view
      arguments.input_gradient = inputGradient.view
      arguments.kernel = fcn_extent(window.kernel)
      arguments.stride = fcn_extent(window.stride)
      arguments.padding = fcn_extent(window.padding)
      arguments.weights = call.workspace
      try stream.launch(channelwise, over: inputGradient.groupCount, arguments)
    } else {
      try stream.pack(packForProduct, packing(call, byPosition: false))
      try product.enqueue(
        stream, gradient, weights: call.workspace, bias: zeros.address, to: inputGradient)
    }
  }
}

/// A resize in training, bilinear or to the nearest.
final class DeviceTrainingResize: PreparedDeviceTrainingForm {
  private let upsample: DeviceFunction
  private let gather: DeviceFunction
  private let rows, columns: DeviceMemory
  private let rowRanges, columnRanges: DeviceMemory

  init(_ operation: Resize, _ request: DeviceTrainingRequest) throws {
    guard operation.interpolation != .cubic else {
      throw FCNError(.unsupported, "a cubic resize cannot be trained on a device; use the processor")
    }
    let (source, output) = (request.inputs[0], request.output)
    let type = "INPUT=\(source.element.typeName)"
    upsample = try request.function(
      "upsample", of: .scores, [type, "OUTPUT=\(output.element.typeName)", "SOURCE=Bilinear"])
    gather = try request.function("resize_gradient", of: .gradients, [type])
    let axes = operation.bilinearAxes(source.shape, output.shape)
    let loader = try DeviceLoader(request.context)
    rows = try loader.upload(axes.0.ticks)
    columns = try loader.upload(axes.1.ticks)
    rowRanges = try loader.upload(axes.0.readers(of: source.shape.h))
    columnRanges = try loader.upload(axes.1.readers(of: source.shape.w))
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    try stream.launch(
      upsample, over: call.output.groupCount,
      fcn_scores_call(
        source: .bilinear(call.inputs[0].view, rows: rows.address, columns: columns.address),
        output: call.output.view, results: 0, first_picture: 0, reserved: 0))
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    // Of a second input only the size counts.
    if call.inputGradients.count > 1, let like = call.inputGradients[1] { try stream.clear(like) }
    guard let gradient = call.inputGradients[0] else { return }
    let upstream = try call.upstream()
    var arguments = fcn_gradient_call()
    arguments.gradient = upstream.view
    arguments.input_gradient = gradient.view
    (arguments.rows, arguments.columns) = (rows.address, columns.address)
    (arguments.row_ranges, arguments.column_ranges) = (rowRanges.address, columnRanges.address)
    try stream.launch(gather, over: gradient.groupCount, arguments)
  }
}

extension BilinearAxis {
  /// For each of `count` input positions the first output position that reads it and the end of those.
  fileprivate func readers(of count: Int) -> [fcn_extent] {
    var ranges = [fcn_extent](repeating: fcn_extent(h: 0, w: 0), count: count)
    for output in low.indices {
      for input in [low[output], high[output]] {
        if ranges[input].w == 0 { ranges[input].h = Int32(output) }
        ranges[input].w = Int32(output + 1)
      }
    }
    return ranges
  }
}
