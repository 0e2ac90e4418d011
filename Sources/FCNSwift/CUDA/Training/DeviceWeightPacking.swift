import CDeviceCalls

/// The weights of a convolution in training, as products read them; packed anew in each pass, for they
/// change: [rows][positions][inner channels of a group, whole channel groups]. Rows are outputs and
/// inner channels inputs; turned, for the gradient by the input, the other way round.
struct DeviceWeightPacking {
  let operation: Convolution
  /// What packed weights are.
  let element: DeviceElement
  /// Channels of the input.
  let inputs: Int
  /// Groups as devices see them.
  let groups: Int
  private let pack: DeviceFunction

  init(_ operation: Convolution, _ input: DeviceTensor, _ request: DeviceRequest) throws {
    self.operation = operation
    element = input.element
    inputs = input.shape.c
    groups = DeviceTensor.groups(
      operation.groups, inputs: inputs, outputs: operation.outputChannels)
    pack = try request.context.function("pack", of: .packing, ["OUTPUT=\(element.typeName)"])
  }

  /// Bytes, a multiple of 256.
  func byteCount(turned: Bool) -> Int {
    let (rows, inner) = extents(turned)
    let kernel = operation.window.kernel
    return roundUp(
      DeviceTensor.wholeGroups(rows) * kernel.h * kernel.w
        * DeviceTensor.wholeGroups(inner / groups) * element.byteCount, toMultipleOf: 256)
  }

  private func extents(_ turned: Bool) -> (rows: Int, inner: Int) {
    turned ? (inputs, operation.outputChannels) : (operation.outputChannels, inputs)
  }

  /// Hands the packing of `weights`, outputs×inputs of a group×positions, to `target` over. Rows that
  /// fill the last channel group are zeros.
  func enqueue(
    _ stream: DeviceStream, _ weights: CUDADriver.Address, to target: CUDADriver.Address,
    turned: Bool = false
  ) throws {
    let (rows, inner) = extents(turned)
    let ownGroups = operation.groups
    let positions = operation.window.kernel.h * operation.window.kernel.w
    let outputStride = inputs / ownGroups * positions
    try stream.pack(
      pack,
      fcn_pack_call(
        source: weights, target: target,
        group_stride: Int64(operation.outputChannels / ownGroups * outputStride),
        rows: Int32(DeviceTensor.wholeGroups(rows)), inner: Int32(inner / groups),
        padded: Int32(DeviceTensor.wholeGroups(inner / groups)), positions: Int32(positions),
        rows_per_group: Int32(rows / ownGroups), inner_per_group: Int32(inner / ownGroups),
        row_stride: Int32(turned ? positions : outputStride),
        inner_stride: Int32(turned ? outputStride : positions),
        joined: groups == ownGroups ? 0 : 1, turned: turned ? 1 : 0, by_position: 0,
        filled_rows: Int32(rows)))
  }
}
