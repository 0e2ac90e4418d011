import FCNLoopTypes

/// What the bytes of a value mean: the scale of their channel times (byte − its zero).
struct ByteScaling: Sendable, Hashable {
  /// One for each channel, all above 0.
  let scales: [Float]
  /// The byte that stands for 0.
  let zeros: [UInt8]

  /// What differs where anything does.
  var identity: String {
    zip(scales, zeros).map { ".\(String($0.bitPattern, radix: 36))-\($1)" }.joined()
  }

  /// Of the channels of `parts`, one after the other.
  init(joining parts: [ByteScaling]) {
    scales = parts.flatMap(\.scales)
    zeros = parts.flatMap(\.zeros)
  }

  /// Of some channels of `whole`.
  init(part: Range<Int>, of whole: ByteScaling) {
    scales = Array(whole.scales[part])
    zeros = Array(whole.zeros[part])
  }

  /// Bytes from the lowest to the highest of each channel's `ranges`, 0 among them. A channel that is always
  /// 0 gets the least scale of the others, so that its weights, of which nobody knows what they are worth, do
  /// not take the bits of the others'.
  init(_ ranges: [ClosedRange<Float>]) {
    let widths = ranges.map { max($0.upperBound, 0) - min($0.lowerBound, 0) }
    let least = widths.filter { $0 > 1e-30 }.min() ?? 1e-20
    let scales = widths.map { max($0, least) / 255 }
    self.scales = scales
    zeros = zip(ranges, scales).map { range, scale in
      UInt8(min(255, max(0, (-min(range.lowerBound, 0) / scale).rounded())))
    }
  }
}

/// A scaling as loops read it.
final class ByteChannelTable: Sendable {
  private let memory: AlignedMemory
  private let count: Int

  init?(_ scaling: ByteScaling) {
    count = roundUp(scaling.scales.count, toMultipleOf: channelBlock)
    guard let memory = try? AlignedMemory(count: 3 * count) else { return nil }
    self.memory = memory
    memory.pointer.update(repeating: 0, count: memory.count)
    for (c, scale) in scaling.scales.enumerated() {
      memory.pointer[c] = scale
      memory.pointer[count + c] = 1 / scale
      memory.pointer[2 * count + c] = Float(scaling.zeros[c])
    }
  }

  /// Valid while this lives.
  var channels: ByteChannels {
    let start = UnsafePointer(memory.pointer)
    return ByteChannels(scales: start, factors: start + count, zeros: start + 2 * count)
  }
}
