/// A form of an operation on a device, made ready for fixed shapes: the counterpart of `PreparedForm`.
protocol PreparedDeviceForm: AnyObject {
  /// What the packed form of its parameters is called, the same for kernels that pack alike.
  var packing: String { get }

  /// Its parameters on the device, in the order in which it reads them from `DeviceCall.parameters`.
  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory]

  /// Bytes of scratch memory that it needs while it runs, either way.
  var workspaceByteCount: Int { get }

  /// What it has to do; nil where that is next to nothing.
  var work: StepWork? { get }

  /// How long it takes, where that was measured. The quickest of the measured forms is used.
  var milliseconds: Double? { get }

  /// Hands its work to the stream.
  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws
}

/// A prepared form that can go back, and so train: the counterpart of `PreparedTrainingForm`. It packs
/// nothing, for weights change.
protocol PreparedDeviceTrainingForm: PreparedDeviceForm {
  /// Hands over what computes the gradients that are asked for; writes every element of each, adding
  /// nothing.
  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws
}

extension PreparedDeviceForm {
  var milliseconds: Double? { nil }
  var packing: String { nothingPacked }
  var workspaceByteCount: Int { 0 }
  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] { [] }
  var work: StepWork? { nil }
}

/// The `packing` of forms that pack nothing.
let nothingPacked = "none"

/// What a form works on.
struct DeviceCall {
  let inputs: [DeviceTensor]
  let output: DeviceTensor
  /// Addresses of what `PreparedDeviceForm.pack` made. In training, of the operation's parameters in
  /// order, float32 as the model has them, zeros behind the last up to a whole channel group.
  var parameters: [CUDADriver.Address]
  /// `PreparedDeviceForm.workspaceByteCount` bytes.
  let workspace: CUDADriver.Address
  /// What random choices follow from.
  var seed: UInt64 = 0
}

/// What a form works on going back.
struct DeviceBackwardCall {
  /// As in the forward pass that came before.
  var forward: DeviceCall
  /// Of the output's type and shape.
  let outputGradient: DeviceTensor
  /// nil where nobody wants it; of each input's type and shape.
  let inputGradients: [DeviceTensor?]
  /// nil where nobody wants it; float32, with room for a whole channel group.
  let parameterGradients: [CUDADriver.Address?]
  /// What gradients by parameters are multiplied by: one over the factor on the loss.
  var gradientScale: Float = 1
}

/// An operation that a device can carry out.
protocol DeviceOperation: Operation {
  /// The ways to do so, best first.
  var deviceForms: [DeviceForm] { get }
}

extension Layer {
  /// The ways to carry it out on a device in use, best first; none where a device cannot.
  var deviceForms: [DeviceForm] { allDeviceForms.filter(\.isForUse) }

  /// The ways to train it on a device, best first; none where a device cannot.
  var deviceTrainingForms: [DeviceForm] { allDeviceForms.filter(\.trains) }

  /// The first of them that serves `request`, made ready. What it reads is converted to what it takes: in 16
  /// bits that is what a convolution multiplies, and for others what they make.
  func trainingForm(_ request: DeviceRequest) throws -> any PreparedDeviceTrainingForm {
    let wanted = operation is Convolution ? request.precision.deviceElement : nil
    let operands = operation.readsFirstInputOnly ? request.inputs.prefix(1) : request.inputs[...]
    let element = wanted ?? request.output.element
    guard operands.allSatisfy({ $0.element == element }) else {
      return try DeviceConvertedForm(taking: element, request, makeTrainingForm)
    }
    return try makeTrainingForm(request)
  }

  private func makeTrainingForm(
    _ request: DeviceRequest
  ) throws -> any PreparedDeviceTrainingForm {
    for form in deviceTrainingForms {
      guard let made = try form.make(request) else { continue }
      guard made.packing == nothingPacked else {
        throw FCNError(
          .internalDefect, "\(form.name) trains, and wants weights that training does not pack")
      }
      guard let prepared = made as? any PreparedDeviceTrainingForm else {
        throw FCNError(
          .internalDefect, "\(form.name) is to train, and has no backward pass")
      }
      return prepared
    }
    throw FCNError.onlyOnProcessor(
      "\(type(of: operation).name) cannot be trained on a device")
  }

  private var allDeviceForms: [DeviceForm] {
    (operation as? any DeviceOperation)?.deviceForms ?? []
  }
}

/// One way to carry out an operation on a device.
struct DeviceForm: Sendable {
  /// `operation.form`, the name by which it can be switched off.
  let name: String
  /// Whether a library of NVIDIA's does the work. Where such a form fails to be made, others serve.
  let usesLibrary: Bool
  /// Whether plans for use may take it.
  let isForUse: Bool
  /// Whether it has a backward pass: plans for training take the first that has one.
  let trains: Bool
  /// Makes it ready, or returns nil where it does not serve what is asked. For a request that trains, a
  /// form that does so makes a `PreparedDeviceTrainingForm`.
  let make: @Sendable (DeviceRequest) throws -> (any PreparedDeviceForm)?

  init(
    _ name: String, usesLibrary: Bool = false, isForUse: Bool = true, trains: Bool = false,
    _ make: @escaping @Sendable (DeviceRequest) throws -> (any PreparedDeviceForm)?
  ) {
    (self.name, self.usesLibrary) = (name, usesLibrary)
    (self.isForUse, self.trains) = (isForUse, trains)
    self.make = make
  }

  /// A form that training alone takes.
  init(
    training name: String,
    _ make: @escaping @Sendable (DeviceRequest) throws -> (any PreparedDeviceTrainingForm)?
  ) {
    self.init(name, isForUse: false, trains: true, make)
  }
}

/// What a form on a device is to be made ready for.
struct DeviceRequest {
  /// Without addresses yet; the last one is the residual where the epilogue adds one.
  let inputs: [DeviceTensor]
  /// What is made after all.
  let output: DeviceTensor
  var epilogue = Epilogue()
  let precision: Precision
  let context: DeviceContext
  /// Where it is to run; nil where NVIDIA's libraries are not to be used.
  var stream: DeviceStream?
  /// Whether another form serves already, so that nothing that takes long need be tried.
  var isServed = false
  /// Whether it is to be trained, and so to go back.
  var trains = false

  /// Of the operation alone.
  let operationOutput: Shape

  /// The kernel `name`, compiled for the element types at hand.
  func function(
    _ name: String, of file: DeviceSource, _ definitions: [String] = [], sharedByteCount: Int = 0
  ) throws -> DeviceFunction {
    try context.function(
      name, of: file,
      ["INPUT=\(inputs[0].element.typeName)", "OUTPUT=\(output.element.typeName)"] + definitions,
      sharedByteCount: sharedByteCount)
  }

  /// Throws, in training, unless all inputs are of the output's element type.
  func checkOneType() throws {
    guard !trains || inputs.allSatisfy({ $0.element == output.element }) else {
      throw FCNError(
        .internalDefect,
        "it takes values of one type in training, and got others of \(precision.rawValue)")
    }
  }

  /// The same with other inputs.
  func taking(_ inputs: [DeviceTensor]) -> DeviceRequest {
    DeviceRequest(
      inputs: inputs, output: output, epilogue: epilogue, precision: precision, context: context,
      stream: stream, isServed: isServed, trains: trains, operationOutput: operationOutput)
  }
}
