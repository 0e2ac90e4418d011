import CDeviceCalls

/// Convolution by our own kernel: a product of matrices whose left-hand side is never unfolded in
/// memory; on the matrix units, or in float32 without them.
final class DeviceConvolution: DeviceKernel {
  private let operation: Convolution
  private let function: DeviceFunction
  private let element: DeviceElement
  let tile: DeviceTile
  private let input: Shape
  /// Groups as the kernel sees them: one where channels do not divide into whole channel groups; the
  /// weights between groups are zero then.
  private let groups: Int
  private let rectifies: Bool
  private let addsResidual: Bool
  let work: KernelWork?

  init?(_ operation: Convolution, _ request: DeviceRequest) throws {
    let input = request.inputs[0]
    guard request.epilogue.pooled == nil, request.epilogue.cropped == nil,
      let element = request.precision.deviceElement, input.element == element
    else { return nil }
    self.operation = operation
    self.element = element
    self.input = input.shape
    rectifies = request.epilogue.rectifies
    addsResidual = request.epilogue.addsResidual
    let group = Int(FCN_CHANNEL_GROUP)
    let outputs = operation.outputChannels
    let divides = [input.shape.c, outputs].allSatisfy { $0 / operation.groups % group == 0 }
    groups = divides ? operation.groups : 1
    let output = request.operationOutput
    tile = DeviceTile.best(
      pixels: output.n * output.planeCount, channels: outputs / groups, groups: groups,
      request.context.device, matrixUnits: request.precision.usesMatrixUnits)
    function = try request.function(
      "convolution", of: .convolution,
      [
        "MATRIX_UNITS=\(request.precision.usesMatrixUnits ? 1 : 0)", "TILE_ROWS=\(tile.rows)",
        "TILE_COLUMNS=\(tile.columns)",
      ], sharedByteCount: tile.sharedByteCount)
    let window = operation.window
    let products =
      Double(output.count) * Double(input.shape.c / operation.groups)
      * Double(window.kernel.h * window.kernel.w)
    let weights =
      Double(outputs * input.shape.c / operation.groups * window.kernel.h)
      * Double(window.kernel.w)
    work = KernelWork(
      nominal: 2 * products, performed: 2 * products,
      bytes: Double(element.byteCount)
        * (Double(input.shape.count) + Double(output.count) + weights))
  }

  var packing: String { "convolution \(element) \(groups)" }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    let outputs = operation.outputChannels
    let positions = operation.window.kernel.h * operation.window.kernel.w
    let weights = groups == operation.groups ? parameters[0] : try joined(parameters[0])
    return [
      try loader.pack(
        weights, outputs: outputs, inputs: input.c / groups, positions: positions, .byOutput,
        as: element),
      try operation.bias
        ? loader.uploadChannels(parameters[1]) : loader.zeros(DeviceTensor.wholeGroups(outputs)),
    ]
  }

  /// The weights of the same convolution without groups.
  private func joined(_ weights: Tensor) throws -> Tensor {
    let shape = weights.shape
    let joined = try Tensor(Shape(shape.n, input.c, shape.h, shape.w))
    let outputsOfGroup = operation.outputChannels / operation.groups
    for o in 0..<shape.n {
      let first = o / outputsOfGroup * shape.c
      joined.plane(o, first).update(from: weights.plane(o, 0), count: shape.pictureCount)
    }
    return joined
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    let window = operation.window
    let output = call.output.shape
    let channels = output.c / groups
    let pixels = output.n * output.planeCount
    try stream.launch(
      function,
      grid: tile.grid(pixels: pixels, channels: channels, groups: groups),
      fcn_convolution_call(
        input: call.inputs[0].view, output: call.output.view,
        residual: addsResidual ? call.inputs[1].view : .none,
        weights: call.parameters[0], bias: call.parameters[1],
        kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
        padding: fcn_extent(window.padding), dilation: fcn_extent(window.dilation),
        input_channels: Int32(DeviceTensor.wholeGroups(input.c / groups)),
        output_channels: Int32(channels), rectifies: rectifies ? 1 : 0, reserved: 0,
        spread: fcn_extent(1)))
  }
}
