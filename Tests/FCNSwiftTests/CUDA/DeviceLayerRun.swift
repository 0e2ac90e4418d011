import Testing

@testable import FCNSwift

/// One form of an operation, run on the fake device: the counterpart of `LayerRun`.
final class DeviceLayerRun {
  let kernel: any DeviceKernel
  let output: Shape
  private let context: DeviceContext
  private let formName: String
  private let inputs: [Tensor]
  private let parameters: [Tensor]
  private let elements: (input: DeviceElement, output: DeviceElement)

  /// nil where the form does not serve what is asked. Where `epilogue` adds a residual it is the last
  /// of `inputs`; `output` is the shape after the epilogue.
  init?(
    _ operation: any Operation, _ form: DeviceForm, inputs: [Tensor], parameters: [Tensor],
    precision: Session.Precision, makes made: DeviceElement? = nil,
    epilogue: Epilogue = Epilogue()
  ) throws {
    let context = try FakeDevice.context()
    let element = try #require(precision.deviceElement)
    let elements = (input: element, output: made ?? element)
    let operands = inputs.dropLast(epilogue.addsResidual ? 1 : 0).map(\.shape)
    let whole = try operation.outputShape(of: Array(operands))
    let output = epilogue.cropped?.shape ?? whole
    let request = DeviceRequest(
      inputs: inputs.enumerated().map { index, input in
        let isResidual = epilogue.addsResidual && index == inputs.count - 1
        return DeviceTensor(input.shape, isResidual ? elements.output : elements.input)
      }, output: DeviceTensor(output, elements.output), epilogue: epilogue, precision: precision,
      context: context, operationOutput: whole)
    guard let kernel = try context.run({ try form.make(request) }) else { return nil }
    self.kernel = kernel
    self.output = output
    self.context = context
    self.elements = elements
    self.inputs = inputs
    self.parameters = parameters
    formName = form.name
    residualIndex = epilogue.addsResidual ? inputs.count - 1 : nil
  }

  private let residualIndex: Int?

  /// The output; its padding channels must be zero.
  func forward() throws -> Tensor {
    try context.run {
      let loader = try DeviceLoader(context)
      var memories: [DeviceMemory] = []
      let tensors = try inputs.enumerated().map { index, input in
        let element = index == residualIndex ? elements.output : elements.input
        let memory = try element.encode(input.channelsLast, loader)
        memories.append(memory)
        return DeviceTensor(input.shape, element, at: memory.address)
      }
      let target = try DeviceMemory(DeviceTensor.byteCount(output, elements.output), in: context)
      let workspace = try DeviceMemory(kernel.workspaceByteCount, in: context)
      let packed = try kernel.pack(parameters, loader)
      let stream = try DeviceStream(context)
      try kernel.enqueue(
        DeviceCall(
          inputs: tensors, output: DeviceTensor(output, elements.output, at: target.address),
          parameters: packed.map(\.address), workspace: workspace.address), stream)
      let host = try PinnedMemory(target.byteCount, in: context)
      try stream.download(target.address, target.byteCount, to: host.base)
      try stream.synchronize()
      let count = target.byteCount / elements.output.byteCount
      return try withExtendedLifetime((memories, packed, workspace)) {
        try Tensor(output, channelsLast: elements.output.decode(host.base, count: count), formName)
      }
    }
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
  func rounded(to precision: Session.Precision) throws -> Tensor {
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
  if epilogue.rectifies {
    output = try Tensor(output.shape, output.elements.map { $0 < 0 ? 0 : $0 })
  }
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
