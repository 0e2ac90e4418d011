import FCNLoopTypes

/// Makes float32 rows of the left-hand matrices: see `LoopTable.prepare`.
func prepare(
  _ job: UnsafePointer<ConvolutionJob>, rows: Range<Int>, blocks: Range<Int>, capacity: Int,
  _ a: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
) {
  switch job.pointee.algorithm {
  case .winograd4:
    transformTiles(
      job, patch: 6, rows: rows, blocks: blocks, capacity: capacity, a, scratch, transformSix)
  case .winograd6, .winograd2of7:
    transformTiles(
      job, patch: 8, rows: rows, blocks: blocks, capacity: capacity, a, scratch, transformEight)
  case .winograd8:
    transformTiles(
      job, patch: 10, rows: rows, blocks: blocks, capacity: capacity, a, scratch, transformTen)
  case .unfolded: unfold(job, rows: rows, capacity: capacity, a)
  case .planar: unfoldPlanar(job, rows: rows, capacity: capacity, a)
  case .pointwise, .shifted: break
  }
}
