import CIntrinsics
import FCNLoopTypes

/// The same as `prepareGrid`, for jobs of `bfloat16`: pixels of a planar input, with zeros for channels that
/// are not there.
func prepareFloatGrid(
  _ job: UnsafePointer<ConvolutionJob>, picture: Int, lines: Range<Int>, isLast: Bool,
  _ a: UnsafeMutableRawPointer
) {
  let job = job.pointee
  let pixelBytes = job.gridPixelBytes
  let lineBytes = job.gridWidth * pixelBytes
  let before = job.paddingWidth * pixelBytes
  for line in lines {
    let target = a + (line - lines.lowerBound) * lineBytes
    let y = line - job.paddingHeight
    guard y >= 0, y < job.inputHeight else {
      clear(target, lineBytes)
      continue
    }
    let planeCount = job.inputHeight * job.inputWidth
    let source = job.input + picture * job.inputChannels * planeCount + y * job.inputWidth
    func channel(_ c: Int) -> UnsafePointer<Float>? {
      c < job.inputChannels ? source + c * planeCount : nil
    }
    clear(target, before)
    fcn_store_bfloats(
      channel(0), channel(1), channel(2), channel(3), job.inputWidth, target + before)
    let end = before + job.inputWidth * pixelBytes
    clear(target + end, lineBytes - end)
  }
  // A step of the last windows reads on behind them, and zero times what is no number is none.
  if isLast {
    clear(
      a + lines.count * lineBytes, job.columnsBehind * pixelBytes + ConvolutionJob.tileDepth)
  }
}

private func clear(_ target: UnsafeMutableRawPointer, _ count: Int) {
  target.initializeMemory(as: UInt8.self, repeating: 0, count: max(0, count))
}

/// See `LoopTable.pack`, for jobs of `bfloat16`: weights lie as those of bytes, with scales of 1 and nothing
/// to take from the sums.
func packFloatTiles(
  _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>, block: Int,
  panelBlocks width: Int, into weights: UnsafeMutablePointer<Float>
) {
  let job = job.pointee
  let place = TileWeights(job, weights)
  let (columns, taps) = (width * channelBlock, job.kernelHeight * job.kernelWidth)
  UnsafeMutablePointer(mutating: place.scales(block)).update(repeating: 1, count: columns)
  UnsafeMutablePointer(mutating: place.offsets(block)).update(repeating: 0, count: columns)
  let panels = UnsafeMutableRawPointer(mutating: place.panel(block))
  clear(panels, width * job.tileWeightBytes)
  let first = block * channelBlock
  for column in 0..<min(columns, job.outputChannels - first) {
    let panel =
      panels + column / channelBlock * job.tileWeightBytes + column % channelBlock * 4
    for channel in 0..<job.inputChannels {
      for tap in 0..<taps {
        let (step, byte) = job.tilePlace(tap: tap, channel: channel)
        let value = weight[((first + column) * job.inputChannels + channel) * taps + tap]
        (panel + step * ConvolutionJob.tileBytes + byte / 4 * 4 * channelBlock + byte % 4)
          .storeBytes(of: fcn_bfloat(value), as: UInt16.self)
      }
    }
  }
}
