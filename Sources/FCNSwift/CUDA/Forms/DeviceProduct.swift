import CDeviceCalls

/// One launch of our own kernel of convolution: tile and machine code for given shapes. A product of
/// matrices whose left-hand side is never unfolded in memory; on the matrix units, or in float32
/// without them.
struct DeviceProduct {
  let tile: DeviceTile
  private let function: DeviceFunction
  private let window: Window
  private let groups: Int
  private let spread: Extent

  /// A convolution of `input` to `output` in `groups` that divide into channel groups, or one. The
  /// input's lines are seen `spread` apart, with zeros between them.
  init(
    from input: DeviceTensor, to output: DeviceTensor, window: Window, groups: Int,
    spread: Extent = 1, _ precision: Precision, _ context: DeviceContext
  ) throws {
    self.window = window
    self.groups = groups
    self.spread = spread
    let usesMatrixUnits = precision.multiplies(input.element)
    tile = DeviceTile.best(
      pixels: output.shape.n * output.shape.planeCount, channels: output.shape.c / groups,
      groups: groups, context.device, matrixUnits: usesMatrixUnits)
    function = try context.functions.function(
      "convolution", of: .convolution,
      [
        "INPUT=\(input.element.typeName)", "OUTPUT=\(output.element.typeName)",
        "MATRIX_UNITS=\(usesMatrixUnits ? 1 : 0)", "TILE_ROWS=\(tile.rows)",
        "TILE_COLUMNS=\(tile.columns)",
      ] + (spread == 1 ? [] : ["SPREAD=1"]), sharedByteCount: tile.sharedByteCount, context)
  }

  /// Hands it over; `weights` are packed [outputs][positions][inputs of a group].
  func enqueue(
    _ stream: DeviceStream, _ input: DeviceTensor, residual: DeviceTensor? = nil,
    weights: CUDADriver.Address, bias: CUDADriver.Address,
    activation: Activation = .identity, to output: DeviceTensor
  ) throws {
    let channels = output.shape.c / groups
    try stream.launch(
      function,
      grid: tile.grid(
        pixels: output.shape.n * output.shape.planeCount, channels: channels, groups: groups),
      fcn_convolution_call(
        input: input.view, output: output.view, residual: residual?.view ?? .none,
        weights: weights, bias: bias,
        kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
        padding: fcn_extent(window.padding), dilation: fcn_extent(window.dilation),
        input_channels: Int32(DeviceTensor.wholeGroups(input.shape.c / groups)),
        output_channels: Int32(channels), activation: fcn_activation(activation),
        spread: fcn_extent(spread)))
  }
}
