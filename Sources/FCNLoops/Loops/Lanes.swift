import FCNLoopTypes

/// Registers' worth of floats in a channel block.
let lanesPerBlock = channelBlock / Lanes.scalarCount

@inline(__always)
func load(_ pointer: UnsafePointer<Float>) -> Lanes {
  UnsafeRawPointer(pointer).load(as: Lanes.self)
}

@inline(__always)
func store(_ lanes: Lanes, to pointer: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: lanes, as: Lanes.self)
}

/// c · a + b.
@inline(__always)
func fma(_ c: Float, _ a: Lanes, _ b: Lanes) -> Lanes { fma(Lanes(repeating: c), a, b) }

/// The larger of each pair; NaN where either is.
@inline(__always)
func larger(_ a: Lanes, _ b: Lanes) -> Lanes {
  b.replacing(with: a, where: (a .> b) .| (a .!= a))
}

/// Copies the sixteen channels of a pixel.
@inline(__always)
func copyPixel(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>) {
  for lane in 0..<lanesPerBlock {
    store(load(source + lane * Lanes.scalarCount), to: target + lane * Lanes.scalarCount)
  }
}

/// Sets the sixteen channels of a pixel to zero.
@inline(__always)
func clearPixel(_ target: UnsafeMutablePointer<Float>) {
  for lane in 0..<lanesPerBlock { store(Lanes(), to: target + lane * Lanes.scalarCount) }
}
