/// A convolution with all that follows it, as cuDNN is asked for it.
struct CUDNNProblem: Hashable {
  let input, output: Layout
  let residual: Layout?
  let weights: Layout
  let bias: Layout
  let window: Window
  let rectifies: Bool
  let precision: Session.Precision

  /// A tensor, N×C×H×W with whole channel groups.
  struct Layout: Hashable {
    let extents, strides: [Int]
    let element: DeviceElement

    init(_ tensor: DeviceTensor) {
      let view = tensor.view
      extents = [
        tensor.shape.n, DeviceTensor.wholeGroups(tensor.shape.c), tensor.shape.h, tensor.shape.w,
      ]
      strides = [Int(view.picture_stride), 1, Int(view.row_stride), Int(view.pixel_stride)]
      element = tensor.element
    }

    /// One without gaps, channels of a pixel side by side.
    init(_ n: Int, _ c: Int, _ h: Int, _ w: Int, _ element: DeviceElement) {
      extents = [n, c, h, w]
      strides = [c * h * w, 1, w * c, c]
      self.element = element
    }
  }

  /// The tensors that have addresses, as they are numbered; virtual ones come after them.
  enum Number: Int {
    case input = 1
    case weights, bias, residual, output
  }

  init(_ parameters: ConvolutionParameters, _ request: DeviceRequest) {
    input = Layout(request.inputs[0])
    output = Layout(request.output)
    residual = request.epilogue.addsResidual ? Layout(request.inputs[1]) : nil
    window = parameters.operation.window
    let kernel = window.kernel
    weights = Layout(
      output.extents[1], DeviceTensor.wholeGroups(parameters.inputs), kernel.h, kernel.w,
      parameters.element)
    bias = Layout(1, output.extents[1], 1, 1, parameters.biasElement)
    rectifies = request.epilogue.rectifies
    precision = request.precision
  }

  /// Numbers and addresses, in one order.
  func bindings(
    _ addresses: (Number) -> CUDADriver.Address
  ) -> (numbers: [Int], addresses: [CUDADriver.Address]) {
    let all: [Number] =
      [.input, .weights, .bias] + (residual == nil ? [] : [.residual]) + [.output]
    return (all.map(\.rawValue), all.map(addresses))
  }

  /// The same for cuDNN: convolution, + residual, + bias, rectified, in float32 up to the output. A
  /// bias is always added, if only of zeros: every engine knows this chain, few know others.
  func graph(_ handle: CUDNNHandle) throws -> CUDNNDescriptor {
    let builder = CUDNNGraphBuilder(handle, output: output)
    let addends: [(Number, Layout)] = (residual.map { [(.residual, $0)] } ?? []) + [(.bias, bias)]
    var last = try builder.virtual()
    var operations = [try convolution(last, builder)]
    for (index, (number, layout)) in addends.enumerated() {
      let isOutput = index == addends.count - 1 && !rectifies
      let next = isOutput ? try builder.tensor(.output, output) : try builder.virtual()
      operations.append(
        try builder.pointwise(
          CUDNNValue.add, last, try builder.tensor(number, layout), to: next))
      last = next
    }
    if rectifies {
      operations.append(
        try builder.pointwise(
          CUDNNValue.rectify, last, nil, to: try builder.tensor(.output, output)))
    }
    let graph = try CUDNNDescriptor(.graph, handle)
    try graph.setHandle(.graphHandle)
    try graph.set(.graphOperations, operations)
    try graph.finalize()
    return graph
  }

  private func convolution(
    _ result: CUDNNDescriptor, _ builder: CUDNNGraphBuilder
  ) throws -> CUDNNDescriptor {
    let settings = try CUDNNDescriptor(.convolution, builder.handle)
    func pair(_ extent: Extent) -> [Int] { [extent.h, extent.w] }
    try settings.set(.convolutionType, DeviceElement.float32.cudnnType)
    try settings.set(.convolutionMode, CUDNNValue.crossCorrelation)
    try settings.set(.convolutionAxes, 2)
    try settings.set(.convolutionDilations, pair(window.dilation))
    try settings.set(.convolutionStrides, pair(window.stride))
    try settings.set(.convolutionPaddingBefore, pair(window.padding))
    try settings.set(.convolutionPaddingAfter, pair(window.padding))
    try settings.finalize()
    let operation = try CUDNNDescriptor(.forward, builder.handle)
    try operation.set(.forwardConvolution, settings)
    try operation.set(.forwardInput, try builder.tensor(.input, input))
    try operation.set(.forwardWeights, try builder.tensor(.weights, weights))
    try operation.set(.forwardOutput, result)
    try operation.set(.forwardAlpha, Float(1))
    try operation.set(.forwardBeta, Float(0))
    try operation.finalize()
    return operation
  }
}

/// Makes the descriptors that a graph is made of.
private final class CUDNNGraphBuilder {
  let handle: CUDNNHandle
  private let between: CUDNNProblem.Layout
  private var nextNumber = 100

  /// `output`: what the convolution makes, in its shape.
  init(_ handle: CUDNNHandle, output: CUDNNProblem.Layout) {
    self.handle = handle
    let extents = output.extents
    between = CUDNNProblem.Layout(extents[0], extents[1], extents[2], extents[3], .float32)
  }

  func tensor(
    _ number: CUDNNProblem.Number, _ layout: CUDNNProblem.Layout
  ) throws -> CUDNNDescriptor {
    try tensor(number.rawValue, layout, isVirtual: false)
  }

  /// What passes from one operation to the next, never in memory.
  func virtual() throws -> CUDNNDescriptor {
    nextNumber += 1
    return try tensor(nextNumber, between, isVirtual: true)
  }

  private func tensor(
    _ number: Int, _ layout: CUDNNProblem.Layout, isVirtual: Bool
  ) throws -> CUDNNDescriptor {
    let tensor = try CUDNNDescriptor(.tensor, handle)
    try tensor.set(.tensorType, layout.element.cudnnType)
    try tensor.set(.tensorExtents, layout.extents)
    try tensor.set(.tensorStrides, layout.strides)
    try tensor.set(.tensorNumber, number)
    // A pixel's channels come in groups of eight, which are 16 bytes or 32.
    try tensor.set(.tensorAlignment, 16)
    try tensor.set(.tensorIsVirtual, isVirtual)
    try tensor.finalize()
    return tensor
  }

  func pointwise(
    _ mode: Int32, _ input: CUDNNDescriptor, _ addend: CUDNNDescriptor?, to output: CUDNNDescriptor
  ) throws -> CUDNNDescriptor {
    let settings = try CUDNNDescriptor(.pointwise, handle)
    try settings.set(.pointwiseMode, mode)
    try settings.set(.pointwisePrecision, DeviceElement.float32.cudnnType)
    try settings.finalize()
    let operation = try CUDNNDescriptor(.pointwiseOperation, handle)
    try operation.set(.pointwiseOperation, settings)
    try operation.set(.pointwiseInput, input)
    if let addend { try operation.set(.pointwiseAddend, addend) }
    try operation.set(.pointwiseOutput, output)
    try operation.finalize()
    return operation
  }
}
