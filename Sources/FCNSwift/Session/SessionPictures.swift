/// Pictures that a session is to segment, seen some at a time: a view of an image takes some of the stack
/// while it is there, and there may be ten thousand images.
struct SessionPictures {
  let count: Int
  /// In pixels.
  let sizes: [(width: Int, height: Int)]
  private let withViews: (Range<Int>, (ArraySlice<PixelView>) throws -> Void) throws -> Void

  init(_ views: [PixelView]) {
    count = views.count
    sizes = views.map { ($0.width, $0.height) }
    withViews = { range, body in try body(views[range]) }
  }

  init(_ images: [Image]) {
    count = images.count
    sizes = images.map { ($0.width, $0.height) }
    withViews = { range, body in try withPixelViews(of: images[range], body) }
  }

  /// Calls `body` with those that run together, neighbours of one `shape`, `most` at a time, and with what
  /// it is to tell of their progress.
  func forEachBatch(
    atMost most: Int, _ shape: (PixelView) -> Shape, _ progress: ((Session.Progress) -> Bool)?,
    _ body: (
      _ batch: ArraySlice<PixelView>,
      _ progress: ((_ layer: String, _ done: Int, _ total: Int) -> Bool)?
    ) throws -> Void
  ) throws {
    var start = 0
    while start < count {
      let first = try inputShape(start, shape)
      var end = start + 1
      while end < count, end - start < most, try inputShape(end, shape) == first { end += 1 }
      let report = progress.map { progress in
        { (layer: String, done: Int, total: Int) in
          progress(
            Session.Progress(
              picturesDone: start, pictureCount: count, batchCount: end - start,
              layersDone: done, layerCount: total, layerName: layer))
        }
      }
      try withViews(start..<end) { try body($0, report) }
      start = end
    }
  }

  private func inputShape(_ index: Int, _ shape: (PixelView) -> Shape) throws -> Shape? {
    var found: Shape?
    try withViews(index..<index + 1) { found = $0.first.map(shape) }
    return found
  }
}
