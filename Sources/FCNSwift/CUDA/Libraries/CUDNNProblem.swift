/// A pass of a convolution, forward with all that follows it, as cuDNN is asked for it.
struct CUDNNProblem: Hashable {
  let pass: Pass
  /// Or their gradients, where the pass makes or reads those.
  let input, weights, output: Layout
  /// Of the forward pass: what is added, a bias always.
  var residual, bias: Layout?
  let window: Window
  var rectifies = false
  let precision: Precision

  enum Pass: Hashable {
    case forward, inputGradient, weightGradient
  }

  /// What is made, times this: float16 would not hold sums over so many pixels of a gradient that is
  /// multiplied by the factor on the loss.
  var factor: Float { pass == .weightGradient && weights.element == .float16 ? 0x1p-8 : 1 }

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

  /// One of use, whose bias has the type of its parameters.
  init(_ parameters: ConvolutionParameters, _ request: DeviceRequest) {
    self.init(
      .forward, parameters.operation.window, inputs: parameters.inputs, input: request.inputs[0],
      output: request.output, request.precision)
    residual = request.epilogue.addsResidual ? Layout(request.inputs[1]) : nil
    rectifies = request.epilogue.activation == .relu
  }

  /// One of training; `inputs` are the input's channels in each group. Weights are of the input's type,
  /// and the bias of the output's, as cuDNN's ready-made engines want them.
  init(
    _ pass: Pass, _ window: Window, inputs: Int, input: DeviceTensor, output: DeviceTensor,
    _ precision: Precision
  ) {
    self.pass = pass
    self.window = window
    self.input = Layout(input)
    self.output = Layout(output)
    let outputs = DeviceTensor.wholeGroups(output.shape.c)
    weights = Layout(
      outputs, DeviceTensor.wholeGroups(inputs), window.kernel.h, window.kernel.w, input.element)
    bias = pass == .forward ? Layout(1, outputs, 1, 1, output.element) : nil
    self.precision = precision
  }

  /// Numbers and addresses, in one order.
  typealias Bindings = (numbers: [Int], addresses: [CUDADriver.Address])

  /// The tensors of the pass where they are.
  func bindings(
    _ addresses: (Number) -> CUDADriver.Address
  ) -> Bindings {
    let all: [Number] =
      [.input, .weights, .output] + (bias == nil ? [] : [.bias])
      + (residual == nil ? [] : [.residual])
    return (all.map(\.rawValue), all.map(addresses))
  }

  /// The same for cuDNN, in float32 up to the output.
  func graph(_ handle: CUDNNHandle) throws -> CUDNNDescriptor {
    let builder = CUDNNGraphBuilder(handle, output: output)
    let graph = try CUDNNDescriptor(.graph, handle)
    try graph.setHandle(.graphHandle)
    try graph.set(.graphOperations, try operations(builder))
    try graph.finalize()
    return graph
  }

  /// Forward: convolution, + residual, + bias, rectified. A bias is always added, if only of zeros:
  /// every engine knows this chain, few know others.
  private func operations(_ builder: CUDNNGraphBuilder) throws -> [CUDNNDescriptor] {
    guard pass == .forward else {
      return [try convolution(builder.tensor(.output, output), builder)]
    }
    let addends: [(Number, Layout)] = [(.residual, residual), (.bias, bias)].compactMap {
      number, layout in layout.map { (number, $0) }
    }
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
    return operations
  }

  /// The operation that is the pass itself; `result` is what stands for the output.
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
    let (kind, attributes): (CUDNNDescriptor.Kind, CUDNNConvolutionAttributes) =
      switch pass {
      case .forward: (.forward, .forward)
      case .inputGradient: (.inputGradient, .inputGradient)
      case .weightGradient: (.weightGradient, .weightGradient)
      }
    let operation = try CUDNNDescriptor(kind, builder.handle)
    try operation.set(attributes.settings, settings)
    try operation.set(attributes.input, try builder.tensor(.input, input))
    try operation.set(attributes.weights, try builder.tensor(.weights, weights))
    try operation.set(attributes.output, result)
    try operation.set(attributes.alpha, factor)
    try operation.set(attributes.beta, Float(0))
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
