import CDeviceCalls

/// A convolution in training: each of its passes by cuDNN where that serves, else by our own kernels.
final class DeviceTrainingConvolution: PreparedDeviceTrainingForm {
  private let element: DeviceElement
  private let forwardPass: any DeviceConvolutionPass
  private let inputGradient: any DeviceConvolutionPass
  private let weightGradient: any DeviceConvolutionPass
  private let biasGradient: DeviceChannelSums?
  /// Stands for a bias where there is none.
  private let zeros: DeviceMemory?
  /// The output's gradient in the input's element type, where they differ.
  private let converted: (function: DeviceFunction, byteCount: Int)?

  init(_ operation: Convolution, _ request: DeviceRequest) throws {
    let (input, output) = (request.inputs[0], request.output)
    guard request.precision.deviceElement == input.element else {
      throw FCNError(
        .internalDefect,
        "it convolves values of \(request.precision.rawValue) in training, and got others")
    }
    element = input.element
    let gradient = DeviceTensor(output.shape, element)
    let packing = try DeviceWeightPacking(operation, input, request)
    func pass(
      _ pass: CUDNNProblem.Pass, _ output: DeviceTensor,
      else makeOwn: () throws -> any DeviceConvolutionPass
    ) throws -> any DeviceConvolutionPass {
      do {
        return try CUDNNTrainingPass(pass, packing, input: input, output: output, request)
      } catch is FCNError where !request.context.isLost {
        return try makeOwn()
      }
    }
    forwardPass = try pass(.forward, output) {
      try DeviceForwardPass(packing, from: input, to: output, request)
    }
    inputGradient = try pass(.inputGradient, gradient) {
      try DeviceInputGradientPass(packing, from: gradient, to: input, request)
    }
    weightGradient = try pass(.weightGradient, gradient) {
      try DeviceWeightGradient(
        request, window: operation.window, groups: operation.groups, input: input,
        gradient: gradient)
    }
    biasGradient =
      operation.bias ? try DeviceChannelSums(request, output, mode: 2) : nil
    zeros =
      operation.bias
      ? nil
      : try DeviceLoader.zeros(
        DeviceTensor.wholeGroups(operation.outputChannels), request.context)
    converted =
      output.element == element
      ? nil
      : (
        try request.context.function(
          "combine", of: .pointwise,
          ["INPUT=\(output.element.typeName)", "OUTPUT=\(element.typeName)"]),
        roundUp(DeviceTensor.byteCount(output.shape, element), toMultipleOf: 256)
      )
  }

  private var convertedByteCount: Int { converted?.byteCount ?? 0 }

  var workspaceByteCount: Int {
    let passes = [forwardPass, inputGradient, weightGradient].map(\.workspaceByteCount)
    return convertedByteCount
      + passes.reduce(biasGradient?.workspaceByteCount ?? 0) { max($0, $1) }
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try forwardPass.enqueue(
      stream,
      ConvolutionOperands(
        weights: call.parameters[0], bias: zeros?.address ?? call.parameters[1],
        input: call.inputs[0], output: call.output, workspace: call.workspace))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let forward = call.forward
    var gradient = call.outputGradient
    let workspace = forward.workspace + UInt64(convertedByteCount)
    if let biasGradient, let target = call.parameterGradients[1] {
      try biasGradient.enqueue(
        stream, gradient: gradient.view, workspace: workspace, to: [target],
        scale: call.gradientScale)
    }
    if let converted {
      var target = DeviceTensor(gradient.shape, element)
      target.base = forward.workspace
      try stream.launch(
        converted.function, over: target.groupCount, fcn_combine_call([gradient], to: target))
      gradient = target
    }
    if let target = call.parameterGradients[0] {
      try weightGradient.enqueue(
        stream,
        ConvolutionOperands(
          weights: target, input: forward.inputs[0], output: gradient, workspace: workspace,
          scale: call.gradientScale))
    }
    guard let target = call.inputGradients[0] else { return }
    try inputGradient.enqueue(
      stream,
      ConvolutionOperands(
        weights: forward.parameters[0], input: target, output: gradient, workspace: workspace))
  }
}
