import FCNTestSupport
import Testing

@testable import FCNSwift

/// Transposed convolutions of which only a part is made, against the part of the whole.
struct CroppedUpsamplingTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let operation: TransposedConvolution
    let input: Shape
    let offset: Extent
    let height, width: Int
  }

  static let cases: [Case] = [
    Case(
      testDescription: "as FCN-8s", operation: TransposedConvolution(5, kernel: 16, stride: 8),
      input: Shape(2, 5, 9, 11), offset: Extent(31, 29), height: 33, width: 47),
    Case(
      testDescription: "nothing left out",
      operation: TransposedConvolution(3, kernel: 4, stride: 2, padding: 1, bias: false),
      input: Shape(1, 4, 6, 5), offset: Extent(0, 0), height: 12, width: 10),
    Case(
      testDescription: "the last corner",
      operation: TransposedConvolution(3, kernel: 5, stride: 3, padding: 1),
      input: Shape(1, 2, 4, 4), offset: Extent(11, 10), height: 1, width: 2),
    Case(
      testDescription: "a kernel smaller than the stride",
      operation: TransposedConvolution(2, kernel: 2, stride: 3), input: Shape(1, 3, 5, 6),
      offset: Extent(2, 4), height: 9, width: 7),
    Case(
      testDescription: "of channels in blocks",
      operation: TransposedConvolution(30, kernel: 3, stride: 2),
      input: Shape(2, 17, 9, 7), offset: Extent(1, 2), height: 15, width: 11),
    Case(
      testDescription: "of whole blocks, in different steps",
      operation: TransposedConvolution(
        64, kernel: Extent(5, 2), stride: Extent(3, 2), padding: Extent(1, 0), bias: false),
      input: Shape(1, 33, 21, 40), offset: Extent(0, 1), height: 60, width: 79),
    Case(
      testDescription: "of blocks and a kernel smaller than the stride",
      operation: TransposedConvolution(16, kernel: 2, stride: 3), input: Shape(1, 16, 5, 6),
      offset: Extent(2, 4), height: 9, width: 7),
    Case(
      testDescription: "by channels",
      operation: TransposedConvolution(6, kernel: 8, stride: 4, padding: 2, groups: 6, bias: false),
      input: Shape(2, 6, 7, 5), offset: Extent(9, 3), height: 11, width: 13),
  ]

  @Test(arguments: cases)
  func thePartIsThatOfTheWhole(_ layer: Case) throws {
    let parameters = try LayerCase("", layer.operation, layer.input).makeParameters()
    let input = try Tensor.random(layer.input, seed: 3)
    let whole = try layer.operation.outputShape(of: [layer.input])
    let kept = Shape(whole.n, whole.c, layer.height, layer.width)
    let reference = layer.operation.forms[layer.operation.forms.count - 1]
    let expected = try #require(
      try LayerRun(layer.operation, reference, inputs: [input], parameters: parameters)
    ).forward()
    var served = 0
    for form in layer.operation.forms {
      for loops in Loops.available {
        let request = FormRequest(
          inputs: [layer.input], output: whole,
          epilogue: Epilogue(cropped: .init(offset: layer.offset, shape: kept)), loops: loops)
        guard let kernel = form.make(request) else { continue }
        served += 1
        let output = try GuardedTensor(kept, form.layouts.makes)
        let workers = try Workers(pool: WorkerPool(threads: 2), forms: [kernel])
        kernel.forward(
          ForwardCall(
            inputs: [try input.laidOut(form.layouts.takes)], output: output.tensor,
            parameters: parameters,
            packed: kernel.packing == nil ? nil : try kernel.pack(parameters, workers.pool),
            workers: workers))
        #expect(output.isIntact)
        let made = try output.tensor.laidOut(.planar)
        for n in 0..<kept.n {
          for c in 0..<kept.c {
            for y in 0..<kept.h {
              for x in 0..<kept.w {
                let wanted = expected[n, c, y + layer.offset.h, x + layer.offset.w]
                #expect(
                  abs(made[n, c, y, x] - wanted) < 1e-4,
                  "\(form.name), \(n) \(c) \(y) \(x)")
              }
            }
          }
        }
      }
    }
    #expect(served >= Loops.available.count)
  }

  @Test func publishedNetworksCropWhileTheyUpsample() throws {
    let description = ModelDescription(
      architecture: "fcn8s", options: ArchitectureOptions(classes: 3, width: 0.06),
      classNames: ["a", "b", "c"], palette: (0..<3).map { RGB(UInt8($0 * 60), 0, 0) },
      preprocessing: .torchvision)
    let model = try Model.fresh(description, seed: 2)
    let session = try Session(model: model, options: .init(threads: 1))
    try session.run([try Image(width: 40, height: 30, pixels: [UInt8](repeating: 9, count: 3600))])
    let last = try #require(session.steps.last)
    #expect(last.layers.hasSuffix(" + score") && last.form.hasPrefix("transposed_convolution."))
  }
}
