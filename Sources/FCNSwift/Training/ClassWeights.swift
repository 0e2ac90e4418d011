import Glibc

extension TrainingOptions.ClassWeights {
  /// A weight for each class; nil where all are 1. Where weights follow from how often classes occur
  /// and nobody has counted `classPixels`, every picture's labels are read.
  func values(
    for pictures: any LabelledPictures, classCount: Int, classPixels: [Int]? = nil
  ) throws -> [Float]? {
    switch self {
    case .none: return nil
    case .explicit(let weights): return weights
    case .enet:
      var pixels = classPixels ?? []
      if pixels.count != classCount {
        pixels = [Int](repeating: 0, count: classCount)
        for index in 0..<pictures.count {
          let areas = try pictures.picture(at: index).labels.areas(classCount: classCount)
          for (index, area) in areas.enumerated() { pixels[index] += area }
        }
      }
      let total = Double(max(1, pixels.reduce(0, +)))
      return pixels.map { Float(1 / log(1.1 + Double($0) / total)) }
    }
  }
}
