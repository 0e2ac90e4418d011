// What `.shifted` works on: the input with its padding, a grid of pixels that lie one behind the other, so
// that what a tap sees of a line of the output are rows of it, the same step apart for every tap. A line's
// padding before is also the padding behind the line above. At stride 1 that goes on from line to line, and
// results that would lie in the padding are computed in vain.
extension ConvolutionJob {
  /// Bytes of a row that tiles multiply at a time: as many terms, or half as many floats of 16 bits.
  public static let tileDepth = 64
  /// Rows of products that are made together, in two tiles.
  public static let tileRows = 32
  /// Bytes of a tile of weights: [terms / 4][channel][4].
  public static let tileBytes = tileDepth * channelBlock

  /// Blocks of output channels that are made together.
  public static let blocksTogether = 2

  /// Bytes of a block's weights.
  public var tileWeightBytes: Int { tileSteps * Self.tileBytes }

  /// Terms of which a sum of products of bytes fits 32 bits.
  public static let tileTerms = 0x7FFF_FFFF / (255 * 128)

  /// Floats of scratch for a product of tiles: sums of two blocks, and results of a block.
  public static let gridScratch = 3 * tileRows * channelBlock

  /// Columns behind the input's last one that windows see.
  public var columnsBehind: Int {
    let seen = (outputWidth - 1) * strideWidth + (kernelWidth - 1) * dilationWidth + 1
    return max(0, seen - paddingWidth - inputWidth)
  }

  /// Pixels of a line of the grid: one for every result at least.
  public var gridWidth: Int { max(inputWidth + max(paddingWidth, columnsBehind), outputWidth) }

  /// Lines of the grid that `lines` lines of the output see.
  public func gridLines(_ lines: Int) -> Int {
    (lines - 1) * strideHeight + (kernelHeight - 1) * dilationHeight + 1
  }

  /// Bytes of a number of the grid.
  public var gridNumberBytes: Int { precision == .bfloat16 ? 2 : 1 }

  /// Channels of a pixel of the grid of `bfloat16`: those that are not there are zeros.
  public static let gridFloatChannels = 4

  /// Bytes of a pixel's numbers.
  private var gridChannelBytes: Int {
    precision == .bfloat16 ? 2 * Self.gridFloatChannels : inputChannels
  }

  /// Whether neighbouring taps are read as one run of bytes: where a pixel's channels would not fill tiles.
  public var joinsTaps: Bool { dilationWidth == 1 && gridChannelBytes % Self.tileDepth != 0 }

  /// Bytes from a pixel of the grid to the next. Steps of large powers of two would fall into the same few
  /// sets of a cache.
  public var gridPixelBytes: Int {
    gridChannelBytes % 512 == 0 ? gridChannelBytes + Self.tileDepth : gridChannelBytes
  }

  /// Runs of bytes that a pixel's window sees in a line, and their length.
  public var tapRuns: (count: Int, bytes: Int) {
    joinsTaps ? (1, kernelWidth * gridChannelBytes) : (kernelWidth, gridChannelBytes)
  }

  /// Where tiles of weights have what a tap multiplies of a channel: which step, and which byte of a row.
  public func tilePlace(tap: Int, channel: Int) -> (step: Int, byte: Int) {
    let (row, column) = (tap / kernelWidth, tap % kernelWidth)
    let runs = tapRuns
    let stepsPerRun = (runs.bytes + Self.tileDepth - 1) / Self.tileDepth
    let within = channel * gridNumberBytes
    let (run, byte) = joinsTaps ? (0, column * gridChannelBytes + within) : (column, within)
    return (
      (row * runs.count + run) * stepsPerRun + byte / Self.tileDepth, byte % Self.tileDepth
    )
  }

  /// Steps of `tileDepth` terms: the last of a run may have some with weights of zero.
  public var tileSteps: Int {
    kernelHeight * tapRuns.count * ((tapRuns.bytes + Self.tileDepth - 1) / Self.tileDepth)
  }

  /// Bytes of the grid for `lines` lines of the output, and of what is read behind it in vain.
  public func gridBytes(_ lines: Int) -> Int {
    let pixels =
      gridLines(lines) * gridWidth + (kernelWidth - 1) * dilationWidth + Self.tileRows * strideWidth
    return pixels * gridPixelBytes + Self.tileDepth
  }
}
