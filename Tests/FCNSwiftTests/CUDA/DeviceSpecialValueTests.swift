import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// NaNs and infinities go through devices as through the processor's reference forms.
  struct DeviceSpecialValueTests {
    static let operations: [any Operation] = [
      Convolution(3, kernel: 3, padding: 1), Convolution(12, kernel: 1),
      TransposedConvolution(3, kernel: 4, stride: 2, padding: 1),
      TransposedConvolution(5, kernel: 2, stride: 2, groups: 5), ReLU(), Scale(by: -2), Sum(),
      MaxPool(kernel: 2, stride: 2), MaxPool(kernel: 3, stride: 2, padding: 1), BatchNorm(),
      Softmax(), Resize(to: .exact(Extent(7, 9))),
      LocalResponseNormalization(size: 3, alpha: 0.9, beta: 0.75, bias: 2),
      LocalResponseNormalization(size: 3, alpha: 0.9, beta: 0.75, bias: 0),
      AveragePool(kernel: 3, stride: 2, padding: 1), GlobalAveragePool(), GlobalMaxPool(),
      Product(), Difference(), Quotient(), Pad(top: 1, left: 2, filling: .edge),
      Slicing(channels: .init(from: 1), rows: .init(to: 3)), Affine(), PReLU(),
      PReLU(isShared: true), GroupNormalization(groups: 5), InstanceNormalization(),
      LayerNormalization(), SpaceToDepth(block: 2), GELU(), ErrorFunction(), Power(-0.5), Power(3),
      Power(1.5), ChannelShuffle(groups: 5), Resize(to: .exact(Extent(7, 9)), .cubic),
      MaxPoolIndices(kernel: 2, stride: 2), MaxUnpool(kernel: 2, stride: 2),
      ReducedMean(.channels), ReducedMean([.channels, .rows]), ReducedMean(.columns),
      ReducedMaximum(.channels), ReducedMaximum([.channels, .rows]), ReducedMaximum(.columns),
    ]

    @Test(arguments: operations.indices, Precision.onDevices)
    func whatIsNotFiniteStaysSo(index: Int, precision: Precision) throws {
      let operation = Self.operations[index]
      let shape = Shape(1, 5, 4, 6)
      var parameters = try LayerCase("", operation, shape).makeParameters()
      if operation is Convolution { parameters[0] = try parameters[0].rounded(to: precision) }
      for (value, position) in [
        (Float.nan, 0), (.nan, 31), (.nan, 119), (.infinity, 7), (-.infinity, 62),
      ] {
        // No zero, whose product with an infinity depends on what is left out of a sum.
        let input = try Tensor.random(shape, .awayFromZero, seed: 5).rounded(to: precision)
        input.pointer[position] = value
        let inputs = [Tensor](repeating: input, count: operation.inputCount.lowerBound)
        let run = try #require(
          try DeviceLayerRun(
            operation, operation.ownDeviceForms[0], inputs: inputs, parameters: parameters,
            precision: precision))
        let found = try run.forward().elements
        let wanted = try referenceOutput(operation, inputs: inputs, parameters: parameters)
          .elements
        let error = precision.deviceElement == .float32 ? 4e-6 : precision.roundingError
        for (found, wanted) in zip(found, wanted) {
          let isSame =
            wanted.isFinite
            ? abs(found - wanted) <= 4e-6 + error * abs(wanted)
            : found.isNaN == wanted.isNaN && (found.isNaN || found == wanted)
          #expect(
            isSame, "\(type(of: operation).name) in \(precision), \(value) at \(position)")
          if !isSame { break }
        }
      }
    }

    @Test(arguments: Precision.onDevices)
    func aPoolOfVerySmallNumbersFindsTheLargest(precision: Precision) throws {
      let pool = MaxPool(kernel: 3, stride: 2, padding: 1)
      let input = try Tensor(Shape(1, 1, 4, 4), filledWith: -.infinity)
      let wanted: Float = precision == .float16 ? -65504 : -0x1.FEp127
      input[0, 0, 1, 1] = wanted
      let run = try #require(
        try DeviceLayerRun(
          pool, pool.ownDeviceForms[0], inputs: [input], parameters: [], precision: precision))
      #expect(try run.forward().elements == [wanted, wanted, wanted, wanted])
    }

    /// Half precision ends at 65504.
    @Test func whatIsTooLargeForHalfPrecisionBecomesInfinite() throws {
      let scale = Scale(by: 40_000)
      let input = try Tensor(Shape(1, 3, 1, 1), [1, 2, -2])
      let run = try #require(
        try DeviceLayerRun(
          scale, scale.ownDeviceForms[0], inputs: [input], parameters: [], precision: .float16))
      #expect(try run.forward().elements == [40_000, .infinity, -.infinity])
    }
  }
}
