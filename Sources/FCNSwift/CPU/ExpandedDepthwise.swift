import FCNLoopTypes

/// A 1×1 convolution and the one of each channel by itself that follows it, as in inverted bottlenecks
/// (Sandler et al., CVPR 2018): what lies between them, the largest values of such networks, is made some
/// lines of a panel's channels at a time, and read while it is in a core's cache.
///
/// The way of data: a task makes the output's lines of a band, of one panel. It takes a few at a time: lines
/// of the expanded value that they see and that the ones before did not are made behind those that they
/// share, and then seen. Every number is what the two convolutions make one after the other, to the bit.
final class ExpandedDepthwise: PreparedForm {
  /// The name by which it is switched off.
  static let name = "convolution.expanded_depthwise"

  private let expansion: BlockedConvolution
  private let depthwise: DepthwiseConvolution
  /// Lines of the output that are made at a time, and in a task.
  private let lines, linesInBand: Int
  /// Room for lines of the expanded value.
  private let capacity: Int

  /// nil where `expansion` is not of the kind whose products go where they belong pixel by pixel, or what is
  /// read again would be more than is made.
  init?(_ expansion: BlockedConvolution, _ depthwise: DepthwiseConvolution) {
    let job = depthwise.job.pointee
    guard expansion.blocking.division == .inPlace, expansion.job.pointee.precision == .float32,
      job.outputHeight > 0
    else { return nil }
    (self.expansion, self.depthwise) = (expansion, depthwise)
    let lineCount = expansion.loops.panelBlocks * job.inputWidth * channelBlock
    let reach = (job.kernelHeight - 1) * job.dilationHeight + 1
    // Lines that all but fill the second-level cache; and some, where they are wide.
    let fitting = ConvolutionBlocking.secondLevelFloats * 5 / 8 / lineCount
    lines = min(job.outputHeight, max(2, (fitting - reach) / job.strideHeight + 1))
    capacity = min(job.inputHeight, (lines - 1) * job.strideHeight + reach)
    // Tasks for several threads, and so small that a session's callback is asked often; each makes lines anew
    // that the one before has made.
    let overlap = max(0, reach - job.strideHeight)
    let products = job.inputHeight * lineCount * expansion.job.pointee.inputChannels
    let wanted = max(
      (16 + expansion.panels.count - 1) / expansion.panels.count, products / Self.productsInTask)
    let bands = max(1, min(wanted, job.inputHeight / max(1, 8 * overlap)))
    linesInBand = (job.outputHeight + bands - 1) / bands
    guard capacity * lineCount <= Self.largestStrip, overlap <= 2 * lines * job.strideHeight
    else { return nil }
  }

  /// Products of the expansion that a task makes, about, at most.
  private static let productsInTask = 1 << 28

  /// Floats of expanded lines, at most: more would come from memory anyway.
  private static let largestStrip = 1 << 20

  // MARK: Weights

  /// The expansion's packed parameters, then the other's.
  var packing: String? {
    expansion.packing.flatMap { first in depthwise.packing.map { "\(first)+\($0)" } }
  }
  var packedCount: Int { expansion.packedCount + depthwise.packedCount }

  /// Takes the parameters of both layers, one after the other.
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    let own = expansion.hasBias ? 2 : 1
    let memory = try AlignedMemory(count: packedCount)
    expansion.pack(
      weight: parameters[0].pointer, bias: own > 1 ? parameters[1].pointer : nil,
      to: memory.pointer, pool)
    depthwise.pack(Array(parameters.dropFirst(own)), to: memory.pointer + expansion.packedCount)
    return memory
  }

  // MARK: Computing

  private var expandedCount: Int {
    expansion.loops.panelBlocks * capacity * expansion.job.pointee.outputWidth * channelBlock
  }
  private var productCount: Int {
    ConvolutionJob.productRows(ConvolutionJob.pixelsTogether) * expansion.loops.panelBlocks
      * channelBlock
  }
  var workspacePerWorker: Int { expandedCount + productCount }

  var work: StepWork? {
    guard let first = expansion.work, let second = depthwise.work else { return nil }
    let job = expansion.job.pointee
    let expanded = Double(job.pictures * job.outputHeight * job.outputWidth * job.outputChannels)
    return StepWork(
      nominal: first.nominal + second.nominal, performed: first.performed + second.performed,
      bytes: first.bytes + second.bytes - 8 * expanded)
  }

  func forward(_ call: ForwardCall) {
    let (first, second) = (expansion.job, depthwise.job)
    first.pointee.input = UnsafePointer(call.input.pointer)
    first.pointee.bias = UnsafePointer(call.packed.pointer)
    first.pointee.weights = first.pointee.bias + first.pointee.outputBlocks * channelBlock
    second.pointee.take(call)
    second.pointee.bias = UnsafePointer(call.packed.pointer + expansion.packedCount)
    second.pointee.weights = second.pointee.bias + second.pointee.outputBlocks * channelBlock
    let panels = expansion.panels
    let bands = (second.pointee.outputHeight + linesInBand - 1) / linesInBand
    call.workers.run(first.pointee.pictures * panels.count * bands) { [self] task, scratch in
      make(
        part(task % bands, of: second.pointee.outputHeight, size: linesInBand),
        task / (bands * panels.count), panels[task / bands % panels.count], scratch)
    }
  }

  /// Lines of the expanded value that output lines `lines` see.
  private func seen(by lines: Range<Int>, _ job: borrowing ConvolutionJob) -> Range<Int> {
    let start = lines.lowerBound * job.strideHeight - job.paddingHeight
    let end =
      (lines.upperBound - 1) * job.strideHeight - job.paddingHeight
      + (job.kernelHeight - 1) * job.dilationHeight + 1
    let first = min(max(0, start), job.inputHeight)
    return first..<min(max(first, end), job.inputHeight)
  }

  /// Makes the lines of `band`.
  private func make(
    _ band: Range<Int>, _ picture: Int, _ panel: ConvolutionPanel,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let job = depthwise.job.pointee
    let lineCount = job.inputWidth * channelBlock
    var there = 0..<0
    for first in stride(from: band.lowerBound, to: band.upperBound, by: lines) {
      let made = first..<min(first + lines, band.upperBound)
      let wanted = seen(by: made, job)
      // Those that are there come first.
      let kept = max(0, there.upperBound - wanted.lowerBound)
      if kept > 0 {
        for block in 0..<panel.width {
          let start = scratch + block * capacity * lineCount
          start.update(
            from: start + (wanted.lowerBound - there.lowerBound) * lineCount,
            count: kept * lineCount)
        }
      }
      expand(
        wanted.lowerBound + kept..<wanted.upperBound, wanted.lowerBound, picture, panel, scratch)
      see(wanted, made, picture, panel, scratch)
      there = wanted
    }
  }

  /// Makes `lines` of the expanded value; line `origin` is the first in `scratch`, [block][line][column][16].
  private func expand(
    _ lines: Range<Int>, _ origin: Int, _ picture: Int, _ panel: ConvolutionPanel,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    guard !lines.isEmpty else { return }
    var job = expansion.job.pointee
    let (width, planeCount) = (job.outputWidth, job.inputHeight * job.inputWidth)
    let all = job.pictures * planeCount
    let channels = panel.block * channelBlock
    let start = picture * planeCount + lines.lowerBound * width
    let input = job.input + start * channelBlock
    job.bias += channels
    job.weights += channels * job.depth
    job.output = scratch
    (job.outputHeight, job.pictures, job.outputPictures) = (capacity, 1, 1)
    expansion.loops.multiplyPixels(
      &job, 0, panel.width, input, all,
      (lines.lowerBound - origin) * width..<(lines.upperBound - origin) * width,
      scratch + expandedCount)
  }

  /// Makes the output's lines `made` of the lines `lines` of the expanded value in `scratch`.
  private func see(
    _ lines: Range<Int>, _ made: Range<Int>, _ picture: Int, _ panel: ConvolutionPanel,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let whole = depthwise.job.pointee
    var job = whole
    job.paddingHeight += lines.lowerBound - made.lowerBound * job.strideHeight
    (job.inputHeight, job.outputHeight, job.pictures) = (lines.count, made.count, 1)
    let taps = job.kernelHeight * job.kernelWidth
    for index in 0..<panel.width {
      let block = panel.block + index
      let plane = (block * whole.pictures + picture) * whole.outputHeight + made.lowerBound
      let start = plane * whole.outputWidth * channelBlock
      job.input = UnsafePointer(scratch + index * capacity * whole.inputWidth * channelBlock)
      job.output = whole.output + start
      job.residual = whole.residual.map { $0 + start }
      job.bias = whole.bias + block * channelBlock
      job.weights = whole.weights + block * taps * channelBlock
      depthwise.loops.convolveDepthwise(&job, 0..<made.count)
    }
  }
}
