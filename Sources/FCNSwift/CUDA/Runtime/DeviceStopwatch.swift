/// Tells how long a device takes for what is handed to a stream, by marks between its pieces.
final class DeviceStopwatch {
  private let context: DeviceContext
  private let queue: DeviceQueue
  /// Of all marks that there ever were, so that later runs need not make new ones.
  private var events: [CUDADriver.Handle] = []
  private var markCount = 0

  init(_ stream: DeviceStream) {
    context = stream.context
    queue = stream.queue
  }

  deinit {
    try? context.run {
      for event in events { _ = context.driver.cuEventDestroy(event) }
    }
  }

  /// Forgets all marks.
  func reset() { markCount = 0 }

  /// Hands over another mark. To be called with the context current, as what follows.
  func mark() throws {
    if markCount == events.count {
      var event: CUDADriver.Handle = nil
      try context.check(context.driver.cuEventCreate(&event, 0), "cuEventCreate")
      events.append(event)
    }
    try context.check(
      context.driver.cuEventRecord(events[markCount], queue.handle), "cuEventRecord")
    markCount += 1
  }

  /// Waits until the last mark is reached; milliseconds from each to the next.
  func intervals() throws -> [Double] {
    let marks = events.prefix(markCount)
    guard let last = marks.last else { return [] }
    try context.check(context.driver.cuEventSynchronize(last), "cuEventSynchronize")
    return try zip(marks, marks.dropFirst()).map { from, to in
      var time: Float = 0
      try context.check(
        context.driver.cuEventElapsedTime(&time, from, to), "cuEventElapsedTime")
      return Double(time)
    }
  }

  /// Milliseconds of what `body` hands to the stream: the least of a few times, for other work on the
  /// device only ever adds, after one that loads what needs loading. Of what is slower than `best` by
  /// far, the first time.
  func milliseconds(best: Double?, _ body: () throws -> Void) throws -> Double {
    try body()
    var least = try once(body)
    for _ in 0..<2 where least < 2 * (best ?? .infinity) { least = min(least, try once(body)) }
    return least
  }

  private func once(_ body: () throws -> Void) throws -> Double {
    reset()
    try mark()
    try body()
    try mark()
    return try intervals()[0]
  }
}
