import Testing

@testable import FCNSwift

/// One form of an operation, run on the fake device: the counterpart of `LayerRun`.
final class DeviceLayerRun {
  let prepared: any PreparedDeviceForm
  let output: Shape
  private let stream: DeviceStream
  private let formName: String
  private let inputs: [Tensor]
  /// Without addresses.
  private let inputTensors: [DeviceTensor]
  private let outputTensor: DeviceTensor
  private let parameters: [Tensor]
  /// How far a first input that is a window is from its surroundings' upper left corner.
  private let windowOffset: Extent?

  /// nil where the form does not serve what is asked. Where `epilogue` adds a residual it is the last
  /// of `inputs`; `output` is the shape after the epilogue. With a `runtime` NVIDIA's libraries are used;
  /// `isServed` tells their forms that others serve.
  init?(
    _ operation: any Operation, _ form: DeviceForm, inputs: [Tensor], parameters: [Tensor],
    precision: Precision, makes made: DeviceElement? = nil,
    epilogue: Epilogue = Epilogue(), windowOffset: Extent? = nil,
    with runtime: CUDARuntime? = nil, isServed: Bool = false
  ) throws {
    let context = try runtime?.context(0) ?? FakeDevice.context()
    let element = try #require(precision.deviceElement)
    let made = made ?? element
    let operandCount = inputs.count - (epilogue.addsResidual ? 1 : 0)
    let whole = try operation.outputShape(of: inputs.prefix(operandCount).map(\.shape))
    output = epilogue.cropped?.shape ?? whole
    outputTensor = DeviceTensor(output, made)
    inputTensors = inputs.enumerated().map { index, input in
      let tensor = DeviceTensor(input.shape, index < operandCount ? element : made)
      guard let windowOffset, index == 0 else { return tensor }
      return DeviceTensor(input.shape.surrounded(from: windowOffset), element)
        .part(windowOffset, height: input.shape.h, width: input.shape.w)
    }
    stream = try context.run { try DeviceStream(context) }
    var request = DeviceRequest(
      inputs: inputTensors, output: outputTensor, epilogue: epilogue, precision: precision,
      context: context, stream: runtime == nil ? nil : stream, operationOutput: whole)
    request.isServed = isServed
    guard let prepared = try context.run({ try form.make(request) }) else { return nil }
    self.prepared = prepared
    self.inputs = inputs
    self.parameters = parameters
    self.windowOffset = windowOffset
    formName = form.name
  }

  /// The output, after as many runs; its padding channels must be zero.
  func forward(times: Int = 1) throws -> Tensor {
    let context = stream.context
    return try context.run {
      let loader = try DeviceLoader(context)
      var memories: [DeviceMemory] = []
      let tensors = try zip(inputs, inputTensors).enumerated().map { index, pair in
        var (input, tensor) = pair
        if let windowOffset, index == 0 { input = try input.surrounded(from: windowOffset) }
        let memory = try tensor.element.encode(input.channelsLast, loader)
        memories.append(memory)
        tensor.base = memory.address
        return tensor
      }
      let byteCount = DeviceTensor.byteCount(output, outputTensor.element)
      let target = try DeviceMemory(byteCount, in: context)
      var result = outputTensor
      result.base = target.address
      // As plans have it, aligned to 64 bytes and no more.
      let workspace = try DeviceMemory(prepared.workspaceByteCount + 64, in: context)
      let packed = try prepared.pack(parameters, loader)
      for _ in 0..<times {
        try prepared.enqueue(
          DeviceCall(
            inputs: tensors, output: result, parameters: packed.map(\.address),
            workspace: workspace.address + 64), stream)
      }
      let host = try PinnedMemory(byteCount, in: context)
      try stream.download(target.address, byteCount, to: host.base)
      try stream.synchronize()
      let values = outputTensor.element.decode(
        host.base, count: byteCount / outputTensor.element.byteCount)
      return try withExtendedLifetime((memories, packed, workspace)) {
        try Tensor(output, channelsLast: values, formName)
      }
    }
  }
}

extension Operation {
  /// Whether devices can train it.
  var trainsOnDevices: Bool {
    !Layer("layer", self, []).deviceTrainingForms.isEmpty
  }

  /// Forms on a device that use no library of NVIDIA's.
  var ownDeviceForms: [DeviceForm] {
    Layer("layer", self, []).deviceForms.filter { !$0.usesLibrary }
  }
}

extension Shape {
  /// Of a tensor in which one of this shape lies at `offset`, with three lines below and beside it.
  fileprivate func surrounded(from offset: Extent) -> Shape {
    Shape(n, c, h + offset.h + 3, w + offset.w + 3)
  }
}

extension Tensor {
  /// A larger tensor with this one at `offset`; all around is 1000.
  fileprivate func surrounded(from offset: Extent) throws -> Tensor {
    let whole = shape.surrounded(from: offset)
    let result = try Tensor(whole, [Float](repeating: 1000, count: whole.count))
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        for y in 0..<shape.h {
          for x in 0..<shape.w { result[n, c, y + offset.h, x + offset.w] = self[n, c, y, x] }
        }
      }
    }
    return result
  }
}

extension DeviceTensor {
  init(_ shape: Shape, _ element: DeviceElement, at address: CUDADriver.Address) {
    self.init(shape, element)
    base = address
  }
}

extension Tensor {
  /// The elements as devices have them: N×H×W×C, zeros that fill up the last group of channels.
  var channelsLast: [Float] {
    let padded = DeviceTensor.wholeGroups(shape.c)
    var result = [Float](repeating: 0, count: shape.n * shape.planeCount * padded)
    for n in 0..<shape.n {
      for c in 0..<shape.c {
        let plane = plane(n, c)
        for pixel in 0..<shape.planeCount {
          result[(n * shape.planeCount + pixel) * padded + c] = plane[pixel]
        }
      }
    }
    return result
  }

  /// Of such elements; what fills up the last group must be zero.
  init(_ shape: Shape, channelsLast elements: [Float], _ what: String) throws {
    try self.init(shape)
    let padded = DeviceTensor.wholeGroups(shape.c)
    var stray = 0
    for n in 0..<shape.n {
      for pixel in 0..<shape.planeCount {
        let first = (n * shape.planeCount + pixel) * padded
        for c in 0..<shape.c { plane(n, c)[pixel] = elements[first + c] }
        stray += elements[first + shape.c..<first + padded].count { $0 != 0 }
      }
    }
    #expect(stray == 0, "\(what): \(stray) elements beyond the last channel are not zero")
  }

  /// Every element as convolutions in `precision` multiply it.
  func rounded(to precision: Precision) throws -> Tensor {
    try Tensor(shape, elements.map(precision.rounded))
  }
}

/// What the reference form on the processor makes; `epilogue` is done by hand.
func referenceOutput(
  _ operation: any Operation, inputs: [Tensor], parameters: [Tensor],
  epilogue: Epilogue = Epilogue()
) throws -> Tensor {
  let operands = Array(inputs.dropLast(epilogue.addsResidual ? 1 : 0))
  let form = try #require(operation.forms.last)
  let run = try #require(
    try LayerRun(operation, form, inputs: operands, parameters: parameters))
  var output = try run.forward()
  if epilogue.addsResidual, let residual = inputs.last {
    output = try Tensor(output.shape, zip(output.elements, residual.elements).map { $0 + $1 })
  }
  output = try Tensor(output.shape, output.elements.map { epilogue.activation($0) })
  guard let window = epilogue.cropped else { return output }
  let part = try Tensor(window.shape)
  for n in 0..<part.shape.n {
    for c in 0..<part.shape.c {
      for y in 0..<part.shape.h {
        for x in 0..<part.shape.w {
          part[n, c, y, x] = output[n, c, y + window.offset.h, x + window.offset.w]
        }
      }
    }
  }
  return part
}
