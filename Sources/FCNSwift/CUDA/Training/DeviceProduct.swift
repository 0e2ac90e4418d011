import CDeviceCalls

/// One launch of the convolution kernel: tile and machine code for given shapes.
struct DeviceProduct {
  private let function: DeviceFunction
  private let tile: DeviceTile
  private let window: Window
  private let groups: Int
  private let spread: Extent

  /// A convolution of `input` to `output` in `groups` that divide into channel groups, or one. The
  /// input's lines are seen `spread` apart, with zeros between them.
  init(
    _ request: DeviceTrainingRequest, from input: DeviceTensor, to output: DeviceTensor,
    window: Window, groups: Int, spread: Extent = 1
  ) throws {
    self.window = window
    self.groups = groups
    self.spread = spread
    let usesMatrixUnits = request.precision.multiplies(input.element)
    tile = DeviceTile.best(
      pixels: output.shape.n * output.shape.planeCount, channels: output.shape.c / groups,
      groups: groups, request.context.device, matrixUnits: usesMatrixUnits)
    function = try request.function(
      "convolution", of: .convolution,
      [
        "INPUT=\(input.element.typeName)", "OUTPUT=\(output.element.typeName)",
        "MATRIX_UNITS=\(usesMatrixUnits ? 1 : 0)", "TILE_ROWS=\(tile.rows)",
        "TILE_COLUMNS=\(tile.columns)",
      ] + (spread == 1 ? [] : ["SPREAD=1"]), sharedByteCount: tile.sharedByteCount)
  }

  /// Hands it over; `weights` are packed [outputs][positions][inputs of a group].
  func enqueue(
    _ stream: DeviceStream, _ input: DeviceTensor, weights: CUDADriver.Address,
    bias: CUDADriver.Address, to output: DeviceTensor
  ) throws {
    let channels = output.shape.c / groups
    try stream.launch(
      function,
      grid: tile.grid(
        pixels: output.shape.n * output.shape.planeCount, channels: channels, groups: groups),
      fcn_convolution_call(
        input: input.view, output: output.view, residual: .none, weights: weights, bias: bias,
        kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
        padding: fcn_extent(window.padding), dilation: fcn_extent(window.dilation),
        input_channels: Int32(DeviceTensor.wholeGroups(input.shape.c / groups)),
        output_channels: Int32(channels), rectifies: 0, reserved: 0, spread: fcn_extent(spread)))
  }
}
