/// One number a pixel, taken of the probabilities of all classes.
enum ProbabilityPlane {
  /// The probability of the class that `labels`, H×W, says of each pixel; 0 where that is no class.
  case ofLabels(UnsafePointer<UInt8>)
  /// The probability that a pixel is of one of these classes, each below the number of classes.
  case ofAny([Int])

  /// Writes the numbers of row `y`, whose `probabilities` lie class by class, `stride` floats apart.
  func write(
    row y: Int, width: Int, _ probabilities: UnsafePointer<Float>, stride: Int, classCount: Int,
    to row: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .ofLabels(let labels):
      let labels = labels + y * width
      for x in 0..<width {
        let label = Int(labels[x])
        row[x] = label < classCount ? probabilities[label * stride + x] : 0
      }
    case .ofAny(let classes):
      row.update(repeating: 0, count: width)
      for label in classes {
        for x in 0..<width { row[x] += probabilities[label * stride + x] }
      }
      // What sums of roundings make of a certainty.
      for x in 0..<width { row[x] = min(row[x], 1) }
    }
  }
}

extension SegmentedPicture {
  /// From the probabilities of the whole picture: for backends that have its scores only as a whole.
  func copyProbabilities(
    _ plane: ProbabilityPlane, to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool
  ) throws {
    let all = try Tensor(uninitialized: Shape(1, classCount, height, width))
    try copyProbabilities(to: all.pointer, pool)
    pool.run(height) { y, _ in
      plane.write(
        row: y, width: width, all.pointer + y * width, stride: width * height,
        classCount: classCount, to: target + y * width)
    }
  }
}
