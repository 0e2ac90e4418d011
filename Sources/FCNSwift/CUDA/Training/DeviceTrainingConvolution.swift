import CDeviceCalls

/// A convolution in training: weights are packed anew in each pass, for they change; the gradient by
/// the input is a convolution of the output's gradient with turned kernels.
final class DeviceTrainingConvolution: DeviceTrainingKernel {
  private let operation: Convolution
  private let input: Shape
  private let element: DeviceElement
  /// Groups as the kernels see them.
  private let groups: Int
  private let forwardProduct: DeviceProduct
  private let backwardProduct: DeviceProduct
  private let pack: DeviceFunction
  private let weightGradient: DeviceWeightGradient
  private let biasGradient: DeviceChannelSums?
  private let zeros: DeviceMemory
  /// The output's gradient in the input's element type, where they differ.
  private let converted: (function: DeviceFunction, byteCount: Int)?

  init(_ operation: Convolution, _ request: DeviceTrainingRequest) throws {
    let (source, output) = (request.inputs[0], request.output)
    guard request.precision.deviceElement == source.element else {
      throw FCNError(
        .unsupported,
        "it convolves scores, which are float32; train the network in float32 or tf32")
    }
    self.operation = operation
    input = source.shape
    element = source.element
    let group = Int(FCN_CHANNEL_GROUP)
    let divides = [input.c, operation.outputChannels].allSatisfy {
      $0 / operation.groups % group == 0
    }
    groups = divides ? operation.groups : 1
    let gradient = DeviceTensor(output.shape, element)
    forwardProduct = try DeviceProduct(
      from: source, to: output, window: operation.window, groups: groups, request.precision,
      request.context)
    let window = operation.window
    // Every input pixel sees the outputs that saw it: padding is what the kernel reaches beyond the
    // forward one, strides become distances between the gradient's lines.
    backwardProduct = try DeviceProduct(
      from: gradient, to: source,
      window: Window(
        kernel: window.kernel, stride: 1,
        padding: Extent(
          window.span.h - 1 - window.padding.h, window.span.w - 1 - window.padding.w),
        dilation: window.dilation), groups: groups, spread: window.stride, request.precision,
      request.context)
    pack = try request.function("pack_weights", of: .packing, ["OUTPUT=\(element.typeName)"])
    weightGradient = try DeviceWeightGradient(
      request, window: window, groups: operation.groups, input: source, gradient: gradient)
    biasGradient =
      operation.bias ? try DeviceChannelSums(request, output, mode: 2) : nil
    zeros = try DeviceLoader.zeros(
      max(DeviceTensor.wholeGroups(input.c), DeviceTensor.wholeGroups(operation.outputChannels)),
      request.context)
    converted =
      output.element == element
      ? nil
      : (
        try request.function(
          "combine", of: .pointwise,
          ["INPUT=\(output.element.typeName)", "OUTPUT=\(element.typeName)"]),
        DeviceTensor.byteCount(output.shape, element)
      )
  }

  /// Bytes of packed weights, the larger of both ways.
  private var packedByteCount: Int {
    let positions = operation.window.kernel.h * operation.window.kernel.w
    let outputs = operation.outputChannels
    let forward = outputs * DeviceTensor.wholeGroups(input.c / groups)
    let backward = input.c * DeviceTensor.wholeGroups(outputs / groups)
    return roundUp(max(forward, backward) * positions * element.byteCount, toMultipleOf: 256)
  }

  private var convertedByteCount: Int { roundUp(converted?.byteCount ?? 0, toMultipleOf: 256) }

  var workspaceByteCount: Int {
    convertedByteCount
      + max(
        packedByteCount, weightGradient.workspaceByteCount, biasGradient?.workspaceByteCount ?? 0)
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    let channels = (inputs: input.c / operation.groups, outputs: operation.outputChannels)
    let positions = operation.window.kernel.h * operation.window.kernel.w
    try stream.pack(
      pack,
      fcn_pack_weights_call(
        source: call.parameters[0], target: call.workspace,
        group_stride: Int64(channels.outputs / operation.groups * channels.inputs * positions),
        rows: Int32(channels.outputs), inner: Int32(input.c / groups),
        padded: Int32(DeviceTensor.wholeGroups(input.c / groups)), positions: Int32(positions),
        rows_per_group: Int32(channels.outputs / operation.groups),
        inner_per_group: Int32(channels.inputs), row_stride: Int32(channels.inputs * positions),
        inner_stride: Int32(positions), joined: groups == operation.groups ? 0 : 1, turned: 0,
        by_position: 0, reserved: 0))
    try forwardProduct.enqueue(
      stream, call.inputs[0], weights: call.workspace,
      bias: operation.bias ? call.parameters[1] : zeros.address, to: call.output)
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    guard var gradient = call.outputGradient else { return }
    let workspace = call.workspace + UInt64(convertedByteCount)
    if let biasGradient, let target = call.parameterGradients[1] {
      try biasGradient.enqueue(
        stream, gradient: gradient.view, workspace: workspace, to: [target],
        scale: call.gradientScale)
    }
    if let converted {
      var target = DeviceTensor(gradient.shape, element)
      target.base = call.workspace
      try stream.launch(
        converted.function, over: target.groupCount, fcn_combine_call([gradient], to: target))
      gradient = target
    }
    if let target = call.parameterGradients[0] {
      try weightGradient.enqueue(
        stream, input: call.inputs[0], gradient: gradient, workspace: workspace, to: target,
        scale: call.gradientScale)
    }
    guard let inputGradient = call.inputGradients[0] else { return }
    let channels = (inputs: input.c / operation.groups, outputs: operation.outputChannels)
    let positions = operation.window.kernel.h * operation.window.kernel.w
    try stream.pack(
      pack,
      fcn_pack_weights_call(
        source: call.parameters[0], target: workspace,
        group_stride: Int64(channels.outputs / operation.groups * channels.inputs * positions),
        rows: Int32(input.c), inner: Int32(channels.outputs / groups),
        padded: Int32(DeviceTensor.wholeGroups(channels.outputs / groups)),
        positions: Int32(positions), rows_per_group: Int32(channels.inputs),
        inner_per_group: Int32(channels.outputs / operation.groups), row_stride: Int32(positions),
        inner_stride: Int32(channels.inputs * positions),
        joined: groups == operation.groups ? 0 : 1, turned: 1, by_position: 0, reserved: 0))
    try backwardProduct.enqueue(
      stream, gradient, weights: workspace, bias: zeros.address, to: inputGradient)
  }
}

extension DeviceStream {
  /// Hands over a packing of weights.
  func pack(_ function: DeviceFunction, _ call: fcn_pack_weights_call) throws {
    try launch(function, over: Int(call.rows) * Int(call.positions) * Int(call.padded), call)
  }
}
