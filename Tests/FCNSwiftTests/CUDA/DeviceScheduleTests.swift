import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Networks of a few layers, chosen for how a schedule lays them out.
  struct DeviceScheduleTests {
    /// 3 channels in; the builder's last layer makes the scores.
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
        let tensor = try Tensor.random(
          specification.tensorShape, seed: 6, stream: UInt64(index))
        let fanIn = Float(max(1, specification.tensorShape.pictureCount))
        for i in 0..<tensor.shape.count {
          tensor.pointer[i] = precision.rounded(tensor.pointer[i] / fanIn.squareRoot())
        }
        table[specification.name] = tensor
      }
      return table
    }

    /// Runs `network` in every precision and compares with the processor's reference forms. Returns
    /// what ran in `listed`.
    @discardableResult
    private func compare(
      _ network: Network, _ shape: Shape, without disabledForms: Set<String> = [],
      listing listed: Precision = .float32,
      at location: SourceLocation = #_sourceLocation
    ) throws -> [String] {
      var forms: [String] = []
      for precision in Precision.onDevices {
        let table = try parameters(network, precision)
        let input = try Tensor.random(shape, seed: 9).rounded(to: precision)
        let run = try DevicePlanRun(network, table, shape, precision, without: disabledForms)
        if precision == listed { forms = run.formNames }
        let wanted = try referenceScores(network, table, input)
        // A value is rounded after each of a handful of layers.
        let range = wanted.elements.map(abs).max() ?? 0
        expectClose(
          try run.scores(of: input), wanted,
          absolute: range * max(1e-5, 6 * (precision == .float32 ? 0 : precision.roundingError)),
          "\(precision)", at: location)
      }
      return forms
    }

    @Test func aCropIsAWindowAndSoIsOneOfAnother() throws {
      let network = try network {
        $0.add("conv1", Convolution(12, kernel: 3, padding: 6))
        $0.add("small", Convolution(4, kernel: 5, padding: 4), [Network.inputName])
        $0.add("crop1", Crop(offset: Extent(3, 2)), ["conv1", "small"])
        $0.add("smaller", Convolution(4, kernel: 3), [Network.inputName])
        $0.add("crop2", Crop(offset: Extent(1, 3)), ["crop1", "smaller"])
        $0.add("relu", ReLU())
        $0.add("conv2", Convolution(12, kernel: 3, padding: 1), ["crop2"])
        $0.add("sum", Sum(), ["relu", "conv2", "crop2"])
        $0.add("pool", MaxPool(kernel: 2, stride: 1), ["crop2"])
        $0.add("grown", Resize(to: .likeSecondInput), ["pool", "sum"])
        $0.add("joined", Sum(), ["sum", "grown"])
        $0.add("score", Convolution(5, kernel: 1, makesScores: true))
      }
      let forms = try compare(network, Shape(2, 3, 11, 9))
      #expect(forms.contains("sum.cuda") && !forms.contains { $0.hasPrefix("crop") })
    }

    /// Of channels that fill groups and of others, of features and scores, of a window.
    @Test func channelsAreConcatenated() throws {
      let network = try network {
        $0.add("wide", Convolution(9, kernel: 3, padding: 4))
        $0.add("conv", Convolution(8, kernel: 3, padding: 1), [Network.inputName])
        $0.add("crop", Crop(offset: Extent(2, 3)), ["wide", Network.inputName])
        $0.add("joined", Concatenation(), ["crop", "conv", Network.inputName])
        $0.add("silu", SiLU())
        $0.add("some", Convolution(4, kernel: 1, makesScores: true))
        $0.add("all", Concatenation(), ["some", "silu"])
        $0.add("score", Convolution(4, kernel: 1, makesScores: true))
      }
      let forms = try compare(network, Shape(2, 3, 8, 7))
      #expect(forms.filter { $0 == "concatenation.cuda" }.count == 2)
    }

    @Test func aResidualMayBeAWindow() throws {
      let network = try network {
        $0.add("wide", Convolution(9, kernel: 3, padding: 4))
        $0.add("conv", Convolution(9, kernel: 3, padding: 1), [Network.inputName])
        $0.add("crop", Crop(offset: Extent(2, 3)), ["wide", Network.inputName])
        $0.add("last", Convolution(9, kernel: 3, padding: 1), ["conv"])
        $0.add("sum", Sum(), ["last", "crop"])
        $0.add("relu", ReLU())
        $0.add("score", Convolution(4, kernel: 1, makesScores: true))
      }
      let forms = try compare(network, Shape(1, 3, 8, 7))
      #expect(forms == [String](repeating: "convolution.cuda_implicit_gemm", count: 4))
    }

    /// What the last crop cuts from is made before a layer that only says how large it is to be.
    @Test func scoresThatAreAWindowOutliveTheLayersAfterThem() throws {
      let network = try network {
        $0.add("conv", Convolution(6, kernel: 3, padding: 1))
        $0.add("whole", Resize(to: .exact(Extent(20, 21))))
        $0.add("like1", Convolution(6, kernel: 3, padding: 2), [Network.inputName])
        $0.add("like2", Convolution(6, kernel: 3, padding: 2))
        $0.add("score", Crop(offset: Extent(2, 1)), ["whole", "like2"])
      }
      try compare(network, Shape(1, 3, 9, 8))
    }

    @Test(arguments: [[], ["transposed_convolution.cuda"]] as [Set<String>])
    func aNetworkMayEndWithAnyLayer(disabled: Set<String>) throws {
      let ends: [(String, (inout NetworkBuilder) -> Void)] = [
        ("relu", { $0.add("score", ReLU()) }),
        ("softmax", { $0.add("score", Softmax()) }),
        ("pool", { $0.add("score", MaxPool(kernel: 2, stride: 2)) }),
        ("dropout", { $0.add("score", Dropout(rate: 0.5)) }),
        ("resize", { $0.add("score", Resize(to: .exact(Extent(13, 17)))) }),
        ("convolution", { $0.add("score", Convolution(11, kernel: 3, padding: 1)) }),
        (
          "transposed",
          { $0.add("score", TransposedConvolution(4, kernel: 4, stride: 2, padding: 1)) }
        ),
        (
          "cropped",
          {
            $0.add("up", TransposedConvolution(10, kernel: 4, stride: 2, groups: 10, bias: false))
            $0.add("score", Crop(offset: Extent(1, 4)), ["up", Network.inputName])
          }
        ),
      ]
      for (name, end) in ends {
        let network = try network {
          $0.add("conv", Convolution(10, kernel: 3, padding: 1))
          end(&$0)
        }
        guard disabled.isEmpty else {
          if network.layers.contains(where: { $0.operation is TransposedConvolution }) {
            expectError(.unsupported, saying: "layer", "use the processor") {
              try compare(network, Shape(2, 3, 9, 8), without: disabled)
            }
          }
          continue
        }
        let forms = try compare(network, Shape(2, 3, 9, 8))
        // An upsampling that comes last is done pixel by pixel, that of scores of another size too.
        #expect(forms.count == (["relu", "dropout", "cropped"].contains(name) ? 1 : 2), "\(name)")
      }
    }

    /// A layer that only says how large another is to be is not read, and so not changed either.
    @Test func whatOnlyGivesASizeKeepsItsElementType() throws {
      let network = try network {
        $0.add("features", Convolution(6, kernel: 3, padding: 1))
        $0.add("small", Convolution(4, kernel: 3, stride: 2, makesScores: true))
        $0.add("score", Resize(to: .likeSecondInput), ["small", "features"])
      }
      let forms = try compare(network, Shape(1, 3, 9, 8), listing: .float16)
      #expect(forms == [String](repeating: "convolution.cuda_implicit_gemm", count: 2))
    }

    /// Scores that features are added to, and features that scores are read as.
    @Test func valuesChangeTheirElementTypeWhereTheyMust() throws {
      let network = try network {
        $0.add("features", Convolution(6, kernel: 3, padding: 1))
        $0.add("score1", Convolution(6, kernel: 1, makesScores: true))
        $0.add("both", Sum(), ["features", "score1"])
        $0.add("again", Convolution(7, kernel: 3, padding: 1), ["both"])
        $0.add("crop", Crop(offset: Extent(0, 0)), ["features", "features"])
        $0.add("mixed", Sum(), ["crop", "both"])
        $0.add("score2", Convolution(7, kernel: 1, makesScores: true))
        $0.add("score", Sum(), ["again", "score2"])
      }
      let forms = try compare(network, Shape(1, 3, 6, 7), listing: .float16)
      #expect(forms.contains("element.float32") && forms.contains("element.float16"))
    }

    @Test func anOperationThatDevicesLackIsNamed() throws {
      let network = try network { $0.add("odd", Unknown()) }
      expectError(.unsupported, saying: "layer odd", "unknown", "use the processor") {
        _ = try DevicePlanRun(network, [:], Shape(1, 3, 4, 4))
      }
    }

    private struct Unknown: FCNSwift.Operation {
      static let name = "unknown"
      var reference: ReferenceForm { ReLU().reference }
      func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
    }
  }
}
