import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

/// Fast forms on shapes large enough to be divided into tiles, blocks and sets, against the
/// reference form; and every form with one thread against three.
struct FormAgreementTests {
  static let cases: [LayerCase] = [
    // Blocks of input and output channels; two tiles.
    LayerCase(
      "deep convolution", Convolution(130, kernel: 3, padding: 1), Shape(1, 135, 15, 15)),
    // Larger tiles for the gradient by the weights.
    LayerCase(
      "convolution of large planes", Convolution(24, kernel: 3, padding: 1), Shape(3, 20, 59, 62)),
    // Two parts of a plane's sums.
    LayerCase(
      "convolution of three channels", Convolution(20, kernel: 3, padding: 1),
      Shape(3, 3, 71, 67)),
    LayerCase(
      "dilated convolution of three channels",
      Convolution(33, kernel: 3, padding: 2, dilation: 2, bias: false), Shape(2, 3, 19, 21)),
    LayerCase(
      "convolution of pixels", Convolution(128, kernel: 1), Shape(2, 112, 9, 11)),
    LayerCase("max pool 3×3", MaxPool(kernel: 3, stride: 2, padding: 1), Shape(2, 21, 17, 23)),
    LayerCase("max pool of whole windows", MaxPool(kernel: 2, stride: 2), Shape(2, 21, 16, 26)),
    LayerCase(
      "concatenation of blocks", Concatenation(), Shape(2, 16, 9, 7), Shape(2, 21, 9, 7)),
    LayerCase(
      "concatenation of channels that fill no blocks", Concatenation(), Shape(2, 12, 9, 7),
      Shape(2, 40, 9, 7), Shape(2, 3, 9, 7), Shape(2, 21, 9, 7)),
    LayerCase(
      "concatenation of single channels", Concatenation(), Shape(1, 1, 5, 6), Shape(1, 1, 5, 6),
      Shape(1, 14, 5, 6), Shape(1, 17, 5, 6)),
    LayerCase(
      "transposed convolution of whole blocks", TransposedConvolution(32, kernel: 2, stride: 2),
      Shape(2, 48, 13, 17)),
    // Tiles that end within a row; as many picture sets as pictures.
    LayerCase(
      "wide convolution", Convolution(5, kernel: 3, padding: 1), Shape(3, 3, 53, 59)),
    LayerCase("many pictures", Convolution(4, kernel: 3), Shape(11, 3, 7, 6)),
    LayerCase("many wide pictures", Convolution(2, kernel: 3), Shape(9, 2, 67, 71)),
    LayerCase("wide 1×1 convolution", Convolution(7, kernel: 1), Shape(2, 9, 47, 61)),
    LayerCase(
      "strided convolution", Convolution(6, kernel: 7, stride: 2, padding: 3),
      Shape(2, 3, 101, 97)),
    LayerCase(
      "strided deep convolution", Convolution(16, kernel: 3, stride: 2, padding: 1),
      Shape(1, 200, 12, 13)),
    LayerCase(
      "grouped convolution", Convolution(12, kernel: 3, padding: 1, groups: 3),
      Shape(2, 6, 53, 47)),
    LayerCase(
      "dilated convolution", Convolution(5, kernel: 3, padding: 4, dilation: 4),
      Shape(1, 4, 55, 51)),
    LayerCase(
      "widely dilated convolution", Convolution(33, kernel: 3, padding: 9, dilation: 9),
      Shape(2, 20, 26, 15)),
    LayerCase(
      "transposed convolution of a stride twice its kernel",
      TransposedConvolution(5, kernel: 2, stride: 4),
      Shape(2, 17, 5, 6)),
    LayerCase(
      "transposed convolution of a stride beyond that",
      TransposedConvolution(32, kernel: 2, stride: 5),
      Shape(2, 16, 5, 6)),
    LayerCase(
      "wide transposed convolution", TransposedConvolution(4, kernel: 4, stride: 2, padding: 1),
      Shape(2, 3, 49, 53)),
    LayerCase(
      "transposed convolution of 11 classes",
      TransposedConvolution(11, kernel: 8, stride: 4, padding: 2), Shape(1, 11, 7, 9)),
    LayerCase(
      "transposed convolution of 21 classes",
      TransposedConvolution(21, kernel: 4, stride: 2, padding: 1), Shape(3, 21, 6, 5)),
    LayerCase(
      "deep transposed convolution", TransposedConvolution(70, kernel: 4, stride: 2),
      Shape(1, 130, 3, 4)),
    LayerCase(
      "transposed convolution per channel",
      TransposedConvolution(21, kernel: 16, stride: 8, padding: 4, groups: 21),
      Shape(2, 21, 7, 6)),
    LayerCase("max pool", MaxPool(kernel: 2, stride: 2), Shape(3, 5, 47, 53)),
    LayerCase(
      "max pool indices", MaxPoolIndices(kernel: 2, stride: 2), Shape(3, 37, 12, 26)),
    LayerCase(
      "max unpool", MaxUnpool(kernel: Extent(2, 3), stride: Extent(2, 3)), Shape(3, 37, 12, 13),
      Shape(3, 37, 12, 13), values: .places(6)),
    LayerCase("relu", ReLU(), Shape(2, 5, 97, 101)),
    LayerCase("silu", SiLU(), Shape(2, 5, 7, 11)),
    LayerCase("batch norm in training", BatchNorm(), Shape(3, 5, 67, 71), training: true),
    LayerCase("softmax", Softmax(), Shape(2, 21, 23, 29)),
    LayerCase("softmax in groups", Softmax(groups: 3), Shape(2, 12, 5, 7)),
    LayerCase(
      "sum", Sum(), Shape(2, 5, 97, 101), Shape(2, 5, 97, 101), Shape(2, 5, 97, 101)),
    LayerCase("crop", Crop(offset: Extent(5, 9)), Shape(2, 5, 43, 47), Shape(2, 1, 23, 31)),
    LayerCase("resize", Resize(to: .exact(Extent(61, 40))), Shape(2, 5, 33, 47)),
    LayerCase("dropout in training", Dropout(rate: 0.5), Shape(2, 5, 97, 101), training: true),
    LayerCase(
      "depthwise convolution", Convolution(37, kernel: 3, padding: 1, groups: 37),
      Shape(2, 37, 23, 31)),
    LayerCase(
      "depthwise convolution 5×5 stride 2",
      Convolution(18, kernel: 5, stride: 2, padding: 2, groups: 18, bias: false),
      Shape(1, 18, 30, 43)),
    LayerCase(
      "depthwise convolution of dilation 6",
      Convolution(16, kernel: 3, padding: 6, dilation: 6, groups: 16), Shape(1, 16, 15, 29)),
    LayerCase(
      "depthwise convolution 5×5 of dilation 2, many columns",
      Convolution(35, kernel: 5, padding: 4, dilation: 2, groups: 35), Shape(2, 35, 12, 33)),
    LayerCase(
      "depthwise convolution that reaches beyond both sides",
      Convolution(20, kernel: Extent(3, 5), padding: Extent(9, 8), dilation: 4, groups: 20),
      Shape(1, 20, 5, 6)),
    LayerCase(
      "depthwise convolution 3×2 stride 1×3 without padding",
      Convolution(17, kernel: Extent(3, 2), stride: Extent(1, 3), groups: 17),
      Shape(1, 17, 9, 40)),
    LayerCase(
      "depthwise convolution 1×3 of dilation 16 without bias",
      Convolution(
        9, kernel: Extent(1, 3), padding: Extent(0, 16), dilation: Extent(1, 16), groups: 9,
        bias: false), Shape(3, 9, 11, 60)),
    LayerCase(
      "depthwise convolution 5×2 stride 3×4",
      Convolution(
        6, kernel: Extent(5, 2), stride: Extent(3, 4), padding: Extent(2, 1),
        dilation: Extent(1, 3), groups: 6), Shape(2, 6, 37, 83)),
    LayerCase(
      "depthwise convolution 3×3 stride 2 of large planes",
      Convolution(3, kernel: 3, stride: 2, padding: 1, groups: 3), Shape(2, 3, 95, 131)),
    LayerCase(
      "depthwise convolution that is strided more than its kernel is wide",
      Convolution(4, kernel: 2, stride: 5, padding: 1, groups: 4), Shape(2, 4, 19, 18)),
    LayerCase(
      "convolution of three channels for each",
      Convolution(15, kernel: 3, padding: 2, dilation: 2, groups: 5), Shape(2, 5, 17, 70)),
    LayerCase(
      "convolution in groups of 4", Convolution(24, kernel: 3, stride: 2, padding: 1, groups: 3),
      Shape(2, 12, 21, 34)),
    LayerCase(
      "convolution in groups of blocks", Convolution(96, kernel: 3, padding: 1, groups: 3),
      Shape(2, 48, 13, 17)),
    LayerCase(
      "convolution in groups that fill blocks together",
      Convolution(40, kernel: 3, padding: 1, groups: 5), Shape(2, 40, 13, 17)),
    LayerCase(
      "local response normalization of three blocks, the last one not full",
      LocalResponseNormalization(size: 5, alpha: 0.5), Shape(2, 37, 13, 17)),
    LayerCase(
      "local response normalization over two blocks and more",
      LocalResponseNormalization(size: 33, alpha: 0.5, beta: 0.6, bias: 2), Shape(2, 50, 9, 7)),
    LayerCase("layer normalization", LayerNormalization(), Shape(2, 37, 13, 17)),
    LayerCase("layer normalization of one channel", LayerNormalization(), Shape(1, 1, 5, 6)),
    LayerCase(
      "group normalization across blocks", GroupNormalization(groups: 3), Shape(2, 60, 13, 17)),
    LayerCase(
      "group normalization within blocks", GroupNormalization(groups: 10), Shape(1, 40, 9, 5)),
    LayerCase(
      "group normalization of all channels, in pieces", GroupNormalization(groups: 1),
      Shape(2, 19, 123, 171)),
    LayerCase("scale", Scale(by: -0.7), Shape(2, 37, 13, 17)),
    LayerCase("difference", Difference(), Shape(2, 37, 13, 17), Shape(2, 37, 13, 17)),
    LayerCase("difference by pixel", Difference(), Shape(2, 37, 13, 17), Shape(2, 1, 13, 17)),
    LayerCase(
      "product by channel", Product(), Shape(2, 37, 13, 17), Shape(2, 37, 1, 1)),
    LayerCase("product by pixel", Product(), Shape(2, 37, 13, 17), Shape(2, 1, 13, 17)),
    LayerCase("product by row", Product(), Shape(2, 37, 13, 17), Shape(2, 37, 13, 1)),
    LayerCase("product", Product(), Shape(2, 37, 13, 17), Shape(2, 37, 13, 17)),
    LayerCase("maximum", Maximum(), Shape(2, 37, 13, 17), Shape(2, 37, 13, 17)),
    LayerCase("maximum by channel", Maximum(), Shape(2, 37, 13, 17), Shape(2, 37, 1, 1)),
    LayerCase("minimum by pixel", Minimum(), Shape(2, 37, 13, 17), Shape(2, 1, 13, 17)),
    LayerCase("minimum by row", Minimum(), Shape(2, 37, 13, 17), Shape(2, 37, 13, 1)),
    LayerCase(
      "average pool",
      AveragePool(kernel: 3, stride: 2, padding: 1, ceilMode: true, countsPadding: false),
      Shape(2, 37, 18, 23)),
    LayerCase("global average pool", GlobalAveragePool(), Shape(2, 37, 43, 47)),
    LayerCase(
      "resize to the nearest",
      Resize(to: .scaled(by: 2), .nearest(.floor), coordinates: .asymmetric),
      Shape(2, 37, 13, 17)),
    LayerCase(
      "pad", Pad(top: 3, left: -2, bottom: 1, right: 5, filling: .reflect), Shape(2, 37, 13, 17)),
    LayerCase("pad with zeros", Pad(top: 3, left: 2, bottom: -1), Shape(2, 37, 13, 17)),
    LayerCase(
      "slice", Slicing(channels: .init(from: 16), rows: .init(from: 2, to: -3)),
      Shape(2, 37, 13, 17)),
    LayerCase(
      "slice of a block", Slicing(channels: .init(from: 32, to: 48), columns: .init(from: 5)),
      Shape(2, 70, 13, 17)),
    LayerCase("affine", Affine(), Shape(2, 37, 13, 17)),
    // Strips of the query's pixels, the last one smaller.
    LayerCase(
      "attention", Attention(factor: 0.3), Shape(2, 9, 19, 21), Shape(2, 9, 17, 29),
      Shape(2, 11, 17, 29)),
    LayerCase(
      "attention over all pairs in 3 heads", Attention(heads: 3, normalization: .pairs),
      Shape(1, 12, 23, 19), Shape(1, 12, 31, 20), Shape(1, 6, 31, 20)),
    LayerCase("prelu", PReLU(), Shape(2, 37, 13, 17)),
    LayerCase("prelu of one slope", PReLU(isShared: true), Shape(2, 37, 13, 17)),
    LayerCase("cubic resize", Resize(to: .exact(Extent(31, 12)), .cubic), Shape(1, 37, 13, 17)),
  ]

  private struct Results {
    var output: Tensor
    var gradients: [Tensor]
    /// Parameters after the forward pass, which changes statistics.
    var parameters: [Tensor]
    var all: [Tensor] { [output] + gradients + parameters }
  }

  private func results(
    _ layer: LayerCase, _ form: Form, threads: Int, loops: LoopTable? = nil
  ) throws -> Results? {
    let parameters = try layer.makeParameters()
    guard
      let run = try LayerRun(
        layer.operation, form, inputs: layer.makeInputs(), parameters: parameters,
        threads: threads, loops: loops)
    else { return nil }
    let output = try run.forward(training: layer.training, seed: 7)
    let gradients =
      run.trains ? try run.backward(.random(run.outputShape, seed: 3), seed: 7).all : []
    return Results(output: output, gradients: gradients, parameters: parameters)
  }

  @Test(arguments: cases)
  func everyFastFormAgreesWithTheReferenceForm(layer: LayerCase) throws {
    let forms = layer.operation.forms
    guard forms.count > 1 else { return }
    let reference = try #require(try results(layer, forms[forms.count - 1], threads: 1))
    for form in forms.dropLast() {
      guard let fast = try results(layer, form, threads: 2) else { continue }
      let expected = form.trains ? reference.all : [reference.output]
      for (index, (actual, expected)) in zip(fast.all, expected).enumerated() {
        // Sums of many terms in another order: errors go with the largest values.
        let scale = expected.elements.map(abs).max() ?? 0
        let tolerance: Float =
          form.name.contains("winograd8") ? 5e-4 : form.name.contains("winograd") ? 1e-4 : 1e-5
        expectClose(
          actual, expected, absolute: scale * tolerance, "\(form.name), tensor \(index)")
      }
    }
  }

  @Test(arguments: cases.filter { $0.testDescription.hasPrefix("depthwise") })
  func depthwiseTrainingIsRightOnEveryInstructionSet(layer: LayerCase) throws {
    let forms = layer.operation.forms
    let form = try #require(forms.first { $0.name == "convolution.depthwise_training" })
    let reference = try #require(try results(layer, forms[forms.count - 1], threads: 1)).all
    for loops in Loops.available {
      let fast = try #require(try results(layer, form, threads: 1, loops: loops)).all
      for (index, (actual, expected)) in zip(fast, reference).enumerated() {
        let scale = expected.elements.map(abs).max() ?? 0
        expectClose(actual, expected, absolute: scale * 1e-5, "\(loops.name), tensor \(index)")
      }
    }
  }

  @Test(arguments: cases)
  func theNumberOfThreadsDoesNotChangeABit(layer: LayerCase) throws {
    // The reference forms of the convolutions know no threads.
    for form in layer.operation.forms where !form.name.hasSuffix(".reference") {
      guard let one = try results(layer, form, threads: 1),
        let three = try results(layer, form, threads: 3)
      else { continue }
      for (index, (a, b)) in zip(one.all, three.all).enumerated() {
        #expect(a.bits == b.bits, "\(form.name), tensor \(index)")
      }
    }
  }
}
