import CDeviceCalls

/// Which place of its window a pool takes. No gradient goes through it.
final class DeviceMaxPoolIndices: PreparedDeviceTrainingForm {
  private let kernel: Extent
  private let function: DeviceFunction

  init?(kernel: Extent, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    let (count, most) = (kernel.h * kernel.w, request.output.element.mostWholeNumbers)
    guard count <= most else {
      throw FCNError.onlyOnProcessor(
        "a window of \(kernel) has \(count) places, and \(request.precision.rawValue) counts to "
          + "\(most) only; take float32 or tf32, or")
    }
    self.kernel = kernel
    function = try request.function("max_pool_indices", of: .unpooling)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    var arguments = fcn_pool_call()
    (arguments.input, arguments.output) = (call.inputs[0].view, call.output.view)
    arguments.kernel = fcn_extent(kernel)
    try stream.launch(function, over: call.output.groupCount, arguments)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    if let gradient = call.inputGradients[0] { try stream.clear(gradient) }
  }
}

/// Values put back to such places.
final class DeviceMaxUnpool: PreparedDeviceTrainingForm {
  private let kernel: Extent
  private let function: DeviceFunction
  private let gradient: DeviceFunction?

  init?(kernel: Extent, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    self.kernel = kernel
    function = try request.function("max_unpool", of: .unpooling)
    gradient = request.trains ? try request.function("max_unpool_gradient", of: .unpooling) : nil
  }

  private func arguments(
    _ values: DeviceTensor, _ places: DeviceTensor, _ output: DeviceTensor
  ) -> fcn_unpool_call {
    fcn_unpool_call(
      values: values.view, places: places.view, output: output.view, kernel: fcn_extent(kernel))
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(
      function, over: call.output.groupCount,
      arguments(call.inputs[0], call.inputs[1], call.output))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    if let places = call.inputGradients[1] { try stream.clear(places) }
    guard let target = call.inputGradients[0] else { return }
    guard let gradient else { throw untrained("max_unpool.cuda") }
    try stream.launch(
      gradient, over: target.groupCount,
      arguments(target, call.forward.inputs[1], call.outputGradient))
  }
}

extension DeviceElement {
  /// Up to which number all whole ones, from 0 on, are held exactly.
  fileprivate var mostWholeNumbers: Int {
    switch self {
    case .float32: 1 << 24
    case .float16: 1 << 11
    case .bfloat16: 1 << 8
    }
  }
}
