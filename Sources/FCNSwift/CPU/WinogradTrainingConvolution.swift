import FCNLoopTypes

/// 3×3 convolution with all its gradients by Winograd's algorithms, of values in channel blocks, and of
/// planar inputs of few channels. Where a value is planar besides, a few pictures at a time are laid out
/// anew, so that what is in work stays small.
final class WinogradTrainingConvolution: PreparedTrainingForm {
  private let input: Shape
  private let output: Shape
  private let takes: Layout
  private let makes: Layout
  private let hasBias: Bool
  private let rectifies: Bool
  private let ahead: BlockedConvolution
  /// The convolution that makes the input's gradient of the output's, with the kernel turned by 180°
  /// and its channels changed over.
  private let back: BlockedConvolution
  private let weightGradient: any WeightGradient
  private let channelSums: ChannelSums
  /// As many pictures as work together.
  private let group: (input: Shape, output: Shape)
  /// Whether forward and weights' gradient read the input planar.
  private let unfolds: Bool

  init?(_ operation: Convolution, _ request: FormRequest, takes: Layout, makes: Layout) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    let padding = Extent(window.span.h - 1 - window.padding.h, window.span.w - 1 - window.padding.w)
    unfolds =
      takes == .planar && makes == .blocked
      && ConvolutionAlgorithm.planar.serves(window, input.c, request.epilogue)
    rectifies = request.epilogue == Epilogue(activation: .relu)
    guard operation.groups == 1, window.kernel == 3, window.stride == 1, output.c >= 8,
      padding.h >= 0, padding.w >= 0, unfolds || input.c >= 8,
      request.epilogue == Epilogue() || rectifies && makes == .blocked
    else { return nil }
    let count = Self.picturesAtATime(input, output)
    group = (
      Shape(count, input.c, input.h, input.w), Shape(count, output.c, output.h, output.w)
    )
    let turned = Convolution(
      input.c, kernel: window.kernel, padding: padding, dilation: window.dilation, bias: false)
    guard
      let ahead = BlockedConvolution.trained(
        operation, unfolds: unfolds,
        FormRequest(
          inputs: [group.input], output: group.output, epilogue: request.epilogue,
          loops: request.loops, allowsBFloats: request.allowsBFloats)),
      let back = BlockedConvolution.trained(
        turned, unfolds: false,
        FormRequest(
          inputs: [group.output], output: group.input, loops: request.loops,
          allowsBFloats: request.allowsBFloats))
    else { return nil }
    (self.input, self.output, self.takes, self.makes) = (input, output, takes, makes)
    (self.ahead, self.back) = (ahead, back)
    hasBias = operation.bias
    // Groups of pictures of values in blocks are parts of these; others are laid out by themselves.
    let pictures = (
      input: takes == .blocked ? input.n : count, output: makes == .blocked ? input.n : count
    )
    (ahead.job.pointee.inputPictures, ahead.job.pointee.outputPictures) = pictures
    (back.job.pointee.inputPictures, back.job.pointee.outputPictures) = (
      pictures.output, pictures.input
    )
    weightGradient =
      unfolds
      ? UnfoldedWeightGradient(window, group.input, group.output, of: input.n, request.loops)
      : WinogradWeightGradient(
        window, group.input, group.output, of: pictures, request.loops,
        rounds: request.allowsBFloats)
    channelSums = ChannelSums(shape: output)
  }

  /// The most pictures, dividing their number, whose values take no more than 32 MB.
  private static func picturesAtATime(_ input: Shape, _ output: Shape) -> Int {
    let each = Layout.blocked.count(input) / input.n + Layout.blocked.count(output) / output.n
    let fitting = max(1, (8 << 20) / each)
    return (1...input.n).last { input.n % $0 == 0 && $0 <= fitting } ?? 1
  }

  // MARK: Scratch memory

  var workspacePerWorker: Int {
    max(ahead.workspacePerWorker, back.workspacePerWorker, weightGradient.workspacePerWorker)
  }

  /// Planar values and their gradients in blocks; packed weights; turned weights; sums of channels; what the
  /// parts want.
  var sharedWorkspace: Int {
    places.rest
      + max(
        ahead.sharedWorkspace, weightGradient.sharedWorkspace,
        weightGradient.sumCount + back.sharedWorkspace)
  }

  /// Where things begin in shared scratch memory.
  private var places: (input: Int, output: Int, packed: Int, turned: Int, sums: Int, rest: Int) {
    let output = takes == .planar ? Layout.blocked.count(group.input) : 0
    let packed = output + (makes == .planar ? Layout.blocked.count(group.output) : 0)
    let turned =
      packed + roundUp(max(ahead.packedCount, back.packedCount), toMultipleOf: channelBlock)
    let sums = turned + roundUp(input.c * self.output.c * 9, toMultipleOf: channelBlock)
    return (0, output, packed, turned, sums, sums + channelSums.partCount)
  }

  // MARK: Passes

  /// Where picture `n` begins.
  private func start(_ tensor: Tensor, _ n: Int) -> UnsafeMutablePointer<Float> {
    tensor.layout == .planar
      ? tensor.plane(n, 0) : tensor.pointer + n * tensor.shape.planeCount * channelBlock
  }

  /// The group that begins with picture `n`, in blocks: where it lies, or laid out anew at `scratch`.
  private func blocked(
    _ tensor: Tensor, _ n: Int, _ group: Shape, _ scratch: UnsafeMutablePointer<Float>,
    _ workers: Workers
  ) -> UnsafeMutablePointer<Float> {
    guard tensor.layout == .planar else { return start(tensor, n) }
    changeLayout(tensor.plane(n, 0), group, to: .blocked, scratch, workers)
    return scratch
  }

  func forward(_ call: ForwardCall) {
    let (shared, places) = (call.workers.shared, places)
    let rest = call.workers.withoutShared(places.rest)
    ahead.pack(
      weight: call.parameters[0].pointer, bias: hasBias ? call.parameters[1].pointer : nil,
      to: shared + places.packed, call.workers.pool)
    for n in stride(from: 0, to: input.n, by: group.input.n) {
      let source =
        unfolds
        ? start(call.input, n)
        : blocked(call.input, n, group.input, shared + places.input, rest)
      let target = makes == .blocked ? start(call.output, n) : shared + places.output
      ahead.compute(source, residual: nil, packed: shared + places.packed, to: target, rest)
      if makes == .planar {
        changeLayout(target, group.output, to: .planar, call.output.plane(n, 0), rest)
      }
    }
  }

  func backward(_ call: BackwardCall) {
    let (shared, places) = (call.workers.shared, places)
    let rest = call.workers.withoutShared(places.rest)
    let biasGradient = hasBias ? call.parameterGradients[1] : nil
    if call.inputGradients[0] != nil {
      turnKernels(
        call.parameters[0].pointer, Shape(output.c, input.c, 3, 3), to: shared + places.turned,
        rest)
      back.pack(
        weight: shared + places.turned, bias: nil, to: shared + places.packed, call.workers.pool)
    }
    if makes == .planar, let biasGradient {
      sumPlanes(call.outputGradient, to: biasGradient.pointer, rest)
    }
    for n in stride(from: 0, to: input.n, by: group.input.n) {
      if makes == .blocked, rectifies || biasGradient != nil {
        channelSums.add(
          call.outputGradient.pointer,
          rectified: rectifies ? UnsafePointer(call.output.pointer) : nil, n..<n + group.input.n,
          to: shared + places.sums, rest)
      }
      let upstream = blocked(call.outputGradient, n, group.output, shared + places.output, rest)
      if call.parameterGradients[0] != nil {
        let values =
          unfolds
          ? start(call.input, n)
          : blocked(call.input, n, group.input, shared + places.input, rest)
        weightGradient.add(values, upstream, first: n, rest)
      }
      if let gradient = call.inputGradients[0] {
        let target = takes == .blocked ? start(gradient, n) : shared + places.input
        back.compute(
          upstream, residual: nil, packed: shared + places.packed, to: target,
          rest.withoutShared(weightGradient.sumCount))
        if takes == .planar {
          changeLayout(target, group.input, to: .planar, gradient.plane(n, 0), rest)
        }
      }
    }
    if let gradient = call.parameterGradients[0] {
      weightGradient.finish(to: gradient.pointer, rest)
    }
    if makes == .blocked, let biasGradient {
      for channel in 0..<output.c {
        biasGradient.pointer[channel] = Float(channelSums.total(shared + places.sums, channel))
      }
    }
  }
}

extension BlockedConvolution {
  /// A pass of a convolution that is trained: by unfolding, by floats of 16 bits where these are allowed, of
  /// whole blocks of channels, or in the way that costs least. F(6×6, 3×3) makes twice as much of a rounding
  /// to 16 bits as F(4×4, 3×3).
  fileprivate static func trained(
    _ operation: Convolution, unfolds: Bool, _ request: FormRequest
  ) -> BlockedConvolution? {
    if unfolds { return BlockedConvolution(operation, request, .planar) }
    if request.allowsBFloats,
      let rounding = BlockedConvolution(operation, request, .winograd4, .bfloat16)
    {
      return rounding
    }
    return [ConvolutionAlgorithm.winograd4, .winograd6]
      .compactMap { BlockedConvolution(operation, request, $0) }
      .min { ($0.cost ?? 0) < ($1.cost ?? 0) }
  }
}
