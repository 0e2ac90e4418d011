import FCNLoopTypes

/// Convolution in groups of channels, as convolutions of whole blocks of sixteen that follow each other.
///
/// Groups of sixteen channels, or of a multiple of it, stay as they are. Smaller ones are taken
/// together until they fill blocks, with weights of zero between those that do not see each other: they
/// are multiplied too, which takes less time than products of so few channels would.
final class GroupedConvolution: PreparedForm {
  /// Some groups that follow each other, made as one convolution.
  private struct Part {
    let convolution: BlockedConvolution
    let groups: Range<Int>
    /// Floats before the weights of it among those of all.
    var packedStart = 0
  }

  /// Of groups taken together, beyond which all but the smallest spend too much on zeros.
  private static let mostTogether = 8

  private let operation: Convolution
  private let input, output: Shape
  private let parts: [Part]
  private let pooled: Shape?

  /// nil where `algorithm` does not serve, and where there are no groups.
  init?(_ operation: Convolution, _ request: FormRequest, _ algorithm: ConvolutionAlgorithm) {
    (self.operation, input, output) = (operation, request.inputs[0], request.output)
    pooled = request.epilogue.pooled
    let groups = operation.groups
    guard groups > 1, algorithm != .planar, request.bytes.residual == nil else { return nil }
    let (inputs, outputs) = (input.c / groups, output.c / groups)
    // Only the last part may leave a block unfilled.
    let together =
      (1..<groups).first {
        $0 * inputs % channelBlock == 0 && $0 * outputs % channelBlock == 0
      } ?? groups
    guard together <= Self.mostTogether || inputs * outputs <= Self.mostTogether else { return nil }
    var parts: [Part] = []
    var packedStart = 0
    for first in stride(from: 0, to: groups, by: together) {
      let range = first..<min(groups, first + together)
      if let previous = parts.last, previous.groups.count == range.count {
        parts.append(
          Part(convolution: previous.convolution, groups: range, packedStart: packedStart))
      } else {
        var own = FormRequest(
          inputs: request.inputs.enumerated().map { index, shape in
            shape.withChannels(range.count * (index == 0 ? inputs : outputs))
          },
          output: output.withChannels(range.count * outputs), epilogue: request.epilogue,
          loops: request.loops)
        own.epilogue.pooled = pooled?.withChannels(range.count * outputs)
        guard
          let convolution = BlockedConvolution(
            Convolution(
              range.count * outputs, kernel: operation.window.kernel,
              stride: operation.window.stride, padding: operation.window.padding,
              dilation: operation.window.dilation, bias: operation.bias), own, algorithm)
        else { return nil }
        parts.append(Part(convolution: convolution, groups: range, packedStart: packedStart))
      }
      packedStart += roundUp(parts[parts.count - 1].convolution.packedCount, toMultipleOf: 16)
    }
    (self.parts, packedCount) = (parts, packedStart)
  }

  let packedCount: Int

  var packing: String? {
    let kinds = parts.compactMap(\.convolution.packing)
    return "\(parts[0].groups.count) groups: \(kinds[0]), \(kinds[kinds.count - 1])"
  }

  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let packed = try AlignedMemory(count: packedCount)
    let (inputs, outputs) = (input.c / operation.groups, output.c / operation.groups)
    let taps = operation.window.kernel.h * operation.window.kernel.w
    let each = outputs * inputs * taps
    let weight = parameters[0].pointer
    let most = parts[0].groups.count
    let dense = try AlignedMemory(count: most > 1 ? most * most * each : 1)
    for part in parts {
      let first = part.groups.lowerBound
      var own = UnsafePointer(weight + first * each)
      if part.groups.count > 1 {
        let rowLength = part.groups.count * inputs * taps
        dense.pointer.update(repeating: 0, count: part.groups.count * outputs * rowLength)
        for row in 0..<part.groups.count * outputs {
          (dense.pointer + row * rowLength + row / outputs * inputs * taps).update(
            from: own + row * inputs * taps, count: inputs * taps)
        }
        own = UnsafePointer(dense.pointer)
      }
      part.convolution.pack(
        weight: own, bias: operation.bias ? parameters[1].pointer + first * outputs : nil,
        to: packed.pointer + part.packedStart, pool)
    }
    return packed
  }

  var workspacePerWorker: Int { parts.map(\.convolution.workspacePerWorker).max() ?? 0 }
  var sharedWorkspace: Int { parts.map(\.convolution.sharedWorkspace).max() ?? 0 }

  var cost: Double? { parts.reduce(0) { $0 + ($1.convolution.cost ?? 0) } }

  var work: StepWork? {
    let works = parts.compactMap(\.convolution.work)
    let pixels = Double(output.n * output.planeCount) * Double(operation.groups)
    let (inputs, outputs) = (input.c / operation.groups, output.c / operation.groups)
    let taps = Double(operation.window.kernel.h * operation.window.kernel.w * inputs * outputs)
    return StepWork(
      nominal: 2 * pixels * taps, performed: works.reduce(0) { $0 + $1.performed },
      bytes: works.reduce(0) { $0 + $1.bytes })
  }

  func forward(_ call: ForwardCall) {
    let (inputs, outputs) = (input.c / operation.groups, output.c / operation.groups)
    let made = pooled ?? output
    // Blocks lie outside pictures.
    let (inputPlane, outputPlane) = (input.n * input.planeCount, made.n * made.planeCount)
    let residual = call.inputs.count > 1 ? call.inputs[1].pointer : nil
    for part in parts {
      let first = part.groups.lowerBound
      part.convolution.compute(
        call.input.pointer + first * inputs * inputPlane,
        residual: residual.map { $0 + first * outputs * output.n * output.planeCount },
        packed: call.packed.pointer + part.packedStart,
        to: call.output.pointer + first * outputs * outputPlane, call.workers)
    }
  }
}
