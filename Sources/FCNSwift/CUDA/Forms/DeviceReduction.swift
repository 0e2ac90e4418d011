import CDeviceCalls

/// A mean or a maximum along some of channels, rows and columns. Along rows and columns alone, but not
/// channels, global pools serve.
final class DeviceReduction: PreparedDeviceTrainingForm {
  private let takesLargest: Bool
  private let input, output: Shape
  private let reduce: DeviceFunction
  private let gradient: DeviceFunction?

  init?(takesLargest: Bool, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    self.takesLargest = takesLargest
    (input, output) = (request.inputs[0].shape, request.output.shape)
    let name = takesLargest ? "reduce_maximum" : "reduce_mean"
    reduce = try request.function(name, of: .axis_reductions)
    gradient =
      request.trains ? try request.function("\(name)_gradient", of: .axis_reductions) : nil
  }

  /// Threads that make a pixel's channel group of the output together, each of four pixels or more.
  private var team: Int {
    let pixels = input.planeCount / output.planeCount
    var team = 1
    while 2 * team <= DeviceFunction.threads, 8 * team <= pixels { team *= 2 }
    return team
  }

  private func arguments(_ call: DeviceCall) -> fcn_reduce_call {
    fcn_reduce_call(
      input: call.inputs[0].view, output: call.output.view, gradient: .none,
      input_gradient: .none, team: Int32(team), count: Float(input.count / output.count))
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(reduce, over: call.output.groupCount * team, arguments(call))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let target = call.inputGradients[0] else { return }
    guard let gradient else { throw untrained("a reduction") }
    var arguments = arguments(call.forward)
    (arguments.gradient, arguments.input_gradient) = (call.outputGradient.view, target.view)
    // A mean's gradient is spread by a thread for each place that has some, a maximum's by teams.
    let threads = takesLargest ? call.outputGradient.groupCount * team : target.groupCount
    try stream.launch(gradient, over: threads, arguments)
  }
}
