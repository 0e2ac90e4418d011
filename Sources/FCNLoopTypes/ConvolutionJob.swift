/// Channels that lie side by side in a blocked tensor, ⌈C/16⌉×N×H×W×16: one AVX-512 register, two of
/// AVX2, four of NEON or SSE.
public let channelBlock = 16

/// Rows that a micro-kernel computes at a time: with the widest panel, as many accumulators as the
/// registers hold. Buffers of rows have room for a multiple of it.
public let microKernelRows = 6

/// How a convolution is turned into matrix products, *positions* of them: each has a row for every
/// tile (or pixel) and a column for every output channel.
public enum ConvolutionAlgorithm: Sendable, Hashable, CaseIterable {
  /// A row is a pixel, read where it lies: 1×1, stride 1.
  case pointwise
  /// A row is a pixel with all that its window sees, gathered from a blocked tensor.
  case unfolded
  /// The same, gathered from a planar tensor: for inputs of few channels.
  case planar
  /// A row is a pixel, and what each tap sees of it another row of the padded input: products of bytes by
  /// tiles.
  case shifted
  /// Winograd's F(4×4, 3×3): 36 positions, a row is a tile of 4×4 pixels (Lavin and Gray, 2016).
  case winograd4
  /// F(6×6, 3×3): 64 positions.
  case winograd6
  /// F(8×8, 3×3): 100 positions; some ten times the rounding errors of the others.
  case winograd8
  /// F(2×2, 7×7): 64 positions, over the same points as F(6×6, 3×3).
  case winograd2of7

  /// Matrix products that it takes.
  public var positions: Int {
    switch self {
    case .pointwise, .unfolded, .planar, .shifted: 1
    case .winograd4: 36
    case .winograd6, .winograd2of7: 64
    case .winograd8: 100
    }
  }

  /// Height and width of the output of one row.
  public var tile: Int {
    switch self {
    case .pointwise, .unfolded, .planar, .shifted: 1
    case .winograd4: 4
    case .winograd6: 6
    case .winograd8: 8
    case .winograd2of7: 2
    }
  }

  /// Height and width of what one row sees of the input, for Winograd's.
  public var patch: Int {
    switch self {
    case .pointwise, .unfolded, .planar, .shifted: 1
    case .winograd4: 6
    case .winograd6, .winograd2of7: 8
    case .winograd8: 10
    }
  }

  /// Whether it transforms tiles.
  public var isWinograd: Bool { positions > 1 }
}

/// What is multiplied in a convolution's matrix products.
public enum ConvolutionPrecision: String, Sendable, Hashable, CaseIterable {
  /// float32 numbers.
  case float32
  /// Integers of 13 bits in 16, with a float32 scale for every row and every column of a product.
  case int16
  /// Bytes, or the integers of 16 bits that Winograd's transform makes of bytes without rounding, and such
  /// integers of 13 bits, with a float32 scale for every column.
  case int8
  /// The first 16 bits of float32 numbers, rounded; sums are float32. By tiles, of planar inputs of few
  /// channels, and in training by Winograd's algorithms, of inputs of whole blocks of channels.
  case bfloat16

  /// Whether integers are multiplied.
  public var isInteger: Bool { self == .int16 || self == .int8 }
}

/// One convolution with fixed shapes, as the loops see it. Pairs are rows and columns.
public struct ConvolutionJob {
  /// How it is carried out.
  public var algorithm: ConvolutionAlgorithm
  /// In which numbers. The input is bytes with `int8`, else float32, planar with tiles of `bfloat16`.
  public var precision = ConvolutionPrecision.float32
  /// Pictures.
  public var pictures: Int
  /// Pictures of the values that input and output are pictures of, which blocks of channels are apart: more
  /// than `pictures` where only some are worked on, as in training.
  public var inputPictures, outputPictures: Int
  /// The input's channels; its extents.
  public var inputChannels, inputHeight, inputWidth: Int
  /// The output's channels; its extents before pooling.
  public var outputChannels, outputHeight, outputWidth: Int
  /// The kernel's extents.
  public var kernelHeight, kernelWidth: Int
  /// The window's step.
  public var strideHeight, strideWidth: Int
  /// Zeros before the first row and column.
  public var paddingHeight, paddingWidth: Int
  /// The step between the kernel's taps.
  public var dilationHeight, dilationWidth: Int
  /// Whether packed weights are kernels as they are, to be transformed when they are used.
  public var keepsKernels = false
  /// Whether products are summed over rows, as for gradients by weights: pairs of `bfloat16` are of two rows.
  public var sumsRows = false
  /// Whether bytes are multiplied as they are, by weights of 8 bits; of jobs of `int8` that do not transform.
  public var multipliesBytes = false
  /// What is done to each result last.
  public let activation: Activation
  /// Whether that is the rectifier; whether it is another function that does something.
  public let rectifies, activates: Bool
  /// Height and width after the 2×2 pooling that follows; nil without one. A window that hangs over
  /// the edge counts where this leaves room for it.
  public var pooled: (height: Int, width: Int)?

  /// Input, planar or blocked as the algorithm wants it.
  public var input: UnsafePointer<Float>
  /// Added before the activation, blocked, of the output's shape; nil for none.
  public var residual: UnsafePointer<Float>?
  /// Output, blocked.
  public var output: UnsafeMutablePointer<Float>
  /// What the bytes mean that input, residual and output are; nil where those are float32.
  public var inputBytes, residualBytes, outputBytes: ByteChannels?
  /// Set to 1 where a value that becomes a byte is NaN or infinite, which no byte shows; nil where nobody
  /// asks.
  public var notFinite: UnsafeMutablePointer<Int32>?
  /// For jobs whose weights become bytes: a kernel's taps in the order in which they are rounded, and how
  /// much of the error of each before it a tap makes good, [tap in that order][tap before it].
  public var tapOrder: UnsafePointer<Int>?
  /// See `tapOrder`.
  public var tapShares: UnsafePointer<Float>?
  /// Panels of packed weights.
  public var weights: UnsafePointer<Float>
  /// A value for every output channel, zeros up to a whole block.
  public var bias: UnsafePointer<Float>

  /// Makes a job of its parts.
  public init(
    algorithm: ConvolutionAlgorithm, pictures: Int,
    input: (channels: Int, height: Int, width: Int),
    output: (channels: Int, height: Int, width: Int), kernel: (height: Int, width: Int),
    stride: (height: Int, width: Int), padding: (height: Int, width: Int),
    dilation: (height: Int, width: Int), activation: Activation = .identity,
    pooled: (height: Int, width: Int)? = nil
  ) {
    self.algorithm = algorithm
    self.pictures = pictures
    (inputPictures, outputPictures) = (pictures, pictures)
    (inputChannels, inputHeight, inputWidth) = input
    (outputChannels, outputHeight, outputWidth) = output
    (kernelHeight, kernelWidth) = kernel
    (strideHeight, strideWidth) = stride
    (paddingHeight, paddingWidth) = padding
    (dilationHeight, dilationWidth) = dilation
    self.activation = activation
    rectifies = activation == .relu
    activates = activation != .identity && activation != .relu
    self.pooled = pooled
    let nowhere = UnsafeMutablePointer<Float>(bitPattern: 64).unsafelyUnwrapped
    (self.input, self.output, weights, bias) = (
      UnsafePointer(nowhere), nowhere, UnsafePointer(nowhere), UnsafePointer(nowhere)
    )
  }

  /// Blocks of input channels.
  public var inputBlocks: Int { (inputChannels + channelBlock - 1) / channelBlock }
  /// Blocks of output channels.
  public var outputBlocks: Int { (outputChannels + channelBlock - 1) / channelBlock }
  /// Terms of each sum.
  public var depth: Int {
    switch algorithm {
    case .unfolded: kernelHeight * kernelWidth * inputBlocks * channelBlock
    case .planar: kernelHeight * kernelWidth * inputChannels
    case .shifted: tileSteps * Self.tileDepth / gridNumberBytes
    case .pointwise, .winograd4, .winograd6, .winograd8, .winograd2of7: inputChannels
    }
  }
  /// The depth rounded up to whole blocks.
  public var depthBlocks: Int { (depth + channelBlock - 1) / channelBlock }

  /// Tiles in a column and in a row of one phase of the dilated grid; pixels where tiles are pixels.
  public var tilesDown: Int {
    let perPhase = (outputHeight + phasesDown - 1) / phasesDown
    return (perPhase + algorithm.tile - 1) / algorithm.tile
  }
  /// See `tilesDown`.
  public var tilesAcross: Int {
    let perPhase = (outputWidth + phasesAcross - 1) / phasesAcross
    return (perPhase + algorithm.tile - 1) / algorithm.tile
  }
  /// Interleaved grids into which dilation divides the pixels, for Winograd's.
  public var phasesDown: Int { algorithm.isWinograd ? dilationHeight : 1 }
  /// See `phasesDown`.
  public var phasesAcross: Int { algorithm.isWinograd ? dilationWidth : 1 }
  /// Rows of each product.
  public var rows: Int { pictures * phasesDown * phasesAcross * tilesDown * tilesAcross }
}
