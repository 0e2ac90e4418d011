import CDeviceCalls

/// A sum of any number of tensors, a few at a time; of one, a multiple.
final class DeviceSum: PreparedDeviceTrainingForm {
  private let function: DeviceFunction
  private let scale: Float
  /// For what is summed already, which has the output's element type.
  private static let mostAtOnce = 4

  init?(_ request: DeviceRequest, scale: Float = 1) throws {
    try request.checkOneType()
    // Later launches read the output, so it must be of the inputs' type.
    guard request.epilogue == Epilogue(),
      request.inputs.allSatisfy({ $0.element == request.output.element })
    else { return nil }
    function = try request.function("combine", of: .pointwise)
    self.scale = scale
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    var terms = call.inputs
    repeat {
      let some = Array(terms.prefix(Self.mostAtOnce))
      try stream.launch(
        function, over: call.output.groupCount,
        fcn_combine_call(some, to: call.output, scale: scale))
      terms = [call.output] + terms.dropFirst(Self.mostAtOnce)
    } while terms.count > 1
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    for case let gradient? in call.inputGradients {
      try stream.launch(
        function, over: gradient.groupCount,
        fcn_combine_call([call.outputGradient], to: gradient, scale: scale))
    }
  }
}

extension fcn_combine_call {
  /// What `activation` makes of `scale` times the sum of up to four tensors.
  init(
    _ terms: [DeviceTensor], to output: DeviceTensor, scale: Float = 1,
    activation: Activation = .identity
  ) {
    let views = terms.map(\.view)
    func view(_ index: Int) -> fcn_view { index < views.count ? views[index] : .none }
    self.init(
      inputs: (view(0), view(1), view(2), view(3)), output: output.view,
      count: Int32(terms.count), scale: scale, activation: fcn_activation(activation))
  }
}
