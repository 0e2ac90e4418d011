import CDeviceCalls

/// Convolution by our own kernel: a product of matrices whose left-hand side is never unfolded in
/// memory; on the matrix units, or in float32 without them.
final class DeviceConvolution: DeviceKernel {
  private let parameters: ConvolutionParameters
  private let function: DeviceFunction
  let tile: DeviceTile
  private let rectifies: Bool
  private let addsResidual: Bool
  let work: KernelWork?

  init?(_ operation: Convolution, _ request: DeviceRequest) throws {
    let input = request.inputs[0]
    guard request.epilogue.pooled == nil, request.epilogue.cropped == nil,
      let element = request.precision.deviceElement, input.element == element
    else { return nil }
    parameters = ConvolutionParameters(operation, input.shape, as: element, bias: .float32)
    rectifies = request.epilogue.rectifies
    addsResidual = request.epilogue.addsResidual
    let output = request.operationOutput
    let groups = parameters.groups
    tile = DeviceTile.best(
      pixels: output.n * output.planeCount, channels: output.c / groups, groups: groups,
      request.context.device, matrixUnits: request.precision.usesMatrixUnits)
    function = try request.function(
      "convolution", of: .convolution,
      [
        "MATRIX_UNITS=\(request.precision.usesMatrixUnits ? 1 : 0)", "TILE_ROWS=\(tile.rows)",
        "TILE_COLUMNS=\(tile.columns)",
      ], sharedByteCount: tile.sharedByteCount)
    work = parameters.work(to: output)
  }

  var packing: String { parameters.packing }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try self.parameters.pack(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    let window = parameters.operation.window
    let output = call.output.shape
    let groups = parameters.groups
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
        input_channels: Int32(DeviceTensor.wholeGroups(parameters.inputs)),
        output_channels: Int32(channels), rectifies: rectifies ? 1 : 0, reserved: 0,
        spread: fcn_extent(1)))
  }
}
