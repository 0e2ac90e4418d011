import CDeviceCalls

/// An operation made ready for training on a device and fixed shapes. Both passes only hand work over.
protocol PreparedDeviceTrainingForm: AnyObject {
  /// Bytes of scratch memory that either pass needs.
  var workspaceByteCount: Int { get }

  /// Computes the output from inputs and parameters.
  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws

  /// Computes the gradients that are asked for; writes every element of each, adding nothing.
  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws
}

extension PreparedDeviceTrainingForm {
  var workspaceByteCount: Int { 0 }
}

/// What a pass works on.
struct DeviceTrainingCall {
  let inputs: [DeviceTensor]
  let output: DeviceTensor
  /// Of the operation's parameters in order, float32 as the model has them, zeros behind the last up to
  /// a whole channel group.
  let parameters: [CUDADriver.Address]
  /// Going backward; of the output's type and shape.
  var outputGradient: DeviceTensor?
  /// nil where nobody wants it; of each input's type and shape.
  var inputGradients: [DeviceTensor?] = []
  /// nil where nobody wants it; float32, with room for a whole channel group.
  var parameterGradients: [CUDADriver.Address?] = []
  let workspace: CUDADriver.Address
  /// What random choices follow from; the same in both passes.
  var seed: UInt64 = 0
  /// What gradients by parameters are multiplied by: one over the factor on the loss.
  var gradientScale: Float = 1

  /// `outputGradient`, going backward.
  func upstream() throws -> DeviceTensor {
    guard let outputGradient else {
      throw FCNError(.internalDefect, "a layer goes backward without the gradient of its output")
    }
    return outputGradient
  }
}

/// What an operation is to be made ready for.
struct DeviceTrainingRequest {
  /// Without addresses yet.
  let inputs: [DeviceTensor]
  let output: DeviceTensor
  let precision: Precision
  let context: DeviceContext
  /// Where it is to run; nil where NVIDIA's libraries are not to be used.
  var stream: DeviceStream?

  func function(
    _ name: String, of file: DeviceSource, _ definitions: [String] = [], sharedByteCount: Int = 0
  ) throws -> DeviceFunction {
    try context.functions.function(
      name, of: file, definitions, sharedByteCount: sharedByteCount, context)
  }

  /// Throws unless all inputs are of the output's element type.
  func checkOneType() throws {
    guard inputs.allSatisfy({ $0.element == output.element }) else {
      throw FCNError(
        .unsupported,
        "it joins scores, which are float32, with values of \(precision.rawValue); train it in "
          + "float32 or tf32")
    }
  }
}

/// What is one launch going forward, and one going back, each with a thread for every pixel and channel
/// group of what it makes.
final class PointwiseDeviceTrainingForm<Call>: PreparedDeviceTrainingForm {
  private let forwardFunction: DeviceFunction
  private let backwardFunction: DeviceFunction
  private let makeForward: (DeviceTrainingCall) -> Call
  private let makeBackward: (DeviceTrainingCall, fcn_gradient_call) -> fcn_gradient_call

  init(
    _ forward: DeviceFunction, _ backward: DeviceFunction,
    forward makeForward: @escaping (DeviceTrainingCall) -> Call,
    backward makeBackward: @escaping (DeviceTrainingCall, fcn_gradient_call) -> fcn_gradient_call
  ) {
    (forwardFunction, backwardFunction) = (forward, backward)
    (self.makeForward, self.makeBackward) = (makeForward, makeBackward)
  }

  func forward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    try stream.launch(forwardFunction, over: call.output.groupCount, makeForward(call))
  }

  func backward(_ call: DeviceTrainingCall, _ stream: DeviceStream) throws {
    guard let gradient = call.inputGradients[0] else { return }
    let upstream = try call.upstream()
    var arguments = fcn_gradient_call()
    arguments.input = call.inputs[0].view
    arguments.output = call.output.view
    arguments.gradient = upstream.view
    arguments.input_gradient = gradient.view
    arguments.seed = call.seed
    try stream.launch(
      backwardFunction, over: gradient.groupCount, makeBackward(call, arguments))
  }
}
