import CDeviceCalls

/// A form of an operation on a device, made ready for fixed shapes: the counterpart of `PreparedForm`.
protocol PreparedDeviceForm: AnyObject {
  /// What the packed form of its parameters is called, the same for kernels that pack alike.
  var packing: String { get }

  /// Its parameters on the device, in the order in which it reads them from `DeviceCall.parameters`.
  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory]

  /// Bytes of scratch memory that it needs while it runs.
  var workspaceByteCount: Int { get }

  /// What it has to do; nil where that is next to nothing.
  var work: StepWork? { get }

  /// How long it takes, where that was measured. The quickest of the measured forms is used.
  var milliseconds: Double? { get }

  /// Hands its work to the stream.
  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws
}

extension PreparedDeviceForm {
  var milliseconds: Double? { nil }
  var packing: String { "none" }
  var workspaceByteCount: Int { 0 }
  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] { [] }
  var work: StepWork? { nil }
}

/// What a kernel works on.
struct DeviceCall {
  let inputs: [DeviceTensor]
  let output: DeviceTensor
  /// Addresses of what `PreparedDeviceForm.pack` made.
  let parameters: [CUDADriver.Address]
  /// `PreparedDeviceForm.workspaceByteCount` bytes.
  let workspace: CUDADriver.Address
}

/// An operation that a device can carry out.
protocol DeviceOperation: Operation {
  /// The ways to do so, best first.
  var deviceForms: [DeviceForm] { get }
}

extension Layer {
  /// The ways to carry it out on a device, best first; none where a device cannot.
  var deviceForms: [DeviceForm] { (operation as? any DeviceOperation)?.deviceForms ?? [] }
}

/// One way to carry out an operation on a device.
struct DeviceForm: Sendable {
  /// `operation.form`, the name by which it can be switched off.
  let name: String
  /// Whether a library of NVIDIA's does the work. Where such a form fails to be made, others serve.
  let usesLibrary: Bool
  /// Makes it ready, or returns nil where it does not serve what is asked.
  let make: @Sendable (DeviceRequest) throws -> (any PreparedDeviceForm)?

  init(
    _ name: String, usesLibrary: Bool = false,
    _ make: @escaping @Sendable (DeviceRequest) throws -> (any PreparedDeviceForm)?
  ) {
    self.name = name
    self.usesLibrary = usesLibrary
    self.make = make
  }
}

/// What a form on a device is to be made ready for.
struct DeviceRequest {
  /// Without addresses yet; the last one is the residual where the epilogue adds one.
  let inputs: [DeviceTensor]
  /// What is made after all.
  let output: DeviceTensor
  let epilogue: Epilogue
  let precision: Precision
  let context: DeviceContext
  /// Where it is to run; nil where NVIDIA's libraries are not to be used.
  var stream: DeviceStream?
  /// Whether another form serves already, so that nothing that takes long need be tried.
  var isServed = false

  /// Of the operation alone.
  let operationOutput: Shape

  /// The kernel `name`, compiled for the element types at hand.
  func function(
    _ name: String, of file: DeviceSource, _ definitions: [String] = [], sharedByteCount: Int = 0
  ) throws -> DeviceFunction {
    try context.functions.function(
      name, of: file,
      ["INPUT=\(inputs[0].element.typeName)", "OUTPUT=\(output.element.typeName)"] + definitions,
      sharedByteCount: sharedByteCount, context)
  }
}

/// A kernel that is one launch with a thread for every pixel and channel group of its output.
final class PointwiseDeviceForm<Call>: PreparedDeviceForm {
  private let function: DeviceFunction
  private let makeCall: (DeviceCall) -> Call
  private let packParameters: ([Tensor], DeviceLoader) throws -> [DeviceMemory]
  let packing: String

  init(
    _ function: DeviceFunction, packing: String = "none",
    pack: @escaping ([Tensor], DeviceLoader) throws -> [DeviceMemory] = { _, _ in [] },
    _ makeCall: @escaping (DeviceCall) -> Call
  ) {
    self.function = function
    self.packing = packing
    packParameters = pack
    self.makeCall = makeCall
  }

  func pack(_ parameters: [Tensor], _ loader: DeviceLoader) throws -> [DeviceMemory] {
    try packParameters(parameters, loader)
  }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try stream.launch(function, over: call.output.groupCount, makeCall(call))
  }
}
