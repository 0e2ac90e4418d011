/// Convolution by matrix products over unfolded input.
final class ConvolutionGEMM: PreparedTrainingForm {
  private let product: GEMMConvolution
  private let hasBias: Bool
  /// The convolution that makes the input's gradient of the output's, with the kernel turned by 180°
  /// and its channels changed over: cheaper than folding where the stride is 1.
  private let mirrored: GEMMConvolution?

  /// nil where a plane or a kernel is more than BLAS counts.
  init?(_ operation: Convolution, _ input: Shape, _ output: Shape) {
    let window = operation.window
    product = GEMMConvolution(
      input: input, output: output, window: window, groups: operation.groups)
    guard product.isCountable else { return nil }
    hasBias = operation.bias
    let padding = Extent(window.span.h - 1 - window.padding.h, window.span.w - 1 - window.padding.w)
    if window.stride == 1, operation.groups == 1, padding.h >= 0, padding.w >= 0 {
      var turned = window
      turned.padding = padding
      mirrored = GEMMConvolution(input: output, output: input, window: turned, groups: 1)
    } else {
      mirrored = nil
    }
  }

  var usesMatrixLibrary: Bool { true }
  var workspacePerWorker: Int {
    max(
      product.workspacePerWorker,
      mirrored?.workspacePerWorker ?? product.transposedWorkspace)
  }
  var sharedWorkspace: Int {
    max(product.weightGradientWorkspace, mirrored == nil ? 0 : product.output.c * product.depth)
  }

  func forward(_ call: ForwardCall) {
    product.forward(
      call.input.pointer, weight: call.parameters[0].pointer,
      bias: hasBias ? UnsafePointer(call.parameters[1].pointer) : nil, to: call.output.pointer,
      call.workers)
  }

  func backward(_ call: BackwardCall) {
    let upstream = call.outputGradient
    if let gradient = call.parameterGradients[0] {
      product.weightGradient(
        call.input.pointer, upstream: upstream.pointer, to: gradient.pointer, call.workers)
    }
    if hasBias, let gradient = call.parameterGradients[1] {
      sumPlanes(upstream, to: gradient.pointer, call.workers)
    }
    guard let gradient = call.inputGradients[0] else { return }
    let weight = call.parameters[0].pointer
    if let mirrored {
      turnKernels(
        weight, Shape(product.output.c, product.input.c, 1, product.taps), to: call.workers.shared,
        call.workers)
      mirrored.forward(
        upstream.pointer, weight: call.workers.shared, bias: nil, to: gradient.pointer,
        call.workers)
    } else {
      product.transposed(
        upstream.pointer, weight: weight, bias: nil, to: gradient.pointer, call.workers)
    }
  }
}
