/// The loops of one instruction set.
public struct LoopTable: Sendable {
  /// `portable`, `avx2`, `avx512`, `avx512vnni`, `avx512bf16`, `amx`.
  public let name: String
  /// Blocks of output channels in the widest panel of weights, four at most; those that fill no such
  /// panel come in a narrower one, the last.
  public let panelBlocks: Int

  /// How much faster than float32 it multiplies 16-bit integers.
  public let integerSpeed: Double
  /// Whether it has instructions for products of bytes that do not lose what does not fit 16 bits.
  public let multipliesBytes: Bool
  /// Whether it has registers of tiles for such products.
  public var multipliesTiles: Bool
  /// Whether it has instructions for products of pairs of floats of 16 bits.
  public let multipliesBFloats: Bool

  /// Makes rows `rows` of the left-hand matrices, input blocks `blocks` of them, which are to be rows
  /// `place` and the following of `a`, which has room for `capacity`: [position][depth block][row][16].
  /// For `.planar`: [depth][row]. 16-bit rows have scales in front, and are made of all blocks at once.
  public let prepare:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ rows: Range<Int>, _ blocks: Range<Int>,
      _ capacity: Int, _ place: Int, _ a: UnsafeMutablePointer<Float>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// m = rows `rows` of a × the panel that begins with output block `block`, for the positions
  /// `positions`: [position][row][channel of the panel], with room for a multiple of `microKernelRows`
  /// rows. `a` is as `prepare` left it; weights lie as [position][panel][depth][channel of the panel],
  /// 16-bit ones as [position][panel][depth / 2][channel of the panel][2].
  public let multiply:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ positions: Range<Int>, _ block: Int,
      _ panelBlocks: Int, _ a: UnsafePointer<Float>, _ capacity: Int, _ rows: Range<Int>,
      _ m: UnsafeMutablePointer<Float>
    ) -> Void

  /// The same as `multiply` for all positions of a panel whose weights are kernels as they are, which it
  /// transforms: for jobs that keep kernels.
  public let multiplyKernels:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ block: Int, _ panelBlocks: Int,
      _ a: UnsafePointer<Float>, _ capacity: Int, _ rows: Int, _ m: UnsafeMutablePointer<Float>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// Makes rows `rows` of output blocks `block` and the following of `m`, which `multiply` left, and
  /// stores them.
  public let finish:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ rows: Range<Int>, _ block: Int, _ panelBlocks: Int,
      _ m: UnsafePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// For `.shifted`. Writes lines `lines` of a picture's grid to `a`, of which the first stands for the
  /// `paddingHeight`-th before the input; behind the last of those that are wanted also its padding.
  public let prepareGrid:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ picture: Int, _ lines: Range<Int>, _ isLast: Bool,
      _ a: UnsafeMutableRawPointer
    ) -> Void

  /// For `.shifted`. Makes lines `lines` of `ConvolutionJob.blocksTogether` blocks of a picture's output,
  /// from `block` on, and stores them; `a` is the first line of the grid that the first one sees. `scratch`
  /// has room for `ConvolutionJob.gridScratch` floats.
  public let multiplyGrid:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ picture: Int, _ lines: Range<Int>, _ block: Int,
      _ a: UnsafeRawPointer, _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// Packs the weights of the panel that begins with output block `block` into its places among all
  /// packed weights of the job.
  public let pack:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ weight: UnsafePointer<Float>,
      _ block: Int, _ panelBlocks: Int,
      _ weights: UnsafeMutablePointer<Float>
    ) -> Void

  /// For gradients by the weights of `.winograd4` and `.winograd6`. Transforms tiles `rows` of block `block`
  /// of the gradient by the output, blocked, to `w`: [position][output block][row][16].
  public let prepareGradient:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ gradient: UnsafePointer<Float>, _ rows: Range<Int>,
      _ block: Int, _ capacity: Int, _ w: UnsafeMutablePointer<Float>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// Sums the products of `rows` tiles of one position and one input block: [output block][input
  /// channel][output channel]; `a` is as `prepare` left it, `w` as `prepareGradient`. Of `.planar`,
  /// `w` are the gradients of pixels as they lie, rows are pixels, and sums are
  /// [output block][term][output channel].
  public let multiplyGradient:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ position: Int, _ inputBlock: Int,
      _ a: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ capacity: Int, _ rows: Int,
      _ u: UnsafeMutablePointer<Float>, _ adding: Bool
    ) -> Void

  /// Transforms those sums of one input block, which lie `positionStride` apart, to the gradient by
  /// the weights, out×in×3×3.
  public let finishGradient:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ inputBlock: Int, _ u: UnsafePointer<Float>,
      _ positionStride: Int, _ gradient: UnsafeMutablePointer<Float>,
      _ scratch: UnsafeMutablePointer<Float>
    ) -> Void

  /// Makes lines `lines` of a convolution of each channel by itself, in the order in which they lie in
  /// memory, [picture][block][row]; weights lie as [block][tap][16].
  public let convolveDepthwise:
    @Sendable (_ job: UnsafePointer<ConvolutionJob>, _ lines: Range<Int>) -> Void

  /// Writes the plane's rows: in each place `start` and, of every tap, its weight times what it sees
  /// there, added in order.
  public let sumTaps:
    @Sendable (_ job: UnsafePointer<TapJob>, _ weights: UnsafePointer<Float>, _ start: Float) ->
      Void

  /// Adds to `sums`, a number a tap, the products of the plane's rows and what the tap sees there. The
  /// plane's columns lie side by side, with zeros behind each row up to whole vectors.
  public let multiplyTaps:
    @Sendable (_ job: UnsafePointer<TapJob>, _ sums: UnsafeMutablePointer<Double>) -> Void

  /// `multiply` and `finish` in one, for float32 jobs whose rows are pixels: of the pixels `pixels` of the
  /// output, whose rows begin at `a`. `m` is for products of `ConvolutionJob.pixelsTogether` rows.
  public let multiplyPixels:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ block: Int, _ panelBlocks: Int,
      _ a: UnsafePointer<Float>, _ capacity: Int, _ pixels: Range<Int>,
      _ m: UnsafeMutablePointer<Float>
    ) -> Void

  /// m = the terms `terms` of `rows` rows times those of a panel, or that much more if `adding`; for jobs of
  /// one position, of float32 or, where 0 stands for 0 in all channels, of bytes. `a` is the first row's term
  /// `terms.lowerBound`; rows are sixteen numbers apart, blocks of sixteen terms `capacity` rows. `m` has
  /// room for a multiple of `microKernelRows` rows.
  public let multiplyTerms:
    @Sendable (
      _ job: UnsafePointer<ConvolutionJob>, _ block: Int, _ panelBlocks: Int, _ terms: Range<Int>,
      _ a: UnsafePointer<Float>, _ capacity: Int, _ rows: Int, _ m: UnsafeMutablePointer<Float>,
      _ adding: Bool
    ) -> Void

  /// Writes the sums of `terms` sources, each times its factor, of `count` values, a multiple of sixteen.
  public let combine:
    @Sendable (
      _ sources: UnsafePointer<UnsafePointer<Float>>, _ factors: UnsafePointer<Float>,
      _ terms: Int, _ target: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Void

  /// Writes the left-hand sides of Strassen's seven products (`StrassenConvolution`),
  /// [product][block][row][16], each of half of `rows` and of `blocks` blocks of channels, both rounded up;
  /// what is not there counts as zeros. Blocks of the source lie `blockStride` floats apart and are
  /// multiplied by `factors`, one a channel; products are `ConvolutionJob.sumStride` apart.
  public let prepareStrassen:
    @Sendable (
      _ source: UnsafePointer<Float>, _ blockStride: Int, _ blocks: Int, _ rows: Int,
      _ factors: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) -> Void

  /// Sums Strassen's products, each of `rows` rows and `columns` columns and `stride` floats after the one
  /// before, in their place to results: upper rows of the left columns, of the right ones, then lower rows of
  /// both. Left columns are multiplied by `scales`, right ones by `otherScales`.
  public let finishStrassen:
    @Sendable (
      _ m: UnsafeMutablePointer<Float>, _ stride: Int, _ rows: Int, _ columns: Int,
      _ scales: UnsafePointer<Float>, _ otherScales: UnsafePointer<Float>
    ) -> Void

  /// Writes what an activation makes of `count` values, a multiple of sixteen, to `target`, which may be
  /// where they are.
  public let activate:
    @Sendable (
      _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int,
      _ activation: Activation
    ) -> Void

  /// Turns `count` scores, each times `factor`, into e to the power of what they are less than the largest,
  /// and tells that and the sum of what was made. A NaN makes that NaN.
  public let exponentiate:
    @Sendable (_ scores: UnsafeMutablePointer<Float>, _ count: Int, _ factor: Float) -> (
      largest: Float, total: Float
    )

  /// The softmax over `channels` channels, which lie `stride` floats apart, of `count` pixels side by side.
  /// Scores may be written over.
  public let softmax:
    @Sendable (
      _ scores: UnsafePointer<Float>, _ probabilities: UnsafeMutablePointer<Float>, _ count: Int,
      _ channels: Int, _ stride: Int
    ) -> Void

  /// For each of `count` pixels, a multiple of sixteen, the class whose score is the largest, the lowest
  /// of those that are equal: scores lie `down` of the way from `above` to `below`, which have a line for
  /// each class, `lineStride` apart.
  public let rank:
    @Sendable (
      _ above: UnsafePointer<Float>, _ below: UnsafePointer<Float>, _ lineStride: Int,
      _ classes: Int, _ down: Float, _ count: Int, _ labels: UnsafeMutablePointer<UInt8>
    ) -> Void

  /// For each of `rows` rows of products, which lie `stride` floats apart, and each of their first `columns`
  /// columns, a multiple of sixteen: where product and `bias` make more than the best score so far, that
  /// becomes the best, and `label` its class. Class 0 comes first and is the best so far. `best` and
  /// `labels` are [row][column], rows `bestStride` elements apart.
  public let rankProducts:
    @Sendable (
      _ products: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ columns: Int,
      _ bias: Float, _ label: Int32, _ best: UnsafeMutablePointer<Float>,
      _ labels: UnsafeMutablePointer<Int32>, _ bestStride: Int
    ) -> Void

  /// Makes a table of its parts.
  public init(
    name: String, panelBlocks: Int, integerSpeed: Double, multipliesBytes: Bool,
    multipliesTiles: Bool, multipliesBFloats: Bool,
    prepare:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Range<Int>, Range<Int>, Int, Int,
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void,
    multiply:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Range<Int>, Int, Int, UnsafePointer<Float>, Int,
        Range<Int>, UnsafeMutablePointer<Float>
      ) -> Void,
    multiplyKernels:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, Int, UnsafePointer<Float>, Int, Int,
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void,
    finish:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Range<Int>, Int, Int, UnsafePointer<Float>,
        UnsafeMutablePointer<Float>
      ) -> Void,
    prepareGrid:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, Range<Int>, Bool, UnsafeMutableRawPointer
      ) -> Void,
    multiplyGrid:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, Range<Int>, Int, UnsafeRawPointer,
        UnsafeMutablePointer<Float>
      ) -> Void,
    pack:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, UnsafePointer<Float>, Int, Int,
        UnsafeMutablePointer<Float>
      ) -> Void,
    prepareGradient:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, UnsafePointer<Float>, Range<Int>, Int, Int,
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void,
    multiplyGradient:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>, Int,
        Int, UnsafeMutablePointer<Float>, Bool
      ) -> Void,
    finishGradient:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, UnsafePointer<Float>, Int,
        UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void,
    convolveDepthwise: @escaping @Sendable (UnsafePointer<ConvolutionJob>, Range<Int>) -> Void,
    sumTaps:
      @escaping @Sendable (UnsafePointer<TapJob>, UnsafePointer<Float>, Float) -> Void,
    multiplyTaps:
      @escaping @Sendable (UnsafePointer<TapJob>, UnsafeMutablePointer<Double>) -> Void,
    multiplyPixels:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, Int, UnsafePointer<Float>, Int, Range<Int>,
        UnsafeMutablePointer<Float>
      ) -> Void,
    multiplyTerms:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Int, Int, Range<Int>, UnsafePointer<Float>, Int, Int,
        UnsafeMutablePointer<Float>, Bool
      ) -> Void,
    combine:
      @escaping @Sendable (
        UnsafePointer<UnsafePointer<Float>>, UnsafePointer<Float>, Int,
        UnsafeMutablePointer<Float>, Int
      ) -> Void,
    prepareStrassen:
      @escaping @Sendable (
        UnsafePointer<Float>, Int, Int, Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>
      ) -> Void,
    finishStrassen:
      @escaping @Sendable (
        UnsafeMutablePointer<Float>, Int, Int, Int, UnsafePointer<Float>, UnsafePointer<Float>
      ) -> Void,
    activate:
      @escaping @Sendable (
        UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Activation
      ) -> Void,
    exponentiate:
      @escaping @Sendable (UnsafeMutablePointer<Float>, Int, Float) -> (
        largest: Float, total: Float
      ),
    softmax:
      @escaping @Sendable (
        UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int, Int
      ) -> Void,
    rank:
      @escaping @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, Int, Int, Float, Int,
        UnsafeMutablePointer<UInt8>
      ) -> Void,
    rankProducts:
      @escaping @Sendable (
        UnsafePointer<Float>, Int, Int, Int, Float, Int32, UnsafeMutablePointer<Float>,
        UnsafeMutablePointer<Int32>, Int
      ) -> Void
  ) {
    self.name = name
    self.panelBlocks = panelBlocks
    self.integerSpeed = integerSpeed
    self.multipliesBytes = multipliesBytes
    self.multipliesTiles = multipliesTiles
    self.multipliesBFloats = multipliesBFloats
    self.prepare = prepare
    self.multiply = multiply
    self.multiplyKernels = multiplyKernels
    self.finish = finish
    (self.prepareGrid, self.multiplyGrid) = (prepareGrid, multiplyGrid)
    self.pack = pack
    self.prepareGradient = prepareGradient
    self.multiplyGradient = multiplyGradient
    self.finishGradient = finishGradient
    self.convolveDepthwise = convolveDepthwise
    self.sumTaps = sumTaps
    self.multiplyTaps = multiplyTaps
    self.multiplyPixels = multiplyPixels
    self.multiplyTerms = multiplyTerms
    self.combine = combine
    (self.prepareStrassen, self.finishStrassen) = (prepareStrassen, finishStrassen)
    self.activate = activate
    (self.exponentiate, self.softmax) = (exponentiate, softmax)
    (self.rank, self.rankProducts) = (rank, rankProducts)
  }
}
