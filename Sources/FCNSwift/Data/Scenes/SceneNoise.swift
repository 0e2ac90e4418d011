/// Random textures that depend only on a seed and a place.
struct SceneNoise {
  private let seed: UInt32

  init(_ generator: inout SeededGenerator) {
    seed = UInt32(truncatingIfNeeded: generator.next())
  }

  @inline(__always)
  private func hash(_ x: Int32, _ y: Int32) -> UInt32 {
    var h =
      (UInt32(bitPattern: x) &* 0x9E37_79B1) ^ (UInt32(bitPattern: y) &* 0x85EB_CA77) &+ seed
    h ^= h >> 15
    h &*= 0x2C1B_3C6D
    h ^= h >> 12
    h &*= 0x297A_2D39
    return h ^ (h >> 15)
  }

  /// The number of the lattice cell that holds `coordinate`, far coordinates sharing the last one.
  @inline(__always)
  private func cell(of coordinate: Float) -> (index: Int32, floor: Float) {
    let floor = coordinate.rounded(.down)
    return (Int32(max(-1e9, min(1e9, floor))), floor)
  }

  /// A number in [0, 1) for the unit cell that holds (`x`, `y`).
  @inline(__always)
  func cell(_ x: Float, _ y: Float) -> Float {
    Float(hash(cell(of: x).index, cell(of: y).index) >> 8) * 0x1p-24
  }

  /// A number in [0, 1) for a pixel.
  @inline(__always)
  func pixel(_ x: Int, _ y: Int) -> Float {
    Float(hash(Int32(truncatingIfNeeded: x), Int32(truncatingIfNeeded: y)) >> 8) * 0x1p-24
  }

  /// Smooth noise in [0, 1) whose features are about one unit wide.
  @inline(__always)
  func smooth(_ x: Float, _ y: Float) -> Float {
    let (column, left) = cell(of: x)
    let (row, top) = cell(of: y)
    var u = x - left
    var v = y - top
    u = u * u * (3 - 2 * u)
    v = v * v * (3 - 2 * v)
    let a = Float(hash(column, row) >> 8)
    let b = Float(hash(column &+ 1, row) >> 8)
    let c = Float(hash(column, row &+ 1) >> 8)
    let d = Float(hash(column &+ 1, row &+ 1) >> 8)
    let upper = a + (b - a) * u
    let lower = c + (d - c) * u
    return (upper + (lower - upper) * v) * 0x1p-24
  }

  /// Three octaves of smooth noise, in [0, 1), mostly near ½.
  @inline(__always)
  func fractal(_ x: Float, _ y: Float) -> Float {
    (4 * smooth(x, y) + 2 * smooth(x * 2.03 + 17, y * 2.03 + 5)
      + smooth(x * 4.11 + 31, y * 4.11 + 11)) * (1 / 7)
  }
}
