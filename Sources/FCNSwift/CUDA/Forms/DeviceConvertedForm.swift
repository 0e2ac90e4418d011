import CDeviceCalls

/// A form in training on inputs of another element type than it takes: scores, which are float32, where it
/// works in 16 bits, or the other way round. They are converted before it runs, either way, and their
/// gradients after it.
final class DeviceConvertedForm: PreparedDeviceTrainingForm {
  private let form: any PreparedDeviceTrainingForm
  /// What the form takes, without addresses.
  private let wanted: [DeviceTensor]
  private let convert, convertBack: DeviceFunction

  /// What `make` makes of `request` with all inputs of `element`.
  init(
    taking element: DeviceElement, _ request: DeviceRequest,
    _ make: (DeviceRequest) throws -> any PreparedDeviceTrainingForm
  ) throws {
    // There are two types of values in a plan.
    let other = request.inputs.map(\.element).first { $0 != element } ?? element
    wanted = request.inputs.map { DeviceTensor($0.shape, element) }
    form = try make(request.taking(wanted))
    func conversion(_ from: DeviceElement, _ to: DeviceElement) throws -> DeviceFunction {
      try request.context.function(
        "combine", of: .pointwise, ["INPUT=\(from.typeName)", "OUTPUT=\(to.typeName)"])
    }
    convert = try conversion(other, element)
    convertBack = try conversion(element, other)
  }

  private func byteCount(_ index: Int) -> Int {
    roundUp(
      DeviceTensor.byteCount(wanted[index].shape, wanted[index].element), toMultipleOf: 256)
  }

  /// Room for each input and its gradient, and what the form wants.
  var workspaceByteCount: Int {
    2 * wanted.indices.reduce(0) { $0 + byteCount($1) } + form.workspaceByteCount
  }

  /// `call` with room for inputs and their gradients taken from its workspace, inputs converted.
  private func converted(
    _ call: DeviceCall, _ stream: DeviceStream
  ) throws -> (call: DeviceCall, gradients: [DeviceTensor]) {
    var address = call.workspace
    func place(_ index: Int) -> DeviceTensor {
      var tensor = wanted[index]
      tensor.base = address
      address += UInt64(byteCount(index))
      return tensor
    }
    let inputs = try call.inputs.enumerated().map { index, input in
      let own = place(index)
      guard input.element != own.element else { return input }
      try stream.launch(convert, over: own.groupCount, fcn_combine_call([input], to: own))
      return own
    }
    let gradients = wanted.indices.map(place)
    return (
      DeviceCall(
        inputs: inputs, output: call.output, parameters: call.parameters, workspace: address,
        seed: call.seed), gradients
    )
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try form.enqueue(converted(call, stream).call, stream)
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    let (forward, room) = try converted(call.forward, stream)
    let gradients = zip(call.inputGradients, room).map { target, room in
      target.map { $0.element == room.element ? $0 : room }
    }
    try form.enqueueBackward(
      DeviceBackwardCall(
        forward: forward, outputGradient: call.outputGradient, inputGradients: gradients,
        parameterGradients: call.parameterGradients, gradientScale: call.gradientScale), stream)
    for case (let target?, let made?) in zip(call.inputGradients, gradients)
    where target.element != made.element {
      try stream.launch(
        convertBack, over: target.groupCount, fcn_combine_call([made], to: target))
    }
  }
}
