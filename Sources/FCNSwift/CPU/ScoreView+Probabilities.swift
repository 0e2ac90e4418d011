// One number a pixel: probabilities of all classes exist for a row at a time only.
extension ScoreView {
  /// Writes H×W numbers that `plane` takes of the probabilities, which are `copyProbabilities`' own.
  func copyProbabilities(
    _ plane: ProbabilityPlane, to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool
  ) {
    pool.run(height) { y, _ in
      withUnsafeTemporaryAllocation(
        of: Float.self, capacity: classCount * width + scratchCount
      ) { scratch in
        guard let row = scratch.baseAddress else { return }
        for c in 0..<classCount {
          copyRow(c, y, to: row + c * width, row + classCount * width)
        }
        loops.softmax(row, row, width, classCount, width)
        plane.write(
          row: y, width: width, row, stride: width, classCount: classCount, to: target + y * width)
      }
    }
  }
}
