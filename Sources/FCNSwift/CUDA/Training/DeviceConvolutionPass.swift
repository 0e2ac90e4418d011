import CDeviceCalls

/// One pass of a convolution in training.
protocol DeviceConvolutionPass {
  /// Bytes of scratch memory.
  var workspaceByteCount: Int { get }

  /// Hands it over.
  func enqueue(_ stream: DeviceStream, _ operands: ConvolutionOperands) throws
}

/// What the passes of a convolution read and write. In the passes back input and output stand for
/// their gradients, where those are what is read or made.
struct ConvolutionOperands {
  /// Outputs×inputs of a group×positions, float32; read, or written by the weights' gradient.
  let weights: CUDADriver.Address
  /// Whole channel groups, float32; read forward.
  var bias: CUDADriver.Address = 0
  let input, output: DeviceTensor
  let workspace: CUDADriver.Address
  /// What the gradient by the weights is multiplied by.
  var scale: Float = 1
}

/// Forward by our own kernel.
struct DeviceForwardPass: DeviceConvolutionPass {
  private let packing: DeviceWeightPacking
  private let product: DeviceProduct

  init(
    _ packing: DeviceWeightPacking, from input: DeviceTensor, to output: DeviceTensor,
    _ request: DeviceRequest
  ) throws {
    self.packing = packing
    product = try DeviceProduct(
      from: input, to: output, window: packing.operation.window, groups: packing.groups,
      request.precision, request.context)
  }

  var workspaceByteCount: Int { packing.byteCount(turned: false) }

  func enqueue(_ stream: DeviceStream, _ operands: ConvolutionOperands) throws {
    try packing.enqueue(stream, operands.weights, to: operands.workspace)
    try product.enqueue(
      stream, operands.input, weights: operands.workspace, bias: operands.bias,
      to: operands.output)
  }
}

/// The gradient by the input by our own kernel: a convolution of the output's gradient with turned
/// kernels. Every input pixel sees the outputs that saw it: padding is what the kernel reaches beyond
/// the forward one, strides become distances between the gradient's lines.
struct DeviceInputGradientPass: DeviceConvolutionPass {
  private let packing: DeviceWeightPacking
  private let product: DeviceProduct
  private let zeros: DeviceMemory

  init(
    _ packing: DeviceWeightPacking, from gradient: DeviceTensor, to input: DeviceTensor,
    _ request: DeviceRequest
  ) throws {
    self.packing = packing
    let window = packing.operation.window
    product = try DeviceProduct(
      from: gradient, to: input,
      window: Window(
        kernel: window.kernel, stride: 1,
        padding: Extent(
          window.span.h - 1 - window.padding.h, window.span.w - 1 - window.padding.w),
        dilation: window.dilation), groups: packing.groups, spread: window.stride,
      request.precision, request.context)
    zeros = try DeviceLoader.zeros(DeviceTensor.wholeGroups(packing.inputs), request.context)
  }

  var workspaceByteCount: Int { packing.byteCount(turned: true) }

  func enqueue(_ stream: DeviceStream, _ operands: ConvolutionOperands) throws {
    try packing.enqueue(stream, operands.weights, to: operands.workspace, turned: true)
    try product.enqueue(
      stream, operands.output, weights: operands.workspace, bias: zeros.address,
      to: operands.input)
  }
}

extension DeviceWeightGradient: DeviceConvolutionPass {
  func enqueue(_ stream: DeviceStream, _ operands: ConvolutionOperands) throws {
    try enqueue(
      stream, input: operands.input, gradient: operands.output, workspace: operands.workspace,
      to: operands.weights, scale: operands.scale)
  }
}
