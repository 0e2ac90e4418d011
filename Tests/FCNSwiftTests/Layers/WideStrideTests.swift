import FCNLoopTypes
import Testing

@testable import FCNSwift

/// Transposed convolutions whose stride is far beyond their kernel, so that most of their output is the bias.
struct WideStrideTests {
  /// By phases, sixteen taps became stride² kernels: of a network of 831 bytes 3 GB.
  @Test(arguments: [(8, 8), (9, 4), (4, 9), (4096, 4096)])
  func whatIsPackedIsNoLargerThanTheKernelByFar(height: Int, width: Int) throws {
    let operation = TransposedConvolution(32, kernel: 4, stride: Extent(height, width))
    let input = Shape(1, 16, 1, 1)
    let request = FormRequest(
      inputs: [input], output: try operation.outputShape(of: [input]), loops: Loops.portable)
    let served = operation.forms.compactMap { form in form.make(request).map { (form.name, $0) } }
    #expect(!served.isEmpty)
    for (name, form) in served {
      #expect(form.packedCount <= 8 * (32 + 16 * 32 * 4 * 4), "\(name)")
    }
    #expect(
      served.contains { $0.0 == "transposed_convolution.phases" } == (height == width && width == 8)
    )
  }
}
