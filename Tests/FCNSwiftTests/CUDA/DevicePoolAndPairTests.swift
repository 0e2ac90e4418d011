import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What is pooled, combined by twos, padded, cut, laid out otherwise and normalised: shapes that the
  /// goldens lack, in use and in training.
  struct DevicePoolAndPairTests {
    private static let (features, number) = (Shape(3, 17, 9, 7), Shape(3, 17, 1, 1))

    /// Several pictures, odd sizes, channels that fill no group and that fill several.
    static let cases: [LayerCase] = [
      LayerCase("global average", GlobalAveragePool(), Shape(3, 9, 37, 31)),
      LayerCase("global average of a pixel", GlobalAveragePool(), Shape(2, 24, 1, 1)),
      LayerCase("global max", GlobalMaxPool(), Shape(3, 9, 17, 19), values: .apart),
      LayerCase(
        "average 5×3 in ceil mode",
        AveragePool(
          kernel: Extent(5, 3), stride: Extent(2, 3), padding: Extent(2, 1), ceilMode: true),
        features),
      LayerCase(
        "average of all, padding not counted",
        AveragePool(kernel: Extent(9, 7), stride: 3, padding: Extent(4, 3), countsPadding: false),
        features),
      LayerCase("product by channel", Product(), Shape(3, 17, 37, 31), number),
      LayerCase("product by pixel", Product(), features, Shape(3, 1, 9, 7)),
      LayerCase("product by one number", Product(), features, Shape(3, 1, 1, 1)),
      LayerCase("product by row of a channel", Product(), features, Shape(3, 17, 9, 1)),
      LayerCase("product of one channel", Product(), Shape(2, 1, 9, 7), Shape(2, 1, 9, 7)),
      LayerCase("difference by channel", Difference(), features, number),
      LayerCase("difference by column", Difference(), features, Shape(3, 1, 1, 7)),
      LayerCase("quotient by channel", Quotient(), features, number, values: .farFromZero),
      LayerCase("pad", Pad(top: 3, left: 2, bottom: 1, right: 5), features),
      LayerCase("pad and cut", Pad(top: -2, left: 4, filling: .constant(1.5)), features),
      LayerCase(
        "pad by all that reflects", Pad(top: 8, left: 6, bottom: 8, right: 6, filling: .reflect),
        features),
      LayerCase(
        "cut and reflect", Pad(top: -3, left: 4, bottom: 5, right: -2, filling: .reflect), features
      ),
      LayerCase(
        "pad by the edge of a pixel", Pad(top: 3, left: 2, bottom: 1, right: 5, filling: .edge),
        Shape(2, 9, 1, 1)),
      LayerCase(
        "slice of whole groups", Slicing(channels: .init(from: 8, to: 16)), Shape(2, 24, 5, 6)),
      LayerCase(
        "slice of all three",
        Slicing(
          channels: .init(from: 5, to: 16), rows: .init(from: -4), columns: .init(from: 1, to: 4)),
        features),
      LayerCase("one slope", PReLU(isShared: true), features, values: .awayFromZero),
      LayerCase("slopes", PReLU(), Shape(2, 24, 37, 31), values: .awayFromZero),
      LayerCase("affine", Affine(), Shape(2, 24, 37, 31)),
      LayerCase("to space", DepthToSpace(block: 3), Shape(2, 81, 3, 5)),
      LayerCase(
        "pixel shuffle", DepthToSpace(block: 2, order: .channelsFirst), Shape(2, 36, 5, 3)),
      LayerCase("to depth", SpaceToDepth(block: 3), Shape(2, 7, 6, 9)),
      LayerCase("groups of 5", GroupNormalization(groups: 4), Shape(2, 20, 37, 31)),
      LayerCase("groups of one", InstanceNormalization(), features),
      LayerCase("pixels", LayerNormalization(), features),
    ]

    @Test(arguments: cases, Precision.onDevices)
    func formsAgreeWithTheReference(layer: LayerCase, precision: Precision) throws {
      let inputs = try layer.makeInputs().map { try $0.rounded(to: precision) }
      let parameters = try layer.makeParameters()
      let wanted = try referenceOutput(layer.operation, inputs: inputs, parameters: parameters)
      for form in layer.operation.ownDeviceForms {
        let run = try #require(
          try DeviceLayerRun(
            layer.operation, form, inputs: inputs, parameters: parameters, precision: precision))
        let error = precision.deviceElement == .float32 ? 4e-6 : precision.roundingError
        expectClose(try run.forward(times: 2), wanted, absolute: 8e-6, relative: error, form.name)
        // As what is cropped, or a part of a concatenation, comes.
        let window = try #require(
          try DeviceLayerRun(
            layer.operation, form, inputs: inputs, parameters: parameters, precision: precision,
            windowOffset: Extent(2, 1)))
        #expect(try window.forward().bits == run.forward().bits)
      }
    }

    @Test(arguments: cases.filter { $0.operation.trainsOnDevices }, Precision.onDevices)
    func gradientsAgreeWithTheReference(layer: LayerCase, precision: Precision) throws {
      let result = try DeviceTrainingComparison(layer, precision, scale: 4)
      let stored = precision.deviceElement == .float32 ? 1e-5 : precision.roundingError
      expectClose(result.found.output, result.output, absolute: 1e-5, relative: stored, "output")
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        let largest = max(1, wanted.elements.map(abs).max() ?? 1)
        let tolerance = index < layer.inputs.count ? 2 * stored : 1e-5
        expectClose(actual, wanted, absolute: tolerance * largest, "gradient \(index)")
      }
    }

    /// Sums of values that are large beside their differences: 4757 pixels, in five chunks.
    @Test(arguments: Precision.onDevices)
    func sumsOverManyPixelsStayExact(precision: Precision) throws {
      let noise = try Tensor.random(Shape(3, 11, 67, 71), seed: 4)
      let input = try Tensor(noise.shape, noise.elements.map { 100 + $0 }).rounded(to: precision)
      let wanted = try Tensor(
        Shape(3, 11, 1, 1),
        (0..<33).map { plane in
          let values = UnsafeBufferPointer(
            start: input.pointer + plane * noise.shape.planeCount, count: noise.shape.planeCount)
          return Float(values.reduce(0.0) { $0 + Double($1) } / Double(values.count))
        })
      let form = GlobalAveragePool().ownDeviceForms[0]
      let run = try #require(
        try DeviceLayerRun(
          GlobalAveragePool(), form, inputs: [input], parameters: [], precision: precision))
      let rounding = precision.deviceElement == .float32 ? 0x1p-22 : precision.roundingError
      expectClose(try run.forward(), wanted, absolute: 0, relative: rounding, "\(precision)")
      // What is left of such values once their mean is taken off.
      let norm = GroupNormalization(groups: 11)
      let parameters = try LayerCase("", norm, input.shape).makeParameters()
      let normalized = try #require(
        try DeviceLayerRun(
          norm, norm.ownDeviceForms[0], inputs: [input], parameters: parameters,
          precision: precision))
      expectClose(
        try normalized.forward(),
        try referenceOutput(norm, inputs: [input], parameters: parameters), absolute: 6e-5,
        relative: precision.deviceElement == .float32 ? 4e-6 : precision.roundingError)
    }

    /// Of several largest values the first has the gradient, whichever thread saw it.
    @Test func theFirstOfTheLargestHasTheGradient() throws {
      let input = try Tensor(Shape(1, 2, 20, 30))
      for place in [297, 42, 599] { input.pointer[place] = 3 }
      for place in [511, 300] { input.pointer[600 + place] = .nan }
      let run = try #require(
        try DeviceTrainingRun(
          GlobalMaxPool(), inputs: [input], parameters: [], precision: .float32))
      let found = try run.run(Tensor(Shape(1, 2, 1, 1), [5, 7]))
      #expect(found.output.elements[0] == 3 && found.output.elements[1].isNaN)
      let places = found.gradients[0].elements.enumerated().filter { $0.element != 0 }
      #expect(places.map(\.offset) == [42, 900] && places.map(\.element) == [5, 7])
    }
  }
}
