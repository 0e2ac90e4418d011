import FCNLoopTypes

/// 3×3 convolution of planar tensors with all its gradients by Winograd's algorithms: a few pictures
/// at a time are laid out in channel blocks, so that what is in work stays small.
final class WinogradTrainingConvolution: PreparedTrainingForm {
  private let input: Shape
  private let output: Shape
  private let hasBias: Bool
  private let ahead: BlockedConvolution
  /// The convolution that makes the input's gradient of the output's, with the kernel turned by 180°
  /// and its channels changed over.
  private let back: BlockedConvolution
  private let weightGradient: WinogradWeightGradient
  /// As many pictures as work together.
  private let group: (input: Shape, output: Shape)

  init?(_ operation: Convolution, _ request: FormRequest) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    guard operation.groups == 1, window.kernel == 3, window.stride == 1, input.c >= 8,
      output.c >= 8, request.epilogue == Epilogue()
    else { return nil }
    let padding = Extent(window.span.h - 1 - window.padding.h, window.span.w - 1 - window.padding.w)
    guard padding.h >= 0, padding.w >= 0 else { return nil }
    let count = Self.picturesAtATime(input, output)
    group = (
      Shape(count, input.c, input.h, input.w), Shape(count, output.c, output.h, output.w)
    )
    let turned = Convolution(
      input.c, kernel: window.kernel, padding: padding, dilation: window.dilation, bias: false)
    guard
      let ahead = BlockedConvolution.cheapest(operation, group.input, group.output, request.loops),
      let back = BlockedConvolution.cheapest(turned, group.output, group.input, request.loops)
    else { return nil }
    self.input = input
    self.output = output
    self.ahead = ahead
    self.back = back
    hasBias = operation.bias
    weightGradient = WinogradWeightGradient(window, group.input, group.output, request.loops)
  }

  /// The most pictures, dividing their number, whose values take no more than 32 MB.
  private static func picturesAtATime(_ input: Shape, _ output: Shape) -> Int {
    let each = Layout.blocked.count(input) / input.n + Layout.blocked.count(output) / output.n
    let fitting = max(1, (8 << 20) / each)
    return (1...input.n).last { input.n % $0 == 0 && $0 <= fitting } ?? 1
  }

  var workspacePerWorker: Int {
    max(ahead.workspacePerWorker, back.workspacePerWorker, weightGradient.workspacePerWorker)
  }

  /// Values and gradients in blocks; packed weights; turned weights; what the parts want.
  var sharedWorkspace: Int {
    blockedCount + kernelRoom + turnedCount
      + max(
        ahead.sharedWorkspace, weightGradient.sharedWorkspace,
        weightGradient.sumCount + back.sharedWorkspace)
  }
  private var blockedCount: Int {
    Layout.blocked.count(group.input) + Layout.blocked.count(group.output)
  }
  private var kernelRoom: Int {
    roundUp(max(ahead.packedCount, back.packedCount), toMultipleOf: 16)
  }

  private var turnedCount: Int { roundUp(input.c * output.c * 9, toMultipleOf: 16) }

  func forward(_ call: ForwardCall) {
    let blockedInput = call.workers.shared
    let blockedOutput = blockedInput + Layout.blocked.count(group.input)
    let packed = blockedInput + blockedCount
    let rest = call.workers.withoutShared(blockedCount + kernelRoom)
    ahead.pack(
      weight: call.parameters[0].pointer, bias: hasBias ? call.parameters[1].pointer : nil,
      to: packed, call.workers.pool)
    for n in stride(from: 0, to: input.n, by: group.input.n) {
      changeLayout(call.input.plane(n, 0), group.input, to: .blocked, blockedInput, rest)
      ahead.compute(blockedInput, residual: nil, packed: packed, to: blockedOutput, rest)
      changeLayout(blockedOutput, group.output, to: .planar, call.output.plane(n, 0), rest)
    }
  }

  func backward(_ call: BackwardCall) {
    let blockedInput = call.workers.shared
    let blockedOutput = blockedInput + Layout.blocked.count(group.input)
    let packed = blockedInput + blockedCount
    let turned = packed + kernelRoom
    let rest = call.workers.withoutShared(blockedCount + kernelRoom + turnedCount)
    let upstream = call.outputGradient
    if hasBias, let gradient = call.parameterGradients[1] {
      sumPlanes(upstream, to: gradient.pointer, rest)
    }
    if call.inputGradients[0] != nil {
      turnKernels(
        call.parameters[0].pointer, Shape(output.c, input.c, 3, 3), to: turned, rest)
      back.pack(weight: turned, bias: nil, to: packed, call.workers.pool)
    }
    for n in stride(from: 0, to: input.n, by: group.input.n) {
      changeLayout(upstream.plane(n, 0), group.output, to: .blocked, blockedOutput, rest)
      if call.parameterGradients[0] != nil {
        changeLayout(call.input.plane(n, 0), group.input, to: .blocked, blockedInput, rest)
        weightGradient.add(blockedInput, blockedOutput, isFirst: n == 0, rest)
      }
      if let gradient = call.inputGradients[0] {
        back.compute(
          blockedOutput, residual: nil, packed: packed, to: blockedInput,
          rest.withoutShared(weightGradient.sumCount))
        changeLayout(blockedInput, group.input, to: .planar, gradient.plane(n, 0), rest)
      }
    }
    if let gradient = call.parameterGradients[0] {
      weightGradient.finish(to: gradient.pointer, rest)
    }
  }
}

extension BlockedConvolution {
  /// The form that costs least of those for 3×3 kernels.
  fileprivate static func cheapest(
    _ operation: Convolution, _ input: Shape, _ output: Shape, _ loops: LoopTable
  ) -> BlockedConvolution? {
    let request = FormRequest(inputs: [input], output: output, loops: loops)
    return [ConvolutionAlgorithm.winograd4, .winograd6]
      .compactMap { BlockedConvolution(operation, request, $0) }
      .min { ($0.cost ?? 0) < ($1.cost ?? 0) }
  }
}
