import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Networks as people import them: the blocks and heads that are not the FCN papers'.
  struct DeviceImportedNetworkTests {
    private func network(_ build: (inout NetworkBuilder) throws -> Void) throws -> Network {
      var builder = NetworkBuilder()
      try build(&builder)
      return try Network(inputChannels: 3, stride: 1, layers: builder.layers)
    }

    private func parameters(
      _ network: Network, _ precision: Precision
    ) throws -> ParameterTable {
      var table = ParameterTable()
      for (index, specification) in network.parameters.enumerated() {
        let tensor = try Tensor.random(specification.tensorShape, seed: 6, stream: UInt64(index))
        let fanIn = Float(max(1, specification.tensorShape.pictureCount)).squareRoot()
        let isVariance = specification.name.hasSuffix("running_var")
        for i in 0..<tensor.shape.count {
          let value = tensor.pointer[i] / fanIn
          tensor.pointer[i] = precision.rounded(isVariance ? abs(value) + 0.5 : value)
        }
        table[specification.name] = tensor
      }
      return table
    }

    /// Runs `network` in every precision and compares with the processor's reference forms.
    private func compare(
      _ network: Network, _ shape: Shape, at location: SourceLocation = #_sourceLocation
    ) throws {
      for precision in Precision.onDevices {
        let table = try parameters(network, precision)
        let input = try Tensor.random(shape, seed: 9).rounded(to: precision)
        let wanted = try referenceScores(network, table, input)
        let range = wanted.elements.map(abs).max() ?? 0
        #expect(Set(wanted.elements).count > 20, sourceLocation: location)
        expectClose(
          try DevicePlanRun(network, table, shape, precision).scores(of: input), wanted,
          absolute: range * max(2e-5, precision == .float32 ? 0 : 10 * precision.roundingError),
          "\(precision)", at: location)
      }
    }

    /// Of EfficientNet: squeeze and excite with SiLU, a residual around it.
    private func addSqueezing(_ builder: inout NetworkBuilder) {
      builder.add("expand", Convolution(24, kernel: 3, stride: 2, padding: 1, bias: false))
      builder.add("norm", BatchNorm())
      builder.add("silu", SiLU())
      builder.add("depthwise", Convolution(24, kernel: 5, padding: 2, groups: 24))
      builder.add("wide", SiLU())
      builder.add("squeeze", GlobalAveragePool())
      builder.add("reduce", Convolution(6, kernel: 1))
      builder.add("reduced", SiLU())
      builder.add("restore", Convolution(24, kernel: 1))
      builder.add("gate", Sigmoid())
      builder.add("excited", Product(), ["wide", "gate"])
      builder.add("block", Sum(), ["excited", "silu"])
    }

    @Test func aBlockThatSqueezesAndExcites() throws {
      try compare(
        network {
          addSqueezing(&$0)
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        }, Shape(2, 3, 21, 17))
    }

    /// MobileNetV3's and LR-ASPP's, with the scores of two levels.
    @Test func theNetworkOfTheCheck() throws {
      try compare(DeviceCheck.squeezingNetwork(), Shape(2, 3, 37, 29))
    }

    /// Of DeepLabV3: dilated convolutions beside the mean of all pixels, concatenated, resized.
    @Test func anAtrousPyramid() throws {
      try compare(
        network {
          $0.add("stem", Convolution(16, kernel: 3, stride: 2, padding: 1))
          $0.add("features", ReLU())
          var parts: [String] = []
          for rate in [1, 2, 3] {
            $0.add(
              "rate\(rate)",
              Convolution(12, kernel: 3, padding: Extent(rate, rate), dilation: Extent(rate, rate)),
              ["features"])
            parts.append($0.add("relu\(rate)", ReLU()))
          }
          $0.add("mean", GlobalAveragePool(), ["features"])
          $0.add("pooled", Convolution(12, kernel: 1))
          $0.add("relu", ReLU())
          parts.append($0.add("everywhere", Resize(to: .likeSecondInput), ["relu", "features"]))
          $0.add("joined", Concatenation(), parts)
          $0.add("project", Convolution(16, kernel: 1))
          $0.add("projected", ReLU())
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        }, Shape(2, 3, 19, 23))
    }

    /// Of DABNet: asymmetric kernels of each channel, learned slopes, the averaged input.
    @Test func asymmetricBranches() throws {
      try compare(
        network {
          $0.add("stem", Convolution(13, kernel: 3, stride: 2, padding: 1, bias: false))
          $0.add("averaged", AveragePool(kernel: 3, stride: 2, padding: 1), [Network.inputName])
          $0.add("start", Concatenation(), ["stem", "averaged"])
          $0.add("norm", BatchNorm())
          $0.add("slopes", PReLU())
          for (name, rate) in [("near", 1), ("far", 2)] {
            $0.add(
              "\(name)1",
              Convolution(
                16, kernel: Extent(3, 1), padding: Extent(rate, 0), dilation: Extent(rate, 1),
                groups: 16, bias: false), ["slopes"])
            $0.add("\(name)2", PReLU())
            $0.add(
              name,
              Convolution(
                16, kernel: Extent(1, 3), padding: Extent(0, rate), dilation: Extent(1, rate),
                groups: 16))
          }
          $0.add("both", Sum(), ["near", "far"])
          $0.add("bothSlopes", PReLU(isShared: true))
          $0.add("residual", Sum(), ["bothSlopes", "slopes"])
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        }, Shape(2, 3, 20, 17))
    }

    /// Of feature pyramids: group normalisation, resizes to the nearest, padding by reflection, slices.
    @Test func aFeaturePyramid() throws {
      try compare(
        network {
          $0.add("padded", Pad(top: 1, left: 1, bottom: 1, right: 1, filling: .reflect))
          $0.add("c1", Convolution(24, kernel: 3))
          $0.add("g1", GroupNormalization(groups: 4))
          $0.add("r1", ReLU())
          $0.add("c2", Convolution(24, kernel: 3, stride: 2, padding: 1))
          $0.add("g2", GroupNormalization(groups: 8))
          $0.add("r2", ReLU())
          $0.add(
            "up", Resize(to: .likeSecondInput, .nearest(.floor), coordinates: .asymmetric),
            ["r2", "r1"])
          $0.add("merged", Sum(), ["up", "r1"])
          $0.add("some", Slicing(channels: .init(from: 3, to: 19)), ["merged"])
          $0.add("deep", SpaceToDepth(block: 2))
          $0.add("mixed", Convolution(32, kernel: 1))
          $0.add("wide", DepthToSpace(block: 2))
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        }, Shape(2, 3, 18, 22))
    }

    /// Of ConvNeXt and CBAM: layer normalisation, GELU, attention by channels and by pixels; of ShuffleNet:
    /// shuffled channels; a cubic resize, and strips.
    private func addAttention(_ builder: inout NetworkBuilder) {
      builder.add("stem", Convolution(24, kernel: 2, stride: 2))
      builder.add("norm", LayerNormalization())
      builder.add("wide", Convolution(32, kernel: 1))
      builder.add("gelu", GELU())
      builder.add("narrow", Convolution(24, kernel: 1))
      builder.add("block", Sum(), ["narrow", "stem"])
      builder.add("shuffled", ChannelShuffle(groups: 3))
      builder.add("mean", ReducedMean(.channels))
      builder.add("largest", ReducedMaximum(.channels), ["shuffled"])
      builder.add("both", Concatenation(), ["mean", "largest"])
      builder.add("pixels", Convolution(1, kernel: 3, padding: 1))
      builder.add("gate", Sigmoid())
      builder.add("attended", Product(), ["shuffled", "gate"])
      builder.add("strip", ReducedMean(.rows))
      builder.add("error", ErrorFunction())
      builder.add("striped", Product(), ["attended", "error"])
      builder.add("groups", GroupNormalization(groups: 4))
      builder.add("shares", Softmax())
      builder.add("squares", Power(2))
      builder.add("up", Resize(to: .scaled(by: 2), .cubic))
    }

    @Test func attentionByPixelsAndStrips() throws {
      try compare(
        network {
          addAttention(&$0)
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        }, Shape(2, 3, 18, 22))
    }

    // MARK: Training

    private func model(_ network: Network) throws -> Model {
      try Model.fresh(
        ModelDescription(
          graph: NetworkGraph(network), classNames: ["dark", "bright"],
          palette: [RGB(0, 0, 0), RGB(255, 255, 255)], preprocessing: .torchvision), seed: 3)
    }

    private func losses(
      _ model: Model, on device: Device, _ precision: Precision = .float32
    ) throws -> [Double] {
      let options = tinyTraining {
        $0.epochs = 2
        $0.device = device
        $0.precision = precision
        $0.optimizer = .sgd(momentum: 0.9)
        $0.learningRate = 0.05
      }
      var losses: [Double] = []
      let (pictures, folder) = (Patches(size: 32), try TemporaryFolder())
      try withExtendedLifetime(folder) {
        try Trainer(
          model: model, training: pictures, validation: pictures,
          folder: folder.file("training"), options: options, resume: false,
          findRuntime: { try FakeDevice.makeRuntime() }
        ).run { event in
          if case .minibatch(let progress) = event { losses.append(progress.loss) }
          return true
        }
      }
      return losses
    }

    @Test func whatSqueezesAndExcitesIsTrained() throws {
      let model = try model(
        network {
          addSqueezing(&$0)
          $0.add("slopes", PReLU())
          $0.add("average", AveragePool(kernel: 2, stride: 1))
          $0.add("padded", Pad(bottom: 1, right: 1, filling: .edge))
          $0.add("score", Convolution(2, kernel: 1, makesScores: true))
        })
      let found = try losses(model, on: .cuda(0))
      let wanted = try losses(model, on: .processor)
      #expect(found.count == 6 && found[5] < found[0])
      for (found, wanted) in zip(found, wanted) { #expect(abs(found - wanted) < 2e-3 * wanted) }
    }

    @Test func attentionByPixelsAndStripsIsTrained() throws {
      let model = try model(
        network {
          addAttention(&$0)
          $0.add("score", Convolution(2, kernel: 1, makesScores: true))
        })
      let found = try losses(model, on: .cuda(0))
      let wanted = try losses(model, on: .processor)
      #expect(found.count == 6)
      for (found, wanted) in zip(found, wanted) { #expect(abs(found - wanted) < 2e-3 * wanted) }
    }

    /// What one layer cannot, the network cannot, and it is said before anything is learned.
    @Test func aNetworkWithOneLayerThatCannotBeTrainedIsRefused() throws {
      let model = try model(
        network {
          addWideUnpooling(&$0)
          $0.add("score", Convolution(2, kernel: 1, makesScores: true))
        })
      expectError(.unsupported, saying: "layer places: a window of 32×16 has 512 places") {
        _ = try losses(model, on: .cuda(0), .bfloat16)
      }
      #expect(try losses(model, on: .processor).count == 6)
    }

    @Test func aLayerThatOnlyTheProcessorHasIsNamed() throws {
      let model = try model(
        network {
          addWideUnpooling(&$0)
          $0.add("score", Convolution(2, kernel: 1, makesScores: true))
        })
      let picture = try DeviceFixture.picture(16, 32)
      expectError(
        .unsupported,
        saying: "layer places: a window of 32×16 has 512 places, and bfloat16 counts to 256 only"
      ) { try FakeDevice.session(model, .bfloat16).run([picture]) }
      expectError(
        .unsupported, saying: "layer unpooled: max_unpool has no form on a device",
        "; use the processor"
      ) { try FakeDevice.session(model, without: ["max_unpool.cuda"]).run([picture]) }
      try FakeDevice.session(model).run([picture])
    }

    /// Places of windows so large that bfloat16 does not hold them.
    private func addWideUnpooling(_ builder: inout NetworkBuilder) {
      let side = Extent(32, 16)
      builder.add("stem", Convolution(8, kernel: 3, padding: 1))
      builder.add("pool", MaxPool(kernel: side, stride: side))
      builder.add("places", MaxPoolIndices(kernel: side, stride: side), ["stem"])
      builder.add("unpooled", MaxUnpool(kernel: side, stride: side), ["pool", "places"])
    }

    @Test func doorsSayHowTheProcessorIsAskedFor() {
      let error = FCNError.onlyOnProcessor("layer up: resize has no form on a device")
      #expect(
        error.naming(processor: "--device cpu").message
          == "layer up: resize has no form on a device; use the processor (--device cpu)")
      let other = FCNError(.unsupported, "no processor")
      #expect(other.naming(processor: "--device cpu") == other)
    }
  }
}
