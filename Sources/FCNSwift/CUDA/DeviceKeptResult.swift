/// The pictures of a batch in memory of their own, from which their scores are made anew when somebody
/// asks: as a whole batch, so that they are to the bit what the labels came from.
final class DeviceKeptPictures {
  private let memory: AlignedMemory
  private let views: [PixelView]
  private let segmenter: DeviceSegmenter
  /// Of the batch, while they are the segmenter's last.
  private var results: [DeviceResult] = []

  /// Copies them from `base`, where they lie as `batch` says.
  init(
    _ batch: DeviceBatch, at base: UnsafeRawPointer, from allocator: Allocator,
    _ segmenter: DeviceSegmenter
  ) throws {
    let first = batch.byteOffset(0)
    let byteCount = batch.byteCount - first
    let memory = try AlignedMemory(count: (byteCount + 3) / 4, from: allocator)
    let target = UnsafeMutableRawPointer(memory.pointer)
    target.copyMemory(from: base + first, byteCount: byteCount)
    views = try batch.pictures.enumerated().map { n, picture in
      try PixelView(
        base: UnsafeRawPointer(target) + (batch.byteOffset(n) - first), width: picture.width,
        height: picture.height, rowStride: picture.rowBytes, format: picture.format)
    }
    self.memory = memory
    self.segmenter = segmenter
  }

  /// The result of picture `n` with its scores at hand.
  func result(_ n: Int) throws -> DeviceResult {
    if !results.indices.contains(n) || !results[n].isCurrent {
      results = []
      results = try withExtendedLifetime(memory) {
        try segmenter.results(views[...], progress: nil)
      }
    }
    return results[n]
  }
}

/// A picture that a device has segmented, after other pictures have followed it there: its labels; its
/// scores, if somebody asks, are made anew.
struct DeviceKeptResult: SegmentedPicture {
  let width: Int
  let height: Int
  let classCount: Int
  private let labels: AlignedMemory
  private let pictures: DeviceKeptPictures
  private let n: Int

  /// Copies the labels of `result`, which is picture `n` of `pictures`.
  init(
    _ result: DeviceResult, _ pictures: DeviceKeptPictures, _ n: Int, from allocator: Allocator
  ) throws {
    (width, height, classCount) = (result.width, result.height, result.classCount)
    labels = try AlignedMemory(count: (width * height + 3) / 4, from: allocator)
    (self.pictures, self.n) = (pictures, n)
    result.copyLabels(to: labelBytes)
  }

  private var labelBytes: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(labels.pointer).assumingMemoryBound(to: UInt8.self)
  }

  func copied(from allocator: Allocator) throws -> any SegmentedPicture { self }

  func copyLabels(to target: UnsafeMutablePointer<UInt8>, _ pool: WorkerPool) throws {
    target.update(from: labelBytes, count: width * height)
  }

  func copyScores(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
    try pictures.result(n).copyScores(to: target, pool)
  }

  func copyProbabilities(to target: UnsafeMutablePointer<Float>, _ pool: WorkerPool) throws {
    try pictures.result(n).copyProbabilities(to: target, pool)
  }
}
