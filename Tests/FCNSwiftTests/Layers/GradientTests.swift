import FCNTestSupport
import Testing

@testable import FCNSwift

/// The gradients of every form of every operation against finite differences of its own forward.
struct GradientTests {
  static let cases = firstCases + furtherCases

  private static let firstCases: [LayerCase] = [
    LayerCase("convolution 1×1", Convolution(3, kernel: 1), Shape(2, 4, 3, 5)),
    LayerCase("convolution 3×3 pad 1", Convolution(3, kernel: 3, padding: 1), Shape(2, 2, 5, 4)),
    LayerCase(
      "convolution 3×3 stride 2 pad 1 without bias",
      Convolution(3, kernel: 3, stride: 2, padding: 1, bias: false), Shape(2, 2, 6, 5)),
    LayerCase(
      "convolution 3×2 dilation 2×1 in 2 groups",
      Convolution(
        4, kernel: Extent(3, 2), stride: Extent(1, 2), padding: Extent(2, 0),
        dilation: Extent(2, 1), groups: 2), Shape(1, 4, 5, 6)),
    LayerCase(
      "convolution 3×3 of 9 channels", Convolution(8, kernel: 3, padding: 1), Shape(2, 9, 5, 4)),
    LayerCase(
      "convolution 3×3 of 3 channels", Convolution(8, kernel: 3, padding: 1), Shape(2, 3, 5, 4)),
    LayerCase("convolution 3×3 pad 4", Convolution(2, kernel: 3, padding: 4), Shape(1, 2, 2, 3)),
    LayerCase(
      "transposed convolution 4/2/1", TransposedConvolution(2, kernel: 4, stride: 2, padding: 1),
      Shape(2, 3, 3, 2)),
    LayerCase(
      "transposed convolution 4/2/0 per channel",
      TransposedConvolution(3, kernel: 4, stride: 2, groups: 3, bias: false), Shape(1, 3, 2, 3)),
    LayerCase(
      "transposed convolution 8/4/2", TransposedConvolution(2, kernel: 8, stride: 4, padding: 2),
      Shape(1, 2, 2, 3)),
    LayerCase(
      "transposed convolution 3×2/2×3/1×0 in 2 groups",
      TransposedConvolution(
        4, kernel: Extent(3, 2), stride: Extent(2, 3), padding: Extent(1, 0), groups: 2),
      Shape(2, 2, 3, 2)),
    LayerCase("relu", ReLU(), Shape(2, 3, 3, 4), values: .awayFromZero),
    LayerCase("leaky relu", LeakyReLU(slope: 0.2), Shape(1, 3, 3, 4), values: .awayFromZero),
    LayerCase(
      "leaky relu that falls", LeakyReLU(slope: -0.2), Shape(1, 3, 3, 4), values: .awayFromZero),
    LayerCase("sigmoid", Sigmoid(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase("silu", SiLU(), Shape(1, 3, 3, 4), isLinear: false),
    LayerCase(
      "max pool 2×2", MaxPool(kernel: 2, stride: 2), Shape(2, 2, 5, 4), values: .apart),
    LayerCase(
      "max pool 2×2 in ceil mode", MaxPool(kernel: 2, stride: 2, ceilMode: true),
      Shape(1, 2, 5, 7), values: .apart),
    LayerCase(
      "max pool 3×3 stride 2 pad 1", MaxPool(kernel: 3, stride: 2, padding: 1),
      Shape(1, 2, 6, 5), values: .apart),
    LayerCase(
      "batch norm", BatchNorm(), Shape(3, 2, 3, 4), training: true, isLinear: false),
    LayerCase(
      "batch norm of one picture", BatchNorm(epsilon: 0.1), Shape(1, 3, 2, 4), training: true,
      isLinear: false),
    LayerCase(
      "batch norm of one value a channel", BatchNorm(epsilon: 0.1), Shape(1, 5, 1, 1),
      training: true),
    LayerCase("softmax", Softmax(), Shape(2, 4, 2, 3), isLinear: false),
    LayerCase("softmax in groups", Softmax(groups: 2), Shape(2, 6, 2, 3), isLinear: false),
    LayerCase("sum", Sum(), Shape(1, 2, 3, 4), Shape(1, 2, 3, 4), Shape(1, 2, 3, 4)),
    LayerCase(
      "concatenation", Concatenation(), Shape(2, 2, 3, 4), Shape(2, 3, 3, 4), Shape(2, 1, 3, 4)),
    LayerCase(
      "concatenation of blocks", Concatenation(), Shape(2, 16, 1, 2), Shape(2, 3, 1, 2)),
    LayerCase("crop", Crop(offset: Extent(1, 2)), Shape(2, 2, 5, 6), Shape(2, 1, 3, 3)),
    LayerCase("resize up", Resize(to: .exact(Extent(5, 7))), Shape(1, 2, 3, 4)),
    LayerCase("resize down", Resize(to: .exact(Extent(2, 3))), Shape(2, 1, 5, 7)),
    LayerCase(
      "resize like another", Resize(to: .likeSecondInput), Shape(1, 2, 3, 4), Shape(1, 1, 4, 2)),
    LayerCase("scale", Scale(by: -0.75), Shape(2, 2, 3, 4)),
    LayerCase(
      "local response normalization",
      LocalResponseNormalization(size: 3, alpha: 0.9, beta: 0.75, bias: 2), Shape(2, 5, 2, 3),
      isLinear: false),
    LayerCase(
      "local response normalization over more channels than there are",
      LocalResponseNormalization(size: 7, alpha: 1.5, beta: 0.5), Shape(1, 3, 3, 2),
      isLinear: false),
    LayerCase("dropout", Dropout(rate: 0.4), Shape(2, 3, 4, 5), training: true),
  ]

  @Test(arguments: cases)
  func everyFormHasTheGradientsOfFiniteDifferences(layer: LayerCase) throws {
    for form in layer.operation.forms where form.trains {
      let (inputs, parameters) = (try layer.makeInputs(), try layer.makeParameters())
      guard let run = try LayerRun(layer.operation, form, inputs: inputs, parameters: parameters)
      else { continue }
      let statistics = try parameters.map { try $0.copy() }
      let upstream = try Tensor.random(run.outputShape, seed: 3)
      _ = try run.forward(training: layer.training, seed: 7)
      let gradients = try run.backward(upstream, seed: 7)

      for (index, tensor) in (inputs + parameters.prefix(run.learnedCount)).enumerated() {
        let differences = try finiteDifferences(of: tensor, step: layer.isLinear ? 0.1 : 0.03) {
          for (parameter, before) in zip(parameters, statistics).dropFirst(run.learnedCount) {
            parameter.pointer.update(from: before.pointer, count: before.shape.count)
          }
          let output = try run.forward(training: layer.training, seed: 7)
          return zip(output.elements, upstream.elements).reduce(0) {
            $0 + Double($1.0) * Double($1.1)
          }
        }
        let scale = max(differences.map(abs).max() ?? 0, 0.01)
        expectClose(
          gradients.all[index].elements, differences, absolute: scale * 1e-4,
          shape: tensor.shape, "\(form.name), gradient by tensor \(index)")
      }
    }
  }

  @Test(arguments: cases)
  func aGradientIsTheSameWhenNoOtherIsWanted(layer: LayerCase) throws {
    for form in layer.operation.forms where form.trains {
      guard
        let run = try LayerRun(
          layer.operation, form, inputs: layer.makeInputs(), parameters: layer.makeParameters())
      else { continue }
      let upstream = try Tensor.random(run.outputShape, seed: 3)
      _ = try run.forward(training: layer.training, seed: 7)
      for (index, gradient) in try run.backward(upstream, seed: 7).all.enumerated() {
        let alone = try #require(try run.backward(upstream, wanting: index, seed: 7))
        #expect(alone.bits == gradient.bits, "\(form.name), gradient by tensor \(index)")
      }
    }
  }

  @Test(arguments: cases)
  func whatMayRunInPlaceDoes(layer: LayerCase) throws {
    guard layer.operation.mayRunInPlace else { return }
    for form in layer.operation.forms where form.trains {
      guard
        let run = try LayerRun(
          layer.operation, form, inputs: layer.makeInputs(), parameters: layer.makeParameters())
      else { continue }
      let upstream = try Tensor.random(run.outputShape, seed: 3)
      let output = try run.forward(training: layer.training, seed: 7)
      let gradient = try run.backward(upstream, seed: 7).inputs[0]
      let inPlace = try run.inPlace(upstream, training: layer.training, seed: 7)
      #expect(inPlace.output.bits == output.bits, "\(form.name)")
      #expect(inPlace.gradient.bits == gradient.bits, "\(form.name)")
    }
  }

  @Test func theCasesReachEveryForm() throws {
    var wanted: Set<String> = []
    var reached: Set<String> = []
    for layer in Self.cases {
      let output = try layer.operation.outputShape(of: layer.inputs)
      for form in layer.operation.forms where form.trains {
        wanted.insert(form.name)
        let request = FormRequest(inputs: layer.inputs, output: output, loops: Loops.portable)
        if form.make(request) != nil { reached.insert(form.name) }
      }
    }
    #expect(reached == wanted)
    #expect(Set(wanted.map { $0.prefix(while: { $0 != "." }) }).count == 56)
  }
}
