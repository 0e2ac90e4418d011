import CDeviceCalls

/// A kernel whose output can be had pixel by pixel, so that, where it comes last, labels or the host's
/// scores are made without it.
protocol DeviceScoreMaker: PreparedDeviceForm {
  /// SOURCE in scores.cu, and the element type of what it reads.
  var sourceDefinitions: [String] { get }
  /// What those kernels read.
  func source(_ call: DeviceCall) -> fcn_score_source
}

extension DeviceScoreMaker {
  func enqueue(_ function: DeviceFunction, _ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(
      function, over: call.output.groupCount,
      fcn_scores_call(
        source: source(call), output: call.output.view, results: 0, first_picture: 0, reserved: 0))
  }
}

/// A transposed convolution, of each channel by itself or dense; of what is cropped after it, only the
/// part that stays is made.
final class DeviceTransposedConvolution: DeviceScoreMaker {
  private let operation: TransposedConvolution
  private let input: Shape
  private let function: DeviceFunction
  private let margin: Extent
  private let isChannelwise: Bool
  let sourceDefinitions: [String]

  init?(_ operation: TransposedConvolution, _ request: DeviceRequest) throws {
    let input = request.inputs[0].shape
    let window = operation.window
    isChannelwise = operation.groups == input.c && input.c == operation.outputChannels
    guard request.epilogue == Epilogue(cropped: request.epilogue.cropped) else { return nil }
    self.operation = operation
    self.input = input
    let offset = request.epilogue.cropped?.offset ?? 0
    margin = Extent(window.padding.h + offset.h, window.padding.w + offset.w)
    sourceDefinitions = [
      "INPUT=\(request.inputs[0].element.typeName)",
      "SOURCE=\(isChannelwise ? "Channelwise" : "Dense")",
    ]
    function = try request.context.functions.function(
      "upsample", of: .scores,
      sourceDefinitions + ["OUTPUT=\(request.output.element.typeName)"], request.context)
  }

  var packing: String { "transposed" }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    let positions = operation.window.kernel.h * operation.window.kernel.w
    let outputs = operation.outputChannels
    // Weights are in×(out/groups)×h×w; packed, [positions][inputs][outputs].
    let weights =
      isChannelwise
      ? try loader.pack(
        parameters[0], outputs: outputs, inputs: 1, positions: positions, .byPosition, as: .float32)
      : try loader.pack(
        try outputsFirst(parameters[0]), outputs: outputs, inputs: input.c, positions: positions,
        .byPosition, as: .float32)
    return operation.bias ? [weights, try loader.uploadChannels(parameters[1])] : [weights]
  }

  /// The weights as those of one dense group, out×in×h×w.
  private func outputsFirst(_ weights: Tensor) throws -> Tensor {
    let shape = weights.shape
    let result = try Tensor(Shape(operation.outputChannels, input.c, shape.h, shape.w))
    let inputsOfGroup = input.c / operation.groups
    for i in 0..<shape.n {
      for o in 0..<shape.c {
        let output = i / inputsOfGroup * shape.c + o
        result.plane(output, i).update(from: weights.plane(i, o), count: shape.planeCount)
      }
    }
    return result
  }

  func source(_ call: DeviceCall) -> fcn_score_source {
    let window = operation.window
    return fcn_score_source(
      input: call.inputs[0].view, weights: call.parameters[0],
      bias: operation.bias ? call.parameters[1] : 0, kernel: fcn_extent(window.kernel),
      stride: fcn_extent(window.stride), margin: fcn_extent(margin), rows: 0, columns: 0,
      channels: Int32(operation.outputChannels), reserved: 0)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try enqueue(function, call, stream)
  }
}

/// A resize, bilinear, to the nearest or cubic.
class DeviceResize: DeviceScoreMaker {
  /// What the output's lines are made of.
  let rows, columns: DeviceMemory
  private let function: DeviceFunction
  let sourceDefinitions: [String]

  init?(_ operation: Resize, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    let axes = operation.deviceAxes(request.inputs[0].shape, request.output.shape)
    let loader = try DeviceLoader(request.context)
    (rows, columns) = (try axes.rows.upload(loader), try axes.columns.upload(loader))
    sourceDefinitions = [
      "INPUT=\(request.inputs[0].element.typeName)",
      "SOURCE=\(operation.interpolation == .cubic ? "Cubic" : "Bilinear")",
    ]
    function = try request.context.functions.function(
      "upsample", of: .scores,
      sourceDefinitions + ["OUTPUT=\(request.output.element.typeName)"], request.context)
  }

  func source(_ call: DeviceCall) -> fcn_score_source {
    .resized(call.inputs[0].view, rows: rows.address, columns: columns.address)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try enqueue(function, call, stream)
  }
}

extension fcn_score_source {
  /// `scores` themselves.
  static func plain(_ scores: fcn_view) -> fcn_score_source {
    resized(scores, rows: 0, columns: 0)
  }

  /// `scores` between ticks, or of taps.
  static func resized(
    _ scores: fcn_view, rows: CUDADriver.Address, columns: CUDADriver.Address
  ) -> fcn_score_source {
    fcn_score_source(
      input: scores, weights: 0, bias: 0, kernel: fcn_extent(0), stride: fcn_extent(1),
      margin: fcn_extent(0), rows: rows, columns: columns, channels: scores.channels, reserved: 0)
  }
}
