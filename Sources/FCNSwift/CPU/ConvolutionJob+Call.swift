import FCNLoopTypes

extension ConvolutionJob {
  /// A convolution of pixels as they lie: what `request` says of its input, output and activation.
  init(_ window: Window, _ request: FormRequest) {
    let (input, output) = (request.inputs[0], request.output)
    self.init(
      algorithm: .unfolded, pictures: input.n, input: (input.c, input.h, input.w),
      output: (output.c, output.h, output.w), kernel: window.kernel.pair,
      stride: window.stride.pair, padding: window.padding.pair, dilation: window.dilation.pair,
      activation: request.epilogue.activation)
  }

  /// Points to a call's values, and to its packed parameters: a bias for each output channel, then weights.
  mutating func take(_ call: ForwardCall) {
    input = UnsafePointer(call.input.pointer)
    residual = call.inputs.count > 1 ? UnsafePointer(call.inputs[1].pointer) : nil
    output = call.output.pointer
    bias = UnsafePointer(call.packed.pointer)
    weights = UnsafePointer(call.packed.pointer + outputBlocks * channelBlock)
  }
}
