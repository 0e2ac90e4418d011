import FCNTestSupport
import Testing

@testable import FCNSwift

/// A convolution that is tried on a device against the processor's reference form.
struct DeviceConvolutionCase: Sendable, CustomStringConvertible {
  var name: String
  var operation: Convolution
  var input: Shape
  var addsResidual = false
  var rectifies = false
  /// Whether the input is a window of a larger tensor.
  var isWindow = false
  /// Whether cuBLASLt serves it.
  var isProduct = false

  var description: String { name }

  /// Numbers with few bits, whose products all element types hold, or any.
  func tensor(_ shape: Shape, _ seed: UInt64, coarse: Bool) throws -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return try Tensor(
      shape,
      (0..<shape.count).map { _ in
        coarse
          ? Float(generator.integer(in: 0..<17) - 8) / 8
          : Float(generator.integer(in: 0..<2_000_000)) / 1e6 - 1
      })
  }
}

/// One form of a convolution, run on a fake device.
final class DeviceConvolutionRun {
  let stream: DeviceStream
  let kernel: any DeviceKernel
  private let test: DeviceConvolutionCase
  private let element, outputElement: DeviceElement
  private let outputShape: Shape
  private let coarse: Bool
  private let parameters: [Tensor]

  static func parameters(_ test: DeviceConvolutionCase, coarse: Bool) throws -> [Tensor] {
    try test.operation.parameters(inputChannels: test.input.c).enumerated().map { index, one in
      let shape =
        one.shape.count == 4
        ? Shape(one.shape[0], one.shape[1], one.shape[2], one.shape[3])
        : Shape(1, one.shape[0], 1, 1)
      return try test.tensor(shape, UInt64(10 + index), coarse: coarse)
    }
  }

  /// nil where the form does not serve.
  init?(
    _ test: DeviceConvolutionCase, form name: String, _ precision: Session.Precision,
    _ runtime: CUDARuntime, coarse: Bool = true, isServed: Bool = false
  ) throws {
    self.test = test
    self.coarse = coarse
    element = precision.deviceElement ?? .float32
    outputElement = test.operation.makesScores ? .float32 : element
    outputShape = try test.operation.outputShape(of: [test.input])
    parameters = try Self.parameters(test, coarse: coarse)
    let context = try runtime.context(0)
    stream = try DeviceStream(context)
    var input = DeviceTensor(test.input, element)
    if test.isWindow {
      input = Self.around(test.input, element).window(
        Extent(1, 2), height: test.input.h, width: test.input.w)
    }
    let output = DeviceTensor(outputShape, outputElement)
    var request = DeviceRequest(
      inputs: [input] + (test.addsResidual ? [output] : []), output: output,
      epilogue: Epilogue(addsResidual: test.addsResidual, rectifies: test.rectifies),
      precision: precision, context: context, stream: stream, operationOutput: outputShape)
    request.isServed = isServed
    let form = test.operation.deviceForms.first { $0.name == name }
    guard let kernel = try context.run({ try form?.make(request) }) else { return nil }
    self.kernel = kernel
  }

  private static func around(_ shape: Shape, _ element: DeviceElement) -> DeviceTensor {
    DeviceTensor(Shape(shape.n, shape.c, shape.h + 3, shape.w + 4), element)
  }

  /// What the processor's reference form makes of the same.
  func expected() throws -> Tensor {
    let input = try test.tensor(test.input, 1, coarse: coarse)
    let reference = try #require(
      test.operation.forms.first { $0.name == "convolution.reference" })
    let run = try #require(
      try LayerRun(test.operation, reference, inputs: [input], parameters: parameters))
    let result = try run.forward()
    let residual = try test.tensor(outputShape, 2, coarse: coarse)
    return try Tensor(
      outputShape,
      zip(result.elements, residual.elements).map { value, other in
        let sum = test.addsResidual ? value + other : value
        return test.rectifies ? max(sum, 0) : sum
      })
  }

  /// The output, after `times` runs, and whether its channels that only fill a group are all zero.
  func output(times: Int = 1) throws -> (tensor: Tensor, paddingIsZero: Bool) {
    let context = stream.context
    return try context.run {
      let loader = try DeviceLoader(context)
      let inputMemory: DeviceMemory
      var input = DeviceTensor(test.input, element)
      let values = try test.tensor(test.input, 1, coarse: coarse)
      if test.isWindow {
        let whole = Self.around(test.input, element)
        input = whole.window(Extent(1, 2), height: test.input.h, width: test.input.w)
        inputMemory = try loader.upload(
          bytes(values, in: whole.shape, at: Extent(1, 2), element, around: 1000))
      } else {
        inputMemory = try loader.upload(
          bytes(values, in: test.input, at: 0, element, around: 0))
      }
      input.base = inputMemory.address
      let residualMemory = try loader.upload(
        bytes(
          test.tensor(outputShape, 2, coarse: coarse), in: outputShape, at: 0, outputElement,
          around: 0))
      var residual = DeviceTensor(outputShape, outputElement)
      residual.base = residualMemory.address
      let byteCount = DeviceTensor.byteCount(outputShape, outputElement)
      let outputMemory = try DeviceMemory(byteCount, in: context)
      var output = DeviceTensor(outputShape, outputElement)
      output.base = outputMemory.address
      let packed = try kernel.pack(parameters, loader)
      // As plans have it, 64 bytes from the last boundary.
      let workspace = try DeviceMemory(kernel.workspaceByteCount + 64, in: context)
      let call = DeviceCall(
        inputs: [input] + (test.addsResidual ? [residual] : []), output: output,
        parameters: packed.map(\.address), workspace: workspace.address + 64)
      for _ in 0..<times { try kernel.enqueue(call, stream) }
      let host = try PinnedMemory(byteCount, in: context)
      try stream.download(outputMemory.address, byteCount, to: host.base)
      try stream.synchronize()
      return try withExtendedLifetime([inputMemory, residualMemory, workspace] + packed) {
        try decoded(host.base)
      }
    }
  }

  private func bytes(
    _ tensor: Tensor, in whole: Shape, at offset: Extent, _ element: DeviceElement, around: Float
  ) -> [UInt8] {
    let channels = DeviceTensor.wholeGroups(whole.c)
    var values = [Float](repeating: around, count: whole.n * whole.planeCount * channels)
    for n in 0..<tensor.shape.n {
      for y in 0..<tensor.shape.h {
        for x in 0..<tensor.shape.w {
          let pixel = ((n * whole.h + y + offset.h) * whole.w + x + offset.w) * channels
          for c in 0..<channels {
            values[pixel + c] =
              c < tensor.shape.c ? tensor.plane(n, c)[y * tensor.shape.w + x] : 0
          }
        }
      }
    }
    return values.flatMap { value in
      switch element {
      case .float32: withUnsafeBytes(of: value) { Array($0) }
      case .float16: withUnsafeBytes(of: float16Bits(value)) { Array($0) }
      case .bfloat16: withUnsafeBytes(of: UInt16(value.bitPattern >> 16)) { Array($0) }
      }
    }
  }

  private func decoded(
    _ base: UnsafeMutableRawPointer
  ) throws -> (tensor: Tensor, paddingIsZero: Bool) {
    let channels = DeviceTensor.wholeGroups(outputShape.c)
    func value(_ index: Int) -> Float {
      switch outputElement {
      case .float32: base.load(fromByteOffset: 4 * index, as: Float.self)
      case .float16: float16Value(base.load(fromByteOffset: 2 * index, as: UInt16.self))
      case .bfloat16:
        Float(
          bitPattern: UInt32(base.load(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
      }
    }
    let tensor = try Tensor(outputShape)
    var paddingIsZero = true
    for n in 0..<outputShape.n {
      for pixel in 0..<outputShape.planeCount {
        let first = (n * outputShape.planeCount + pixel) * channels
        for c in 0..<channels {
          if c < outputShape.c {
            tensor.plane(n, c)[pixel] = value(first + c)
          } else if value(first + c) != 0 {
            paddingIsZero = false
          }
        }
      }
    }
    return (tensor, paddingIsZero)
  }
}

/// Of a number that float16 holds.
private func float16Bits(_ value: Float) -> UInt16 {
  guard value != 0 else { return 0 }
  let magnitude = ((value.bitPattern & 0x7FFF_FFFF) >> 13) - (112 << 10)
  return UInt16(value.bitPattern >> 16 & 0x8000) | UInt16(magnitude)
}

private func float16Value(_ bits: UInt16) -> Float {
  let exponent = UInt32(bits >> 10 & 31)
  let mantissa = UInt32(bits & 1023)
  let magnitude =
    exponent == 0
    ? Float(mantissa) * 0x1p-24 : Float(bitPattern: (exponent + 112) << 23 | mantissa << 13)
  return bits & 0x8000 == 0 ? magnitude : -magnitude
}
