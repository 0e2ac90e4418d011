import CDeviceCalls

/// How the weights and the bias of a convolution lie on a device, for all forms that read them alike:
/// weights as [outputs, whole channel groups][kernel rows][kernel columns][inputs of a group of the
/// convolution, whole channel groups], the bias as [outputs, whole channel groups], zeros for channels
/// that only fill a channel group.
struct ConvolutionParameters {
  let operation: Convolution
  /// What weights are stored as, and the bias.
  let element, biasElement: DeviceElement
  /// Groups as devices see them.
  let groups: Int
  /// Channels of the input, and of each group's part of it.
  let inputChannels, inputs: Int
  private let input: Shape

  init(
    _ operation: Convolution, _ input: Shape, as element: DeviceElement, bias: DeviceElement
  ) {
    self.operation = operation
    self.element = element
    biasElement = bias
    self.input = input
    inputChannels = input.c
    groups = DeviceTensor.groups(
      operation.groups, inputs: input.c, outputs: operation.outputChannels)
    inputs = input.c / groups
  }

  var packing: String { "convolution \(element) \(biasElement) \(groups)" }

  /// Bytes of the weights, and of the bias.
  var byteCounts: (weights: Int, bias: Int) {
    let outputs = DeviceTensor.wholeGroups(operation.outputChannels)
    let kernel = operation.window.kernel
    return (
      outputs * kernel.h * kernel.w * DeviceTensor.wholeGroups(inputs) * element.byteCount,
      outputs * biasElement.byteCount
    )
  }

  /// Weights, then the bias, on the device.
  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    let outputs = operation.outputChannels
    let kernel = operation.window.kernel
    let weights = groups == operation.groups ? parameters[0] : try joined(parameters[0])
    let packed = try loader.pack(
      weights, outputs: outputs, inputs: inputs, positions: kernel.h * kernel.w, .byOutput,
      as: element)
    guard operation.bias else {
      return [packed, try loader.zeros(DeviceTensor.wholeGroups(outputs))]
    }
    return [
      packed,
      biasElement == .float32
        ? try loader.uploadChannels(parameters[1])
        : try loader.pack(
          parameters[1], outputs: 1, inputs: outputs, positions: 1, .byOutput, as: biasElement),
    ]
  }

  /// The weights of the same convolution without groups.
  private func joined(_ weights: Tensor) throws -> Tensor {
    let shape = weights.shape
    let joined = try Tensor(Shape(shape.n, inputChannels, shape.h, shape.w))
    let outputsOfGroup = operation.outputChannels / operation.groups
    for o in 0..<shape.n {
      let first = o / outputsOfGroup * shape.c
      joined.plane(o, first).update(from: weights.plane(o, 0), count: shape.pictureCount)
    }
    return joined
  }

  /// What there is to do for an output of this shape.
  func work(to output: Shape) -> StepWork {
    let kernel = operation.window.kernel
    let depth = Double(input.c / operation.groups) * Double(kernel.h * kernel.w)
    let products = Double(output.count) * depth
    return StepWork(
      nominal: 2 * products, performed: 2 * products,
      bytes: Double(element.byteCount)
        * (Double(input.count) + Double(output.count) + Double(operation.outputChannels) * depth))
  }
}
