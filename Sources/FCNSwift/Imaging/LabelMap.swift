/// The class of every pixel of a picture: an index, or `ignore` where nobody can say.
public struct LabelMap: Sendable, Hashable {
  /// The value of pixels that count neither in the loss nor in any metric; 255, as VOC's files have it.
  public static let ignore: UInt8 = 255

  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `width · height` class indices, row by row from the top.
  public var labels: [UInt8]

  /// A map of one class.
  public init(width: Int, height: Int, label: UInt8 = 0) throws {
    let count = try Image.pixelCount(width: width, height: height)
    try requireMemory(count)
    self.width = width
    self.height = height
    labels = [UInt8](repeating: label, count: count)
  }

  /// A map of the given indices; throws unless there are `width · height` of them.
  public init(width: Int, height: Int, labels: [UInt8]) throws {
    let count = try Image.pixelCount(width: width, height: height)
    guard labels.count == count else {
      throw FCNError(
        .invalidArgument,
        "\(labels.count) labels were given for a map of \(width)×\(height), which has \(count)")
    }
    self.width = width
    self.height = height
    self.labels = labels
  }

  /// Pixels of each class below `classCount`: the areas that a host asks for.
  public func areas(classCount: Int) -> [Int] {
    Array(histogram().prefix(max(0, min(classCount, 255))))
  }

  /// Pixels of each of the 256 values.
  func histogram() -> [Int] {
    var areas = [Int](repeating: 0, count: 256)
    areas.withUnsafeMutableBufferPointer { areas in
      labels.withUnsafeBufferPointer { labels in
        for label in labels { areas[Int(label)] += 1 }
      }
    }
    return areas
  }
}
