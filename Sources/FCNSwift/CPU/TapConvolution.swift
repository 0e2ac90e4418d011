import FCNLoopTypes

/// Convolution tap by tap, each a product of pixels where they lie and that tap's weights, of the pixels
/// alone that see something there. For windows so large, by dilation, that most pixels see padding under
/// many of their taps.
final class TapConvolution: PreparedForm {
  private let loops: LoopTable
  private let job: UnsafeMutablePointer<ConvolutionJob>
  private let packer: BlockedConvolution
  private let panels: [ConvolutionPanel]
  /// Lines whose products are made together.
  private let lines: Int
  /// Of each line of the output, rows of the kernel that see the input.
  private let rowTaps: [Range<Int>]
  private let segments: [Segment]
  /// Rows of products that a line takes.
  private let rowsPerLine: Int
  /// Floats' room that sixteen channels of a pixel take.
  private let floatsPerPixel: Int
  /// Terms that are summed before they are added to memory.
  private let depthAtATime: Int

  /// Pixels of a line that see the input through the same columns of the kernel.
  private struct Segment {
    let columns: Range<Int>
    let taps: Range<Int>
    /// The row of the line's products from which on theirs are.
    let row: Int
  }

  /// Of all products, those that see the input must be fewer than this share. Unfolding costs bytes, whose
  /// products are fast, more.
  private static func mostVisible(_ precision: ConvolutionPrecision) -> Double {
    precision == .int8 ? 0.9 : 0.75
  }

  /// nil where `operation` has another stride, or sees enough under its taps to be served better. Of `int8`
  /// where loops multiply bytes, in which 0 stands for 0: what is not seen adds nothing then.
  init?(
    _ operation: Convolution, _ request: FormRequest,
    _ precision: ConvolutionPrecision = .float32
  ) {
    let (input, output, window) = (request.inputs[0], request.output, operation.window)
    guard operation.groups == 1, window.stride == 1, window.kernel.h * window.kernel.w > 1,
      request.epilogue.pooled == nil, request.epilogue.cropped == nil,
      let packer = BlockedConvolution(operation, request, .unfolded, precision),
      packer.job.pointee.multipliesBytes == (precision == .int8),
      packer.inputBytes?.zeros.allSatisfy({ $0 == 0 }) ?? true
    else { return nil }
    rowTaps = (0..<output.h).map {
      Self.taps($0, window.kernel.h, window.dilation.h, window.padding.h, input.h)
    }
    let columnTaps = (0..<output.w).map {
      Self.taps($0, window.kernel.w, window.dilation.w, window.padding.w, input.w)
    }
    let (down, across) = (
      rowTaps.reduce(0) { $0 + $1.count }, columnTaps.reduce(0) { $0 + $1.count }
    )
    let all = output.h * output.w * window.kernel.h * window.kernel.w
    guard Double(down) * Double(across) < Self.mostVisible(precision) * Double(all) else {
      return nil
    }
    var (segments, row) = ([Segment](), 0)
    for x in 0..<output.w where x == 0 || columnTaps[x] != columnTaps[x - 1] {
      let end = (x..<output.w).first { columnTaps[$0] != columnTaps[x] } ?? output.w
      segments.append(Segment(columns: x..<end, taps: columnTaps[x], row: row))
      row += ConvolutionJob.productRows(end - x)
    }
    (self.segments, rowsPerLine) = (segments, row)
    visible = Double(down) * Double(across)
    loops = request.loops
    self.packer = packer
    job = .allocate(capacity: 1)
    job.initialize(to: packer.job.pointee)
    (floatsPerPixel, depthAtATime) =
      precision == .int8 ? (channelBlock / 4, 1024) : (channelBlock, ConvolutionJob.depthAtATime)
    panels = ConvolutionPanel.dividing(job.pointee.outputBlocks, by: loops.panelBlocks)
    // Products of some lines stay in the second-level cache; and there are tasks for several threads.
    let fitting = (1 << 17) / (rowsPerLine * loops.panelBlocks * channelBlock)
    let bands = max(1, (16 + panels.count - 1) / panels.count)
    lines = max(1, min(fitting, (output.h + bands - 1) / bands))
  }

  deinit { job.deallocate() }

  private let visible: Double

  /// Taps of `count` that see one of `size` lines from output line `index`.
  private static func taps(
    _ index: Int, _ count: Int, _ dilation: Int, _ padding: Int, _ size: Int
  ) -> Range<Int> {
    let first = index - padding
    let start = first < 0 ? min(count, (-first + dilation - 1) / dilation) : 0
    let end = first < size ? min(count, (size - 1 - first) / dilation + 1) : 0
    return start..<max(start, end)
  }

  var packing: String? { packer.packing }
  var packedCount: Int { packer.packedCount }
  func pack(_ parameters: [Tensor], _ pool: WorkerPool) throws -> AlignedMemory {
    try packer.pack(parameters, pool)
  }

  var makesBytes: Bool { packer.makesBytes }
  var addsBytes: Bool { packer.addsBytes }
  func hidNotFinite() -> Bool { packer.hidNotFinite() }

  var workspacePerWorker: Int { lines * rowsPerLine * loops.panelBlocks * channelBlock }

  /// As `ConvolutionCost` has it, of the products that are made. A tap's weights come from the second-level
  /// cache for each segment of a line, which takes the time of four rows.
  var cost: Double? {
    let job = job.pointee
    let outputs = Double(job.outputBlocks * channelBlock)
    let across = segments.reduce(0) { $0 + $1.taps.count * max(4, $1.columns.count) }
    let rows = Double(rowTaps.reduce(0) { $0 + $1.count } * across)
    let products = rows * Double(job.inputBlocks * channelBlock) * outputs
    let (speed, bytes) = job.multipliesBytes ? (90 * loops.integerSpeed, 2.0) : (45, 4)
    return products / speed + Double(job.depth) * outputs * bytes / 12 + visible * 4
  }

  var work: StepWork? {
    guard let nominal = packer.work else { return nil }
    let job = job.pointee
    let products = visible * Double(job.pictures * job.inputChannels * job.outputChannels)
    return StepWork(nominal: nominal.nominal, performed: 2 * products, bytes: nominal.bytes)
  }

  func forward(_ call: ForwardCall) {
    job.pointee.take(call)
    let height = job.pointee.outputHeight
    let bands = (height + lines - 1) / lines
    call.workers.run(job.pointee.pictures * panels.count * bands) { [self] task, scratch in
      let (picture, index) = (task / (panels.count * bands), task / bands % panels.count)
      let band = part(task % bands, of: height, size: lines)
      multiply(picture, band, panels[index], scratch)
      finish(picture, band, panels[index], scratch)
    }
  }

  /// Sums the products of some lines: a piece of a tap's weights serves all of them before the next comes.
  private func multiply(
    _ picture: Int, _ band: Range<Int>, _ panel: ConvolutionPanel,
    _ m: UnsafeMutablePointer<Float>
  ) {
    let job = job.pointee
    let columns = panel.width * channelBlock
    let planeCount = job.inputHeight * job.inputWidth
    let depth = job.inputBlocks * channelBlock
    for y in band {
      for segment in segments where rowTaps[y].isEmpty || segment.taps.isEmpty {
        (m + ((y - band.lowerBound) * rowsPerLine + segment.row) * columns)
          .update(repeating: 0, count: segment.columns.count * columns)
      }
    }
    for tap in 0..<job.kernelHeight * job.kernelWidth {
      let (j, k) = (tap / job.kernelWidth, tap % job.kernelWidth)
      for first in stride(from: 0, to: depth, by: depthAtATime) {
        let terms = min(depthAtATime, depth - first)
        let blocks =
          job.input + first / channelBlock * job.pictures * planeCount * floatsPerPixel
        for y in band where rowTaps[y].contains(j) {
          let row = y - job.paddingHeight + j * job.dilationHeight
          let line = blocks + (picture * planeCount + row * job.inputWidth) * floatsPerPixel
          for segment in segments where segment.taps.contains(k) {
            let x = segment.columns.lowerBound - job.paddingWidth + k * job.dilationWidth
            let isFirst =
              first == 0 && j == rowTaps[y].lowerBound && k == segment.taps.lowerBound
            loops.multiplyTerms(
              self.job, panel.block, panel.width, tap * depth + first..<tap * depth + first + terms,
              line + x * floatsPerPixel, job.pictures * planeCount, segment.columns.count,
              m + ((y - band.lowerBound) * rowsPerLine + segment.row) * columns, !isFirst)
          }
        }
      }
    }
  }

  private func finish(
    _ picture: Int, _ band: Range<Int>, _ panel: ConvolutionPanel,
    _ m: UnsafeMutablePointer<Float>
  ) {
    let (job, width) = (job, job.pointee.outputWidth)
    for y in band {
      let line = (picture * job.pointee.outputHeight + y) * width
      for segment in segments {
        let row = (y - band.lowerBound) * rowsPerLine + segment.row
        loops.finish(
          job, line + segment.columns.lowerBound..<line + segment.columns.upperBound, panel.block,
          panel.width, m + row * panel.width * channelBlock, m)
      }
    }
  }
}
