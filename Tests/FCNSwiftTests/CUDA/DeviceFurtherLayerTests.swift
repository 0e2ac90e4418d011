import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Functions of single values, cubic resizes, unpooling, reductions and shuffles, and gradients through
  /// normalisations: shapes that the goldens lack, in use and in training.
  struct DeviceFurtherLayerTests {
    private static let features = Shape(3, 17, 9, 7)

    /// Several pictures, odd sizes, a single pixel, channels that fill no group and that fill several.
    static let cases: [LayerCase] = [
      LayerCase("gelu", GELU(), features),
      LayerCase("error function", ErrorFunction(), features),
      LayerCase("cube", Power(3), features),
      LayerCase("square of a pixel", Power(2), Shape(2, 24, 1, 1)),
      LayerCase("reciprocal", Power(-1), features, values: .farFromZero),
      LayerCase("shuffle of 3 groups", ChannelShuffle(groups: 3), Shape(2, 18, 5, 7)),
      LayerCase("shuffle of 8 groups", ChannelShuffle(groups: 8), Shape(1, 24, 1, 1)),
      LayerCase("cubic up and down", Resize(to: .exact(Extent(31, 5)), .cubic), features),
      LayerCase(
        "cubic, corners aligned",
        Resize(to: .exact(Extent(4, 15)), .cubic, coordinates: .alignCorners), Shape(2, 24, 7, 8)),
      LayerCase(
        "cubic by factors", Resize(to: .scaledAndRounded(h: 1.7, w: 0.6), .cubic), features),
      LayerCase("cubic from a pixel", Resize(to: .exact(Extent(3, 4)), .cubic), Shape(2, 9, 1, 1)),
      LayerCase(
        "cubic like another", Resize(to: .likeSecondInput, .cubic), features, Shape(3, 2, 5, 16)),
      LayerCase(
        "places", MaxPoolIndices(kernel: Extent(3, 2), stride: Extent(3, 2)), Shape(3, 17, 9, 8)),
      LayerCase(
        "unpooling", MaxUnpool(kernel: Extent(2, 3), stride: Extent(2, 3)), features, features,
        values: .places(7)),
      LayerCase(
        "unpooling of a pixel", MaxUnpool(kernel: 2, stride: 2), Shape(2, 24, 1, 1),
        Shape(2, 24, 1, 1), values: .places(4)),
      LayerCase("softmax", Softmax(), Shape(2, 21, 5, 7)),
      LayerCase("softmax of a pixel", Softmax(), Shape(2, 3, 1, 1)),
      LayerCase("groups of 5", GroupNormalization(groups: 4), Shape(3, 20, 37, 31)),
      LayerCase("groups of one", InstanceNormalization(), features),
      LayerCase("pixels", LayerNormalization(), Shape(3, 17, 37, 31)),
    ]

    /// Along all seven sets of axes.
    static let reductions: [LayerCase] = (1...7).flatMap { bits -> [LayerCase] in
      let axes = PictureAxes(rawValue: bits)
      let name = PictureAxes.names.filter { axes.contains($0.axis) }.map(\.name)
        .joined(separator: " and ")
      return [
        LayerCase("mean of \(name)", ReducedMean(axes), Shape(2, 17, 37, 31)),
        LayerCase("mean of \(name) of a pixel", ReducedMean(axes), Shape(2, 9, 1, 1)),
        LayerCase("mean of \(name) of one channel", ReducedMean(axes), Shape(3, 1, 5, 70)),
        LayerCase(
          "maximum of \(name)", ReducedMaximum(axes), Shape(2, 17, 13, 11), values: .apart),
        LayerCase("maximum of \(name) of a pixel", ReducedMaximum(axes), Shape(2, 9, 1, 1)),
        LayerCase(
          "maximum of \(name) of one channel", ReducedMaximum(axes), Shape(3, 1, 5, 70),
          values: .apart),
      ]
    }

    /// Whole numbers and halves below 2048 in float16, and in bfloat16 those below 128, are exact.
    private func inputs(_ layer: LayerCase, _ precision: Precision) throws -> [Tensor] {
      try layer.makeInputs().map { try $0.rounded(to: precision) }
    }

    @Test(arguments: cases + reductions, Precision.onDevices)
    func formsAgreeWithTheReference(layer: LayerCase, precision: Precision) throws {
      let inputs = try inputs(layer, precision)
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

    @Test(arguments: cases + reductions, Precision.onDevices)
    func gradientsAgreeWithTheReference(layer: LayerCase, precision: Precision) throws {
      let result = try DeviceTrainingComparison(layer, precision, scale: 4)
      let stored = precision.deviceElement == .float32 ? 1e-5 : precision.roundingError
      expectClose(result.found.output, result.output, absolute: 1e-5, relative: stored, "output")
      #expect(result.found.gradients.count == result.gradients.count)
      for (index, (actual, wanted)) in zip(result.found.gradients, result.gradients).enumerated() {
        let largest = max(1, wanted.elements.map(abs).max() ?? 1)
        let tolerance = index < layer.inputs.count ? 2 * stored : 1e-5
        expectClose(actual, wanted, absolute: tolerance * largest, "gradient \(index)")
      }
    }

    /// Of several largest values the first in reading order has the gradient, channels first, whichever
    /// thread saw it; a NaN is largest.
    @Test func theFirstOfTheLargestHasTheGradient() throws {
      let input = try Tensor(Shape(1, 11, 20, 30))
      // The second of these in memory is the first in reading order.
      input[0, 9, 3, 4] = 3
      input[0, 2, 19, 29] = 3
      for (axes, place) in [
        (PictureAxes([.channels, .rows, .columns]), 2 * 600 + 599), (.channels, nil),
        ([.channels, .columns], nil),
      ] {
        let operation = ReducedMaximum(axes)
        let run = try #require(
          try DeviceTrainingRun(operation, inputs: [input], parameters: [], precision: .float32))
        let shape = axes.reduced(input.shape)
        let upstream = try Tensor(shape, (0..<shape.count).map { Float($0 + 1) })
        let found = try run.run(upstream).gradients[0].elements
        // Where all are zero, the first channel's has it.
        let form = try #require(operation.forms.last)
        let reference = try #require(
          try LayerRun(operation, form, inputs: [input], parameters: []))
        _ = try reference.forward(training: true)
        #expect(found == (try reference.backward(upstream).all[0].elements))
        if let place { #expect(found.firstIndex { $0 != 0 } == place) }
      }
    }

    /// In float32 there is room for any window's places.
    @Test func placesThatNumbersDoNotReachAreRefused() throws {
      let (side, shape) = (Extent(17, 16), Shape(1, 3, 17, 16))
      let input = try Tensor(shape)
      input[0, 1, 16, 15] = 1
      let operation = MaxPoolIndices(kernel: side, stride: side)
      func run(_ precision: Precision) throws -> [Float] {
        let form = operation.ownDeviceForms[0]
        return try #require(
          try DeviceLayerRun(
            operation, form, inputs: [input], parameters: [], precision: precision)
        ).forward().elements
      }
      #expect(try run(.float32) == [0, 271, 0] && run(.float16) == [0, 271, 0])
      expectError(
        .unsupported, saying: "a window of 17×16 has 272 places, and bfloat16 counts to 256 only"
      ) { _ = try run(.bfloat16) }
    }
  }
}
