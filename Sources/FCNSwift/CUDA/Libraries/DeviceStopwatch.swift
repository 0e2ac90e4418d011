/// Tells how long a device takes.
final class DeviceStopwatch {
  private let context: DeviceContext
  private let queue: DeviceQueue
  private var events: (CUDADriver.Handle, CUDADriver.Handle) = (nil, nil)

  /// To be used with the context current.
  init(_ stream: DeviceStream) throws {
    context = stream.context
    queue = stream.queue
    try context.check(context.driver.cuEventCreate(&events.0, 0), "cuEventCreate")
    try context.check(context.driver.cuEventCreate(&events.1, 0), "cuEventCreate")
  }

  deinit {
    try? context.run {
      for event in [events.0, events.1] where event != nil {
        _ = context.driver.cuEventDestroy(event)
      }
    }
  }

  /// Milliseconds of what `body` hands to the stream: the least of a few times, for other work on the
  /// device only ever adds, after one that loads what needs loading. Of what is slower than `best` by
  /// far, the first time.
  func milliseconds(best: Double?, _ body: () throws -> Void) throws -> Double {
    try body()
    var least = try once(body)
    for _ in 0..<2 where Double(least) < 2 * (best ?? .infinity) {
      least = min(least, try once(body))
    }
    return Double(least)
  }

  private func once(_ body: () throws -> Void) throws -> Float {
    let driver = context.driver
    try context.check(driver.cuEventRecord(events.0, queue.handle), "cuEventRecord")
    try body()
    try context.check(driver.cuEventRecord(events.1, queue.handle), "cuEventRecord")
    try context.check(driver.cuEventSynchronize(events.1), "cuEventSynchronize")
    var time: Float = 0
    try context.check(
      driver.cuEventElapsedTime(&time, events.0, events.1), "cuEventElapsedTime")
    return time
  }
}
