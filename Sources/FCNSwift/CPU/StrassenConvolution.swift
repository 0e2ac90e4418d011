import FCNLoopTypes
import Glibc

/// 1×1 convolution by Strassen's algorithm in Winograd's form: pixels, input channels and output channels are
/// halved, and seven products of halves, with sums before and after, make what eight would (Strassen,
/// Numerische Mathematik 13, 1969; these fifteen sums are Winograd's, 1971). Halves may be halved again.
///
/// The way of data: a task makes the left-hand sums of some pixels; then, for a group of panels after the
/// other, those of the next level, the products, and the sums of these, which it finishes.
///
/// Sums put together what differs in size, and what is small would be rounded as what is large is. So an
/// input channel's values and weights are brought to one size first (`InputFactors`), and the weights of each
/// output channel, both by powers of two.
final class StrassenConvolution: PreparedForm {
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  private let shape: StrassenShape

  /// nil where `operation` is another, or its channels cannot be halved `levels` times.
  init?(_ operation: Convolution, _ request: FormRequest, levels: Int) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    guard operation.groups == 1, window.kernel == 1, window.stride == 1, window.padding == 0,
      request.epilogue.pooled == nil, request.epilogue.cropped == nil,
      request.bytes.input == nil, request.bytes.output == nil, request.bytes.residual == nil,
      let shape = StrassenShape(
        pixels: input.planeCount, inputs: input.c, outputs: output.c, levels: levels,
        panelBlocks: request.loops.panelBlocks)
    else { return nil }
    (loops, self.shape, hasBias) = (request.loops, shape, operation.bias)
    job = .allocate(capacity: 1)
    job.initialize(to: ConvolutionJob(window, request))
  }

  deinit { job.deallocate() }

  private let hasBias: Bool
  var workspacePerWorker: Int { shape.leftCount + shape.productCount }
  var cost: Double? { shape.cost }

  var work: StepWork? {
    let job = job.pointee
    let pixels = Double(job.pictures * job.outputHeight * job.outputWidth)
    let (inputs, outputs) = (Double(job.inputChannels), Double(job.outputChannels))
    let nominal = 2 * pixels * inputs * outputs
    return StepWork(
      nominal: nominal, performed: nominal * pow(7.0 / 8, Double(shape.levels)),
      bytes: 4 * (pixels * (inputs + outputs) + Double(shape.weightCount)))
  }

  // MARK: Weights

  var packing: String? { "strassen.\(shape.levels).\(loops.panelBlocks)" }

  /// Where parts of the packed parameters are.
  private struct Packed<Pointer: Strideable> where Pointer.Stride == Int {
    /// For each output channel, what is added, and the size that its weights had.
    let bias, scales: Pointer
    /// For each input channel; as many ones, or as many as a panel has columns.
    let factors, ones: Pointer
    /// The weights of each panel, [product][depth][channel].
    let panels: Pointer

    init(_ base: Pointer, _ job: borrowing ConvolutionJob) {
      bias = base
      scales = bias.advanced(by: job.outputChannels)
      factors = scales.advanced(by: job.outputChannels)
      ones = factors.advanced(by: job.inputChannels)
      panels = ones.advanced(by: max(job.inputChannels, 4 * channelBlock))
    }
  }

  private var packed: Packed<UnsafePointer<Float>> { Packed(job.pointee.bias, job.pointee) }
  var packedCount: Int { Packed(0, job.pointee).panels + shape.weightCount }

  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let memory = try AlignedMemory(count: packedCount)
    let (inputs, outputs) = (job.pointee.inputChannels, job.pointee.outputChannels)
    let weight = parameters[0]
    let packed = Packed(memory.pointer, job.pointee)
    if hasBias {
      packed.bias.update(from: parameters[1].pointer, count: outputs)
    } else {
      packed.bias.update(repeating: 0, count: outputs)
    }
    packed.ones.update(repeating: 1, count: packed.panels - packed.ones)
    let together = 4 * channelBlock
    let some = stride(from: 0, to: outputs, by: together).map { $0..<min(outputs, $0 + together) }
    InputFactors(inputs: inputs, taps: 1)
      .write(of: weight.pointer, some, to: packed.factors, pool) { _ in }
    pool.run(outputs) { output, _ in
      let weights = weight.pointer + output * inputs
      var largest: Float = 0
      for input in 0..<inputs { largest = max(largest, weights[input].magnitude) }
      packed.scales[output] = largest.isNormal ? largest.binade : 1
    }
    pool.run(shape.panels.count) { [shape] task, _ in
      shape.pack(
        shape.panels[task], weight.pointer, packed.scales, packed.factors, to: packed.panels)
      for half in 0..<1 << shape.levels {
        let first = (half * shape.leafBlocks + shape.panels[task].block) * channelBlock
        weight.forget(first..<first + shape.panels[task].width * channelBlock)
      }
    }
    return memory
  }

  // MARK: Computing

  func forward(_ call: ForwardCall) {
    job.pointee.take(call)
    let plane = job.pointee.inputHeight * job.pointee.inputWidth
    let (shape, groups) = (shape, shape.groups.count)
    // Where a picture has few parts, groups of panels are tasks too.
    let tasks = shape.groupTasks
    call.workers.run(job.pointee.pictures * shape.parts * tasks) { [self] task, scratch in
      let (picture, part) = (task / tasks / shape.parts, task / tasks % shape.parts)
      let first = picture * plane
      let pixels =
        first + part * plane / shape.parts..<first + (part + 1) * plane / shape.parts
      let own = task % tasks * groups / tasks..<(task % tasks + 1) * groups / tasks
      multiply(pixels, shape.groups[own], scratch)
    }
  }

  /// Makes some groups of panels of some pixels of one picture.
  private func multiply(
    _ pixels: Range<Int>, _ groups: ArraySlice<Range<Int>>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let planes = job.pointee.pictures * job.pointee.inputHeight * job.pointee.inputWidth
    let lefts = scratch + shape.productCount
    loops.prepareStrassen(
      job.pointee.input + pixels.lowerBound * channelBlock, planes * channelBlock,
      job.pointee.inputBlocks, pixels.count, packed.factors, lefts)
    for group in groups {
      let place = Place(rows: pixels.count, group: group)
      multiplyHalves(shape.levels, 0, place, lefts, to: scratch)
      finish(pixels, group, scratch)
    }
  }

  /// What products are made of: so many rows, and panels.
  private struct Place {
    let rows: Int
    let group: Range<Int>
  }

  /// Multiplies the seven sums at `lefts` by those of the weights and sums the products, those of `m` in the
  /// end the four quarters of results; `product` counts the products so far on this level.
  private func multiplyHalves(
    _ level: Int, _ product: Int, _ place: Place, _ lefts: UnsafeMutablePointer<Float>,
    to m: UnsafeMutablePointer<Float>
  ) {
    let rows = (place.rows + 1) / 2
    let blocks = shape.inputBlocks(level - 1)
    let leftStride = ConvolutionJob.sumStride(rows: rows, blocks: blocks)
    let stride = shape.resultStride(level)
    for index in 0..<StrassenShape.products {
      let (left, target) = (lefts + index * leftStride, m + index * stride)
      let next = StrassenShape.products * product + index
      let half = Place(rows: rows, group: place.group)
      if level == 1 {
        multiply(next, half, left, to: target)
      } else {
        let sums = lefts + shape.leftCount(level, rows: place.rows)
        loops.prepareStrassen(left, rows * channelBlock, blocks, rows, packed.ones, sums)
        multiplyHalves(level - 1, next, half, sums, to: target)
      }
    }
    let isLast = level == shape.levels
    let (scales, ones) = (packed.scales, packed.ones)
    let across = shape.outputBlocks(level - 1) * channelBlock
    for quarter in 0..<1 << (2 * (level - 1)) {
      for index in place.group {
        let panel = shape.panels[index]
        let first = scales + (quarter % 2 * shape.leafBlocks + panel.block) * channelBlock
        loops.finishStrassen(
          m + quarter * shape.slotCount + shape.offset(index, in: place.group), stride,
          shape.leafRows(rows, level - 1), panel.width * channelBlock,
          isLast ? first : ones, isLast ? first + across : ones)
      }
    }
  }

  private func multiply(
    _ product: Int, _ place: Place, _ left: UnsafePointer<Float>,
    to m: UnsafeMutablePointer<Float>
  ) {
    var own = job.pointee
    let depth = shape.inputBlocks(0) * channelBlock
    let panels = packed.panels
    for index in place.group {
      let panel = shape.panels[index]
      own.weights = panels + shape.weights(of: panel, product)
      loops.multiplyTerms(
        &own, 0, panel.width, 0..<depth, left, place.rows, place.rows,
        m + shape.offset(index, in: place.group), false)
    }
  }

  /// Adds bias and residual, activates and stores the quarters of results, or quarters of these.
  private func finish(
    _ pixels: Range<Int>, _ group: Range<Int>, _ m: UnsafeMutablePointer<Float>
  ) {
    for quarter in 0..<1 << (2 * shape.levels) {
      let (rows, block) = shape.place(of: quarter, pixels)
      guard !rows.isEmpty else { continue }
      for index in group {
        let panel = shape.panels[index]
        loops.finish(
          job, rows, block + panel.block, panel.width,
          m + quarter * shape.slotCount + shape.offset(index, in: group), m)
      }
    }
  }
}
