import FCNLoopTypes

// What algorithms and precisions of convolutions serve for.

extension ConvolutionPrecision {
  /// Of a factor.
  var byteCount: Int { self == .float32 ? 4 : 2 }
}

extension Convolution {
  /// Whether 16-bit integers may make its products, where a session allows them: not of scores, whose
  /// errors nothing evens out, nor of few channels.
  func mayUseIntegers(_ inputChannels: Int) -> Bool {
    groups == 1 && !makesScores && inputChannels % channelBlock == 0
  }
}

extension ConvolutionAlgorithm {
  /// Whether it can multiply such numbers; in F(8×8, 3×3) integers would lose too many bits, and what others
  /// than F(4×4, 3×3) make of bytes does not fit 16.
  func multiplies(_ precision: ConvolutionPrecision) -> Bool {
    switch precision {
    case .float32: self != .shifted
    case .int16: self != .planar && self != .winograd8 && self != .shifted
    case .int8: self == .pointwise || self == .unfolded || self == .winograd4 || self == .shifted
    case .bfloat16: self == .shifted
    }
  }

  /// Whether it can do such a convolution, and what follows it.
  func serves(_ window: Window, _ channels: Int, _ epilogue: Epilogue) -> Bool {
    if epilogue.pooled != nil, tile % 2 != 0 || window.dilation != 1 { return false }
    switch self {
    case .pointwise:
      return window.kernel == 1 && window.stride == 1 && window.padding == 0
    case .unfolded: return true
    case .planar: return channels <= 4
    case .shifted: return window.stride.h <= 2 && window.stride.w <= 2
    case .winograd4, .winograd6, .winograd8:
      return window.kernel == 3 && window.stride == 1
    case .winograd2of7:
      return window.kernel == 7 && window.stride == 1
    }
  }
}

extension Extent {
  /// As a tuple.
  var pair: (height: Int, width: Int) { (h, w) }
}
