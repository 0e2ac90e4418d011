/// Transposed convolution by a matrix product that is folded onto the output.
final class TransposedConvolutionGEMM: PreparedTrainingForm {
  /// The convolution it is the transpose of: from our output to our input.
  private let product: GEMMConvolution
  private let hasBias: Bool

  /// nil where a plane or a kernel is more than BLAS counts.
  init?(_ operation: TransposedConvolution, _ input: Shape, _ output: Shape) {
    product = GEMMConvolution(
      input: output, output: input, window: operation.window, groups: operation.groups)
    guard product.isCountable else { return nil }
    hasBias = operation.bias
  }

  var usesMatrixLibrary: Bool { true }
  var workspacePerWorker: Int {
    max(product.workspacePerWorker, product.transposedWorkspace)
  }
  var sharedWorkspace: Int { product.weightGradientWorkspace }

  func forward(_ call: ForwardCall) {
    product.transposed(
      call.input.pointer, weight: call.parameters[0].pointer,
      bias: hasBias ? UnsafePointer(call.parameters[1].pointer) : nil, to: call.output.pointer,
      call.workers)
  }

  func backward(_ call: BackwardCall) {
    let upstream = call.outputGradient
    if let gradient = call.parameterGradients[0] {
      product.weightGradient(
        upstream.pointer, upstream: call.input.pointer, to: gradient.pointer, call.workers)
    }
    if hasBias, let gradient = call.parameterGradients[1] {
      sumPlanes(upstream, to: gradient.pointer, call.workers)
    }
    if let gradient = call.inputGradients[0] {
      product.forward(
        upstream.pointer, weight: call.parameters[0].pointer, bias: nil, to: gradient.pointer,
        call.workers)
    }
  }
}
