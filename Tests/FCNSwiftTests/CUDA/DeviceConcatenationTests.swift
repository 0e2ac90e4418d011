import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// What is concatenated on a device is made side by side, to the bits that copies have.
  struct DeviceConcatenationTests {
    private let whole = "concatenation.cuda"
    private let part = "concatenation.copy"

    private func network(_ build: (inout NetworkBuilder) -> Void) throws -> Network {
      var builder = NetworkBuilder()
      build(&builder)
      return try Network(inputChannels: 8, stride: 1, layers: builder.layers)
    }

    private func parameters(_ network: Network) throws -> ParameterTable {
      var table = ParameterTable()
      for (index, specification) in network.parameters.enumerated() {
        let tensor = try Tensor.random(
          specification.tensorShape, seed: 6, stream: UInt64(index))
        let fanIn = Float(max(1, specification.tensorShape.pictureCount))
        for i in 0..<tensor.shape.count { tensor.pointer[i] /= fanIn.squareRoot() }
        table[specification.name] = tensor
      }
      return table
    }

    /// Runs `network` on one picture and on three, in every element type, with its concatenations joined
    /// and copied, and expects the same bits; through NVIDIA's libraries where `runtime` has them. Returns
    /// the forms, other than convolutions, of three pictures in float16.
    private func forms(
      _ network: Network, on runtime: CUDARuntime? = nil,
      at location: SourceLocation = #_sourceLocation
    ) throws -> [String] {
      let table = try parameters(network)
      var forms: [String] = []
      for precision in [Precision.float32, .bfloat16, .float16] {
        for pictures in [1, 3] {
          let shape = Shape(pictures, 8, 6, 10)
          func run(without disabledForms: Set<String>) throws -> DevicePlanRun {
            try DevicePlanRun(
              network, table, shape, precision, without: disabledForms, on: runtime)
          }
          let joined = try run(without: [])
          let copied = try run(without: [Joining.name])
          let input = try Tensor.random(shape, seed: 9).rounded(to: precision)
          let scores = try joined.scores(of: input).elements
          #expect(
            try scores == copied.scores(of: input).elements, "\(precision), \(pictures)",
            sourceLocation: location)
          #expect(Set(scores).count > 100, sourceLocation: location)
          #expect(copied.formNames.contains(whole), sourceLocation: location)
          #expect(!copied.formNames.contains(part), sourceLocation: location)
          forms = joined.formNames
        }
      }
      return forms.filter { !$0.hasPrefix("convolution.") }
    }

    /// Two levels: what goes past is made where it is wanted, and so is what comes up.
    private func addNet(_ builder: inout NetworkBuilder) {
      builder.add("down1", Convolution(16, kernel: 3, padding: 1))
      builder.add("relu1", ReLU())
      builder.add("pool1", MaxPool(kernel: 2, stride: 2))
      builder.add("down2", Convolution(24, kernel: 3, padding: 1))
      builder.add("relu2", ReLU())
      builder.add("up", TransposedConvolution(16, kernel: 2, stride: 2))
      builder.add("joined", Concatenation(), ["relu1", "up"])
      builder.add("last", Convolution(8, kernel: 3, padding: 1))
      builder.add("score", Convolution(5, kernel: 1, makesScores: true))
    }

    @Test func whatGoesPastAUNetIsNotCopied() throws {
      let forms = try forms(network { addNet(&$0) })
      #expect(forms == ["max_pool.cuda", "transposed_convolution.cuda"])
    }

    /// Read by others before and after, left out of dropout, added to, a window of it taken.
    @Test func partsMayBeReadByOthers() throws {
      let forms = try forms(
        network {
          $0.add("small", Convolution(8, kernel: 3))
          $0.add("a", Convolution(8, kernel: 3, padding: 1), [Network.inputName])
          $0.add("silu", SiLU(), ["a"])
          $0.add("early", Convolution(16, kernel: 1), ["a"])
          $0.add("dropped", Dropout(rate: 0.5), ["early"])
          $0.add("sum", Sum(), ["silu", "a"])
          $0.add("joined", Concatenation(), ["sum", "dropped", "a"])
          $0.add("inner", Crop(offset: Extent(1, 2)), ["early", "small"])
          $0.add("late", Sum(), ["joined", "joined"])
          $0.add("again", Convolution(16, kernel: 1), ["late"])
          $0.add("residual", Sum(), ["again", "early"])
          $0.add("cut", Convolution(16, kernel: 3, padding: 1), ["inner"])
          $0.add("grown", Resize(to: .likeSecondInput), ["cut", "residual"])
          $0.add("total", Sum(), ["residual", "grown"])
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        })
      #expect(!forms.contains(whole) && !forms.contains(part))
    }

    /// Concatenations of concatenations, the last of channels that fill no group.
    @Test func concatenationsMayBeOfOneAnother() throws {
      let forms = try forms(
        network {
          $0.add("a", Convolution(8, kernel: 3, padding: 1))
          $0.add("b", Convolution(16, kernel: 1), ["a"])
          $0.add("ab", Concatenation(), ["a", "b"])
          $0.add("c", Convolution(8, kernel: 3, padding: 1), ["ab"])
          $0.add("abc", Concatenation(), ["ab", "c"])
          $0.add("d", Convolution(11, kernel: 3, padding: 1), ["abc"])
          $0.add("abcd", Concatenation(), ["abc", "d"])
          $0.add("relu", ReLU())
          $0.add("score", Convolution(5, kernel: 1, makesScores: true), ["relu"])
        })
      #expect(forms == ["relu.cuda"])
    }

    /// What two concatenations want, one of them twice, and the network's input.
    @Test func whatIsWantedTwiceIsCopiedOnce() throws {
      let forms = try forms(
        network {
          $0.add("a", Convolution(8, kernel: 3, padding: 1))
          $0.add("b", Convolution(16, kernel: 3, padding: 1), ["a"])
          $0.add("first", Concatenation(), ["a", "b"])
          $0.add("c", Convolution(8, kernel: 1), ["first"])
          $0.add("second", Concatenation(), ["c", "a", Network.inputName, "c"])
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        })
      // c, a and the input in the second.
      #expect(forms == [part, part, part])
    }

    @Test func channelsThatFillNoGroupAreCopied() throws {
      let forms = try forms(
        network {
          $0.add("a", Convolution(12, kernel: 3, padding: 1))
          $0.add("b", Convolution(8, kernel: 3, padding: 1), ["a"])
          $0.add("uneven", Concatenation(), ["a", "b"])
          $0.add("c", Convolution(16, kernel: 1), ["uneven"])
          $0.add("even", Concatenation(), ["c", "uneven"])
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        })
      // The copy is made where the next one wants it.
      #expect(forms == [whole])
    }

    /// Scores are float32; what they are concatenated with becomes it on its way.
    @Test func scoresAreConcatenated() throws {
      let forms = try forms(
        network {
          $0.add("a", Convolution(16, kernel: 3, padding: 1))
          $0.add("some", Convolution(8, kernel: 1, makesScores: true), ["a"])
          $0.add("others", Convolution(3, kernel: 3, padding: 1, makesScores: true), ["a"])
          $0.add("score", Concatenation(), ["some", "a", "others"])
        })
      #expect(forms == ["element.float32"])
    }

    /// Parts that are windows where crops are not done with the layer before.
    @Test func aWindowIsCopied() throws {
      let forms = try forms(
        network {
          $0.add("wide", Convolution(8, kernel: 3, padding: 3))
          $0.add("a", Convolution(8, kernel: 3, padding: 1), [Network.inputName])
          $0.add("crop", Crop(offset: Extent(1, 3)), ["wide", "a"])
          $0.add("small", Convolution(16, kernel: 2, stride: 2), [Network.inputName])
          $0.add("up", TransposedConvolution(8, kernel: 4, stride: 2), ["small"])
          $0.add("done", Crop(offset: Extent(1, 1)), ["up", "a"])
          $0.add("joined", Concatenation(), ["a", "crop", "done"])
          $0.add("score", Convolution(5, kernel: 1, makesScores: true))
        })
      #expect(forms == ["transposed_convolution.cuda", part])
    }

    /// cuDNN and cuBLASLt are handed windows, and write them.
    @Test func librariesWorkOnWindows() throws {
      let network = try network {
        $0.add("early", Convolution(16, kernel: 1))
        $0.add("a", Convolution(8, kernel: 1), [Network.inputName])
        $0.add("b", Convolution(16, kernel: 1), ["a"])
        $0.add("sum", Sum(), ["b", "early"])
        $0.add("ab", Concatenation(), ["a", "sum"])
        $0.add("c", Convolution(16, kernel: 3, padding: 1), ["a"])
        $0.add("abc", Concatenation(), ["ab", "c"])
        $0.add("score", Convolution(5, kernel: 1, makesScores: true))
      }
      let (cudnn, cublasLt) = (FakeLibraries.Library.cudnn, FakeLibraries.Library.cublasLt)
      let before = try (
        cudnn.count("cudnnBackendExecute"), cublasLt.count("cublasLtMatmul")
      )
      #expect(try forms(network, on: FakeLibraries.makeRuntime()) == [])
      #expect(try cudnn.count("cudnnBackendExecute") > before.0)
      #expect(try cublasLt.count("cublasLtMatmul") > before.1)
    }

    /// Of a part only its own channels are looked at.
    @Test func theFirstThatIsNotFiniteIsFoundInItsPart() throws {
      let network = try network { addNet(&$0) }
      let table = try parameters(network)
      let input = try Tensor.random(Shape(2, 8, 6, 10), seed: 9)
      let run = try DevicePlanRun(network, table, input.shape)
      _ = try run.scores(of: input)
      #expect(try run.firstNotFinite(input) == nil)
      // Overflows where what comes up is made, not beside it.
      let bias = try #require(table["up.bias"])
      bias.pointer[3] = .greatestFiniteMagnitude
      let weight = try #require(table["up.weight"])
      for i in 0..<weight.shape.count { weight.pointer[i] = 1e38 }
      let overflowing = try DevicePlanRun(network, table, input.shape)
      #expect(try overflowing.firstNotFinite(input) == "layer up")
    }
  }
}
