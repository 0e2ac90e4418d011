import CDeviceCalls

/// A product, a difference, a quotient of two values or, for use alone, the larger or smaller of them; the
/// second may have one line for all.
final class DevicePair: PreparedDeviceTrainingForm {
  private let kind: Int32
  private let pair: DeviceFunction
  private let backward: Backward?

  /// What going back needs.
  private struct Backward {
    let copy, gather: DeviceFunction
    /// Where the second is a number a channel, whose gradients are sums over many pixels.
    let sums: (DeviceChannelSums, DeviceStoredSums)?
  }

  /// `kind` is `FCN_PRODUCT` and so on.
  init?(_ kind: Int32, _ request: DeviceRequest) throws {
    guard request.epilogue == Epilogue() else { return nil }
    try request.checkOneType()
    let (first, second) = (request.inputs[0], request.inputs[1])
    guard first.element == second.element else { return nil }
    self.kind = kind
    pair = try request.function("pair", of: .pointwise)
    guard request.trains else {
      backward = nil
      return
    }
    guard [FCN_PRODUCT, FCN_DIFFERENCE, FCN_QUOTIENT].contains(kind) else { return nil }
    let isNumberAChannel =
      kind != FCN_QUOTIENT && second.shape.c == first.shape.c && second.shape.planeCount == 1
    backward = Backward(
      copy: try request.function("combine", of: .pointwise),
      gather: try request.function("pair_gradient", of: .gradients),
      sums: isNumberAChannel
        ? (
          try DeviceChannelSums(request, first, mode: 3, apart: true),
          try DeviceStoredSums(request, as: second.element)
        ) : nil)
  }

  var workspaceByteCount: Int { backward?.sums?.0.workspaceByteCount ?? 0 }

  func enqueue(_ call: DeviceCall, _ stream: DeviceStream) throws {
    try enqueue(kind, call.inputs[0], call.inputs[1], to: call.output, stream)
  }

  private func enqueue(
    _ kind: Int32, _ first: DeviceTensor, _ second: DeviceTensor, to output: DeviceTensor,
    _ stream: DeviceStream
  ) throws {
    try stream.launch(
      pair, over: output.groupCount,
      fcn_pair_call(
        first: first.view, second: second.view, output: output.view, function: kind, reserved: 0))
  }

  func enqueueBackward(_ call: DeviceBackwardCall, _ stream: DeviceStream) throws {
    guard let backward else { throw untrained("a pair") }
    let (first, second) = (call.forward.inputs[0], call.forward.inputs[1])
    let upstream = call.outputGradient
    if let target = call.inputGradients[0] {
      if kind == FCN_DIFFERENCE {
        try stream.launch(
          backward.copy, over: target.groupCount, fcn_combine_call([upstream], to: target))
      } else {
        // The derivative of a product is the second, of a quotient one over it.
        try enqueue(kind, upstream, second, to: target, stream)
      }
    }
    guard let target = call.inputGradients[1] else { return }
    if let (sums, store) = backward.sums {
      try sums.enqueuePartials(
        stream, input: first.view, gradient: upstream.view, workspace: call.forward.workspace)
      // The first sums are those of the gradient, the second those of its product with the first value.
      try store.enqueue(
        stream, sums,
        partials: sums.partials(kind == FCN_PRODUCT ? 1 : 0, in: call.forward.workspace),
        dividedBy: kind == FCN_PRODUCT ? 1 : -1, to: target)
    } else {
      try stream.launch(
        backward.gather, over: target.groupCount,
        fcn_pair_gradient_call(
          first: first.view, second: second.view, gradient: upstream.view,
          second_gradient: target.view, function: kind, reserved: 0))
    }
  }
}
