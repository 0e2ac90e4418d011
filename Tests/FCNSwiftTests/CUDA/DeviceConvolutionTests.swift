import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Convolutions of every geometry, in every tile, with what is done after them.
  struct DeviceConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
      let testDescription: String
      let operation: Convolution
      let input: Shape

      init(_ name: String, _ operation: Convolution, _ input: Shape) {
        testDescription = name
        self.operation = operation
        self.input = input
      }
    }

    static let cases = [
      Case("1×1 of 3 channels", Convolution(5, kernel: 1), Shape(2, 3, 5, 7)),
      Case("1×1 of 200 channels", Convolution(200, kernel: 1), Shape(1, 24, 18, 18)),
      Case("3×3, many pixels", Convolution(40, kernel: 3, padding: 1), Shape(1, 16, 23, 24)),
      Case("3×3, few pixels", Convolution(72, kernel: 3, padding: 1), Shape(1, 16, 9, 7)),
      Case("3×3 without bias", Convolution(9, kernel: 3, bias: false), Shape(3, 7, 6, 5)),
      Case(
        "7×7 stride 2", Convolution(16, kernel: 7, stride: 2, padding: 3), Shape(2, 3, 21, 19)),
      Case("7×7 of 20 channels", Convolution(24, kernel: 7, padding: 3), Shape(1, 20, 7, 5)),
      Case(
        "3×2 stride 2×1 dilation 1×3",
        Convolution(
          20, kernel: Extent(3, 2), stride: Extent(2, 1), padding: Extent(1, 0),
          dilation: Extent(1, 3)), Shape(2, 9, 11, 13)),
      Case(
        "3×3 dilation 6", Convolution(17, kernel: 3, padding: 6, dilation: 6),
        Shape(1, 32, 10, 12)),
      Case("padding that sees nothing", Convolution(8, kernel: 3, padding: 5), Shape(1, 8, 2, 3)),
      Case(
        "groups of 8 and 16 channels", Convolution(48, kernel: 3, padding: 1, groups: 3),
        Shape(2, 24, 9, 8)),
      Case(
        "groups of 16 and 72 channels", Convolution(144, kernel: 1, groups: 2),
        Shape(1, 32, 16, 17)),
      Case(
        "groups of 5 and 3 channels", Convolution(12, kernel: 3, padding: 1, groups: 4),
        Shape(1, 20, 6, 7)),
      Case(
        "groups of 8 and 6 channels", Convolution(12, kernel: 3, padding: 1, groups: 2),
        Shape(1, 16, 6, 7)),
      Case(
        "a kernel a channel", Convolution(24, kernel: 3, stride: 2, padding: 1, groups: 24),
        Shape(1, 24, 9, 8)),
    ]

    @Test(arguments: cases, Precision.onDevices)
    func resultsAreThoseOfTheReference(_ layer: Case, precision: Precision) throws {
      let operation = layer.operation
      let input = try Tensor.random(layer.input, seed: 7).rounded(to: precision)
      var parameters = try LayerCase("", operation, layer.input).makeParameters()
      parameters[0] = try parameters[0].rounded(to: precision)
      let whole = try operation.outputShape(of: [layer.input])
      let residual = try Tensor.random(whole, seed: 8).rounded(to: precision)
      let stored = try #require(precision.deviceElement)
      for (activation, addsResidual, element) in [
        (.identity, false, stored), (.relu, false, stored), (.identity, true, stored),
        (.relu, true, stored), (.identity, false, .float32), (.hardSwish, true, stored),
      ] as [(Activation, Bool, DeviceElement)] {
        let epilogue = Epilogue(addsResidual: addsResidual, activation: activation)
        let inputs = [input] + (addsResidual ? [residual] : [])
        let run = try #require(
          try DeviceLayerRun(
            operation, operation.ownDeviceForms[0], inputs: inputs, parameters: parameters,
            precision: precision, makes: element, epilogue: epilogue))
        // Sums of up to a thousand terms in an order of their own, then one rounding.
        expectClose(
          try run.forward(),
          try referenceOutput(
            operation, inputs: inputs, parameters: parameters, epilogue: epilogue),
          absolute: 1e-5, relative: element == .float32 ? 1e-5 : precision.roundingError,
          "\(layer.testDescription) in \(precision), \(epilogue)")
      }
    }

    @Test func theCasesReachEveryTile() throws {
      var tiles: [Bool: Set<DeviceTile>] = [:]
      for precision in [Precision.float32, .float16] {
        for layer in Self.cases {
          let run = try #require(
            try DeviceLayerRun(
              layer.operation, layer.operation.ownDeviceForms[0],
              inputs: [Tensor(layer.input)], parameters: [], precision: precision))
          let kernel = try #require(run.prepared as? DeviceConvolution)
          tiles[precision != .float32, default: []].insert(kernel.tile)
        }
      }
      for usesMatrixUnits in [false, true] {
        #expect(
          tiles[usesMatrixUnits] == Set(DeviceTile.all(matrixUnits: usesMatrixUnits)))
      }
    }

    /// Compute capability 7.5 has 64 KB of shared memory a block, less than the largest tile wants.
    @Test(arguments: [70, 75, 80, 90])
    func everyDeviceHasRoomForItsTiles(architecture: Int) throws {
      try FakeDevice.fake().with(.architecture, "\(architecture)") {
        let device = try FakeDevice.makeRuntime().devices[0]
        for (pixels, channels, matrixUnits) in [
          (100_000, 512, true), (100_000, 64, true), (10, 10, true), (100_000, 512, false),
        ] {
          let tile = DeviceTile.best(
            pixels: pixels, channels: channels, groups: 1, device, matrixUnits: matrixUnits)
          #expect(tile.sharedByteCount <= device.sharedMemoryPerBlock)
          #expect(tile.rows == (pixels == 10 ? 64 : 128))
        }
      }
    }

    @Test func aConvolutionIsNotMadeForWhatItCannotDoAfterwards() throws {
      let operation = Convolution(8, kernel: 3, padding: 1)
      let run = try DeviceLayerRun(
        operation, operation.ownDeviceForms[0], inputs: [Tensor(Shape(1, 8, 4, 4))], parameters: [],
        precision: .float32, epilogue: Epilogue(pooled: Shape(1, 8, 2, 2)))
      #expect(run == nil)
    }
  }
}
