import FCNLoopTypes

/// See `LoopTable.prepare`, for jobs of 16-bit integers: rows are made in float32, a few at a time,
/// then channels get their factors, and each position of each row is divided by a scale of its own and
/// rounded.
func prepareIntegers(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, capacity: Int, place: Int,
  _ a: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  var floats = job.pointee
  floats.precision = .float32
  if floats.algorithm == .pointwise { floats.algorithm = .unfolded }
  let together = floats.rowsTogether
  let sourceStride = floats.leftStride(together)
  let targetStride = job.pointee.leftStride(capacity)
  let (positions, blocks) = (job.pointee.algorithm.positions, job.pointee.inputBlocks)
  let taps = job.pointee.depthBlocks / blocks
  let factors = IntegerWeights(job.pointee).inputFactors
  let patches = floats.patchCount
  let source = scratch + patches
  for first in stride(from: rows.lowerBound, to: rows.upperBound, by: together) {
    let some = first..<min(rows.upperBound, first + together)
    prepare(
      &floats, rows: some, blocks: 0..<floats.inputBlocks, capacity: together, source, scratch)
    let row = place + first - rows.lowerBound
    for position in 0..<positions {
      let scales = a + position * targetStride
      let values = UnsafeMutableRawPointer(scales + ConvolutionJob.scaleCount(capacity))
      for index in 0..<some.count {
        scales[row + index] = roundRow(
          source + position * sourceStride + index * channelBlock, taps: taps,
          inputBlocks: blocks, sourceStride: together * channelBlock, factors: factors,
          to: values + (row + index) * integerRowBytes,
          targetStride: capacity * integerRowBytes)
      }
    }
  }
}
