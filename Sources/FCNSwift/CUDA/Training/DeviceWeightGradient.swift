import CDeviceCalls

/// The gradient of a convolution by its weights, summed in parts whose number follows from the shapes
/// and the device, then in order. That of a transposed convolution is the same with the roles of its
/// input and its output's gradient exchanged.
struct DeviceWeightGradient {
  /// Bytes that partial sums may take.
  private static let partialsLimit = 64 << 20

  private let multiply: DeviceFunction
  private let reduction: DeviceWeightReduction
  private let window: Window
  /// Groups as devices see them.
  private let groups: Int
  private let channels: (inputs: Int, outputs: Int)
  private let tile: Int
  private let splits: Int
  private let splitPixels: Int

  /// `input` and `gradient` are of one element type.
  init(
    _ request: DeviceRequest, window: Window, groups: Int, input: DeviceTensor,
    gradient: DeviceTensor
  ) throws {
    let element = input.element
    self.window = window
    channels = (input.shape.c, gradient.shape.c)
    self.groups = DeviceTensor.groups(groups, inputs: channels.inputs, outputs: channels.outputs)
    let inputs = DeviceTensor.wholeGroups(channels.inputs / self.groups)
    let outputs = DeviceTensor.wholeGroups(channels.outputs / self.groups)
    tile = min(inputs, outputs) > 64 ? 128 : 64
    let positions = window.kernel.h * window.kernel.w
    let blocks =
      positions * ((inputs + tile - 1) / tile) * ((outputs + tile - 1) / tile)
      * self.groups
    let pixels = gradient.shape.n * gradient.shape.planeCount
    let partial = channels.outputs * positions * inputs * 4
    // Two blocks for every multiprocessor, each with some hundred pixels at least.
    let wanted = (2 * request.context.device.multiprocessorCount + blocks - 1) / blocks
    let most = min((pixels + 511) / 512, max(1, Self.partialsLimit / partial))
    splitPixels = (pixels + max(1, min(wanted, most)) - 1) / max(1, min(wanted, most))
    splits = (pixels + splitPixels - 1) / splitPixels
    let depth = element == .float32 ? 16 : 32
    let row = tile + 16 / element.byteCount
    multiply = try request.context.function(
      "weight_gradient", of: .weight_gradient,
      [
        "INPUT=\(element.typeName)",
        "MATRIX_UNITS=\(request.precision.multiplies(element) ? 1 : 0)", "TILE=\(tile)",
      ],
      sharedByteCount: max(4 * depth * row * element.byteCount, tile * (tile + 4) * 4))
    reduction = try DeviceWeightReduction(
      request, window, groups: groups, inputs: channels.inputs, outputs: channels.outputs)
    workspaceByteCount = splits * partial
  }

  /// Bytes of the partial sums.
  let workspaceByteCount: Int

  /// Writes `scale` times the gradient, outputs×inputs of a group×positions.
  func enqueue(
    _ stream: DeviceStream, input: DeviceTensor, gradient: DeviceTensor,
    workspace: CUDADriver.Address, to target: CUDADriver.Address, scale: Float
  ) throws {
    let inputs = channels.inputs / groups
    let outputs = channels.outputs / groups
    let padded = DeviceTensor.wholeGroups(inputs)
    let positions = window.kernel.h * window.kernel.w
    let rowTiles = (DeviceTensor.wholeGroups(outputs) + tile - 1) / tile
    try stream.launch(
      multiply,
      grid: (positions * ((padded + tile - 1) / tile), rowTiles * groups, splits),
      fcn_weight_gradient_call(
        input: input.view, gradient: gradient.view, partials: workspace,
        kernel: fcn_extent(window.kernel), stride: fcn_extent(window.stride),
        padding: fcn_extent(window.padding), dilation: fcn_extent(window.dilation),
        input_channels: Int32(inputs), output_channels: Int32(outputs),
        groups: Int32(groups), split_pixels: Int32(splitPixels)))
    try reduction.enqueue(stream, partials: workspace, splits: splits, to: target, scale: scale)
  }
}

/// Adds up gradients of weights that lie as kernels make them, [splits][outputs][positions][inputs of a
/// group, whole channel groups], in the model's order, outputs×inputs of a group×positions.
struct DeviceWeightReduction {
  private let reduce: DeviceFunction
  private let positions: Int
  /// Groups of the convolution, and as devices see them.
  private let groups: (own: Int, device: Int)
  private let channels: (inputs: Int, outputs: Int)

  /// `element` is what they are made of.
  init(
    _ request: DeviceRequest, _ window: Window, groups: Int, inputs: Int, outputs: Int,
    of element: DeviceElement = .float32
  ) throws {
    positions = window.kernel.h * window.kernel.w
    self.groups = (groups, DeviceTensor.groups(groups, inputs: inputs, outputs: outputs))
    channels = (inputs, outputs)
    reduce = try request.context.function(
      "reduce_weights", of: .reductions, ["PARTIAL=\(element.typeName)"])
  }

  /// Writes `scale` times the sum.
  func enqueue(
    _ stream: DeviceStream, partials: CUDADriver.Address, splits: Int,
    to target: CUDADriver.Address, scale: Float
  ) throws {
    let inputs = channels.inputs / groups.own
    try stream.launch(
      reduce, over: channels.outputs * inputs * positions,
      fcn_reduce_weights_call(
        partials: partials, target: target, splits: Int32(splits),
        outputs: Int32(channels.outputs), inputs: Int32(inputs), positions: Int32(positions),
        padded: Int32(DeviceTensor.wholeGroups(channels.inputs / groups.device)),
        outputs_per_group:
          groups.own == groups.device ? 0 : Int32(channels.outputs / groups.own),
        scale: scale, reserved: 0))
  }
}
