import CIntrinsics
import FCNLoopTypes

/// Where results go that are floats or bytes, and what is added to them comes from.
struct BlockedResults {
  private let floats: UnsafeMutablePointer<Float>
  private let bytes: ByteChannels?
  private let added: UnsafePointer<Float>?
  private let addedBytes: ByteChannels?
  private let notFinite: UnsafeMutablePointer<Int32>?

  init(_ job: borrowing ConvolutionJob) {
    (floats, bytes) = (job.output, job.outputBytes)
    (added, addedBytes) = (job.residual, job.residualBytes)
    notFinite = job.notFinite
  }

  /// `value` and what is added to element `index`, of channel `channel` on.
  @inline(__always)
  func sum(_ value: Lanes, _ index: Int, channel: Int) -> Lanes {
    guard let added else { return value }
    guard let addedBytes else { return value + load(added + index) }
    let bytes = floatsOfBytes(UnsafeRawPointer(added) + index)
    return fma(
      bytes - load(addedBytes.zeros + channel), load(addedBytes.scales + channel), value)
  }

  /// Does to `value` what the job does last, and writes it to element `index` and the following.
  @inline(__always)
  func finish(_ value: Lanes, _ job: borrowing ConvolutionJob, _ index: Int, channel: Int) {
    let sum = sum(value + load(job.bias + channel), index, channel: channel)
    put(finished(sum, job), index, channel: channel)
  }

  /// Writes elements `index` and the following.
  @inline(__always)
  func put(_ value: Lanes, _ index: Int, channel: Int) {
    guard let bytes else { return store(value, to: floats + index) }
    if let notFinite, !areFinite(value) { fcn_raise(notFinite) }
    storeBytes(
      fma(value, load(bytes.factors + channel), load(bytes.zeros + channel)),
      to: UnsafeMutableRawPointer(floats) + index)
  }
}

// For whatever registers hold.
@inline(__always)
private func storeBytes(_ a: SIMD4<Float>, to target: UnsafeMutableRawPointer) {
  fcn_store_bytes_x4(a, target)
}
@inline(__always)
private func storeBytes(_ a: SIMD8<Float>, to target: UnsafeMutableRawPointer) {
  fcn_store_bytes_x8(a, target)
}
@inline(__always)
private func storeBytes(_ a: SIMD16<Float>, to target: UnsafeMutableRawPointer) {
  fcn_store_bytes_x16(a, target)
}
@inline(__always)
private func areFinite(_ a: SIMD4<Float>) -> Bool { fcn_are_finite_x4(a) != 0 }
@inline(__always)
private func areFinite(_ a: SIMD8<Float>) -> Bool { fcn_are_finite_x8(a) != 0 }
@inline(__always)
private func areFinite(_ a: SIMD16<Float>) -> Bool { fcn_are_finite_x16(a) != 0 }
@inline(__always)
private func floatsOfBytes(_ source: UnsafeRawPointer) -> Lanes {
  bytes(source, as: Lanes.self)
}
@inline(__always)
private func bytes(_ source: UnsafeRawPointer, as _: SIMD4<Float>.Type) -> SIMD4<Float> {
  fcn_load_bytes_x4(source)
}
@inline(__always)
private func bytes(_ source: UnsafeRawPointer, as _: SIMD8<Float>.Type) -> SIMD8<Float> {
  fcn_load_bytes_x8(source)
}
@inline(__always)
private func bytes(_ source: UnsafeRawPointer, as _: SIMD16<Float>.Type) -> SIMD16<Float> {
  fcn_load_bytes_x16(source)
}

/// As `storePixels`, of jobs whose residual or output is bytes.
func storeBytePixels(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, block: Int, panelBlocks width: Int,
  _ products: UnsafePointer<Float>
) {
  let job = job.pointee
  let results = BlockedResults(job)
  let planeCount = job.outputHeight * job.outputWidth
  let columns = width * channelBlock
  for panelBlock in 0..<min(width, job.outputBlocks - block) {
    let channel = (block + panelBlock) * channelBlock
    let steps =
      job.residual == nil
      ? ByteSteps(
        job, block + panelBlock, scales: SIMD16(repeating: 1), largest: SIMD16(repeating: 0x1p31))
      : nil
    var row = rows.lowerBound
    while row < rows.upperBound {
      let (picture, pixel) = (row / planeCount, row % planeCount)
      let count = min(rows.upperBound - row, planeCount - pixel)
      let start = (((block + panelBlock) * job.pictures + picture) * planeCount + pixel)
      let from = products + (row - rows.lowerBound) * columns + panelBlock * channelBlock
      row += count
      if let steps {
        steps.store(floats: from, stride: columns, count: count, start * channelBlock)
        continue
      }
      for x in 0..<count {
        for lane in 0..<lanesPerBlock {
          let offset = lane * Lanes.scalarCount
          let index = (start + x) * channelBlock + offset
          results.finish(load(from + x * columns + offset), job, index, channel: channel + offset)
        }
      }
    }
  }
}
