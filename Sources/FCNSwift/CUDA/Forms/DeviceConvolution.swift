/// Convolution by our own kernel, with residual, bias and activation.
final class DeviceConvolution: PreparedDeviceForm {
  private let parameters: ConvolutionParameters
  private let product: DeviceProduct
  private let epilogue: Epilogue
  let work: StepWork?

  init?(_ operation: Convolution, _ request: DeviceRequest) throws {
    let input = request.inputs[0]
    guard request.epilogue.pooled == nil, request.epilogue.cropped == nil,
      let element = request.precision.deviceElement, input.element == element
    else { return nil }
    parameters = ConvolutionParameters(operation, input.shape, as: element, bias: .float32)
    epilogue = request.epilogue
    product = try DeviceProduct(
      from: input, to: request.output, window: operation.window, groups: parameters.groups,
      request.precision, request.context)
    work = parameters.work(to: request.operationOutput)
  }

  var tile: DeviceTile { product.tile }
  var packing: String { parameters.packing }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try self.parameters.pack(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try product.enqueue(
      stream, call.inputs[0], residual: epilogue.addsResidual ? call.inputs[1] : nil,
      weights: call.parameters[0], bias: call.parameters[1], activation: epilogue.activation,
      to: call.output)
  }
}
