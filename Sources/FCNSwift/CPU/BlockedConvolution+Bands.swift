import FCNLoopTypes

extension BlockedConvolution {
  /// Lines of a picture's grid are written by all; then a task makes some lines of some blocks of its output.
  func computeByBand(_ workers: Workers) {
    let (job, loops, blocking) = (job, loops, blocking)
    let a = UnsafeMutableRawPointer(workers.shared)
    let (height, together) = (job.pointee.outputHeight, ConvolutionJob.blocksTogether)
    let groups = (job.pointee.outputBlocks + together - 1) / together
    let lineBytes = job.pointee.gridWidth * job.pointee.gridPixelBytes
    let step = job.pointee.strideHeight
    for picture in 0..<job.pointee.pictures {
      for first in stride(from: 0, to: height, by: blocking.rows) {
        let count = min(height - first, blocking.rows)
        let gridLines = job.pointee.gridLines(count)
        let slices = blocking.taskCount(gridLines, of: blocking.preparedRows)
        workers.run(slices) { task, _ in
          let slice = part(task, of: gridLines, size: blocking.preparedRows)
          loops.prepareGrid(
            job, picture, first * step + slice.lowerBound..<first * step + slice.upperBound,
            task == slices - 1, a + slice.lowerBound * lineBytes)
        }
        let parts = blocking.taskCount(count, of: blocking.multipliedRows)
        workers.run(parts * groups) { task, scratch in
          let slice = part(task % parts, of: count, size: blocking.multipliedRows)
          loops.multiplyGrid(
            job, picture, first + slice.lowerBound..<first + slice.upperBound,
            task / parts * together,
            UnsafeRawPointer(a) + slice.lowerBound * step * lineBytes, scratch)
        }
      }
    }
  }
}
