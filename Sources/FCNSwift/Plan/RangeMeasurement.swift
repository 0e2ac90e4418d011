import FCNLoopTypes

/// Measures `ValueRanges` in two passes over the same runs: first the extremes, then how values are
/// distributed between them.
final class RangeMeasurement {
  private let pool: WorkerPool
  private var layers: [String: ChannelValues] = [:]
  private var counts = false
  private let goesOn: (_ done: Int) -> Bool
  private var done = 0

  private init(_ pool: WorkerPool, _ goesOn: @escaping (_ done: Int) -> Bool) {
    (self.pool, self.goesOn) = (pool, goesOn)
  }

  /// Measures what is made of `count` pictures: `run` is to add what each layer makes of picture `index`, in
  /// float32, and is asked twice for each. `progress` is asked before each layer and told at the end; false
  /// ends it with `aborted`. Throws `notFinite` where a value is NaN or infinite.
  static func measure(
    _ count: Int, _ pool: WorkerPool, _ progress: ((_ done: Int, _ total: Int) -> Bool)? = nil,
    _ run: (_ index: Int, _ measurement: RangeMeasurement) throws -> Void
  ) throws -> ValueRanges {
    let measurement = RangeMeasurement(pool) { progress?($0, 2 * count) ?? true }
    for step in 0..<2 * count {
      (measurement.done, measurement.counts) = (step, step >= count)
      try measurement.ask()
      try run(step % count, measurement)
    }
    _ = progress?(2 * count, 2 * count)
    return try measurement.ranges()
  }

  private func ask() throws {
    guard goesOn(done) else {
      throw FCNError(.aborted, "stopped while the ranges of values were measured")
    }
  }

  private func ranges() throws -> ValueRanges {
    let ranges = layers.mapValues { $0.bestRanges(pool) }
    try pool.checkGoesOn()
    for (name, ranges) in ranges.sorted(by: { $0.key < $1.key })
    where !ranges.allSatisfy({ $0.upperBound - $0.lowerBound < ValueRanges.widest }) {
      throw FCNError(
        .notFinite, "layer \(name) makes values that are not finite, or too large for bytes")
    }
    return ValueRanges(layers: ranges)
  }

  /// Takes what layer `name` made. Throws `aborted` where it is to end.
  func add(_ name: String, _ value: Tensor) throws {
    try ask()
    let values = try layers[name] ?? ChannelValues(value.shape.c)
    layers[name] = values
    guard values.channels == value.shape.c else { return }
    let (counts, planeCount) = (counts, value.shape.planeCount)
    for first in stride(from: 0, to: planeCount, by: Self.pixelsTogether) {
      let pixels = first..<min(planeCount, first + Self.pixelsTogether)
      pool.run(value.shape.c) { c, _ in
        for n in 0..<value.shape.n {
          if counts { values.count(value, n, c, pixels) } else { values.widen(value, n, c, pixels) }
        }
      }
    }
  }

  /// So few that all channels of a block find them in a cache, and that nobody waits long to be asked.
  static let pixelsTogether = 1 << 14
}

/// What a layer's channels hold; threads write to different channels.
private final class ChannelValues: @unchecked Sendable {
  private static let binCount = 256

  let channels: Int
  private let memory: AlignedMemory
  private let lows, highs: UnsafeMutablePointer<Float>
  /// How many values lie in each part of a channel's range, those that are 0 left out.
  private let bins: UnsafeMutablePointer<UInt64>

  /// Of thousands of channels that is megabytes, which may not be there.
  init(_ channels: Int) throws {
    self.channels = channels
    memory = try AlignedMemory(count: channels * (2 + 2 * Self.binCount))
    lows = memory.pointer
    highs = lows + channels
    bins = UnsafeMutableRawPointer(highs + channels).bindMemory(
      to: UInt64.self, capacity: channels * Self.binCount)
    lows.initialize(repeating: 0, count: channels)
    highs.initialize(repeating: 0, count: channels)
    bins.initialize(repeating: 0, count: channels * Self.binCount)
  }

  /// Raises and lowers the extremes of channel `c` to those of some pixels of picture `n`.
  func widen(_ value: Tensor, _ n: Int, _ c: Int, _ pixels: Range<Int>) {
    let (start, step) = value.channel(n, c)
    var (low, high, zero) = (lows[c], highs[c], Float(0))
    for i in pixels {
      let x = start[i * step]
      low = x < low ? x : low
      high = x > high ? x : high
      zero += x * 0
    }
    // Comparisons pass a NaN by; as wide a range as this is refused.
    (lows[c], highs[c]) = (low, zero == 0 ? high : .infinity)
  }

  /// Counts the values of channel `c` of some pixels of picture `n`, between extremes that are known.
  func count(_ value: Tensor, _ n: Int, _ c: Int, _ pixels: Range<Int>) {
    let (start, step) = value.channel(n, c)
    let (low, bins) = (lows[c], bins + c * Self.binCount)
    let factor = Float(Self.binCount) / max(highs[c] - low, 1e-30)
    let last = Float(Self.binCount - 1)
    for i in pixels {
      let x = start[i * step]
      guard x != 0 else { continue }
      bins[Int(min(last, max(0, (x - low) * factor)))] += 1
    }
  }

  /// The ranges in which the squared error of bytes is least, of the whole ones and narrower ones in
  /// proportion.
  func bestRanges(_ pool: WorkerPool) -> [ClosedRange<Float>] {
    let best = UnsafeMutablePointer<ClosedRange<Float>>.allocate(capacity: channels)
    best.initialize(repeating: 0...0, count: channels)
    defer { best.deallocate() }
    pool.run(channels) { c, _ in best[c] = self.bestRange(c) }
    return (0..<channels).map { best[$0] }
  }

  private func bestRange(_ c: Int) -> ClosedRange<Float> {
    let (low, high) = (Double(lows[c]), Double(highs[c]))
    let bins = UnsafeBufferPointer(start: bins + c * Self.binCount, count: Self.binCount)
    let width = (high - low) / Double(Self.binCount)
    let total = bins.reduce(0.0) { $0 + Double($1) }
    var best = (error: Double.infinity, part: 1.0)
    for step in 0..<24 {
      let part = 1 - Double(step) / 32
      let scale = part * (high - low) / 255
      var error = total * scale * scale / 12
      for (bin, count) in bins.enumerated() where count > 0 {
        let x = low + (Double(bin) + 0.5) * width
        let beyond = max(0, x - part * high) + max(0, part * low - x)
        error += Double(count) * beyond * beyond
      }
      if error < best.error { best = (error, part) }
    }
    return Float(low * best.part)...Float(high * best.part)
  }
}

extension Tensor {
  /// The first value of a channel of a picture, of a value that is floats, and how far apart they are.
  fileprivate func channel(_ n: Int, _ c: Int) -> (UnsafePointer<Float>, step: Int) {
    guard layout == .blocked else { return (UnsafePointer(plane(n, c)), 1) }
    let block = (c / channelBlock * shape.n + n) * shape.planeCount * channelBlock
    return (UnsafePointer(pointer + block + c % channelBlock), channelBlock)
  }
}
