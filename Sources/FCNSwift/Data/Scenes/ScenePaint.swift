/// A colour while a scene is being drawn: 0 is black, 1 the brightest that a picture can hold;
/// light may carry it beyond that until the picture is developed.
struct Paint {
  var red: Float
  var green: Float
  var blue: Float

  init(_ red: Float, _ green: Float, _ blue: Float) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  init(grey: Float) { self.init(grey, grey, grey) }

  @inline(__always)
  static func * (a: Paint, factor: Float) -> Paint {
    Paint(a.red * factor, a.green * factor, a.blue * factor)
  }

  @inline(__always)
  static func * (a: Paint, b: Paint) -> Paint {
    Paint(a.red * b.red, a.green * b.green, a.blue * b.blue)
  }

  @inline(__always)
  static func + (a: Paint, b: Paint) -> Paint {
    Paint(a.red + b.red, a.green + b.green, a.blue + b.blue)
  }

  /// This colour with `amount` (0…1) of `other` in it.
  @inline(__always)
  func mixed(with other: Paint, _ amount: Float) -> Paint {
    Paint(
      red + (other.red - red) * amount,
      green + (other.green - green) * amount,
      blue + (other.blue - blue) * amount)
  }
}

/// A place on the canvas, in samples, y downwards.
struct CanvasPoint {
  var x: Float
  var y: Float

  init(_ x: Float, _ y: Float) {
    self.x = x
    self.y = y
  }
}

/// A place in the world, in metres: x to the right, y above the road, z ahead of the camera.
struct WorldPoint {
  var x: Float
  var y: Float
  var z: Float

  init(_ x: Float, _ y: Float, _ z: Float) {
    self.x = x
    self.y = y
    self.z = z
  }

  /// The point `amount` of the way from here to `other`.
  func towards(_ other: WorldPoint, _ amount: Float) -> WorldPoint {
    WorldPoint(
      x + (other.x - x) * amount, y + (other.y - y) * amount, z + (other.z - z) * amount)
  }
}

/// Sine and cosine of `turns` full turns, to three decimals.
///
/// Plain arithmetic, because a C library's last bits differ from the next one's and a scene must
/// be the same everywhere.
func sineAndCosine(turns: Float) -> (sine: Float, cosine: Float) {
  func sine(_ turns: Float) -> Float {
    let t = turns - turns.rounded()
    let parabola = 8 * t - 16 * t * abs(t)
    return parabola + 0.225 * (parabola * abs(parabola) - parabola)
  }
  return (sine(turns), sine(turns + 0.25))
}

/// `value` kept within 0…1.
@inline(__always)
func unitClamped(_ value: Float) -> Float { value < 0 ? 0 : (value > 1 ? 1 : value) }

/// 0 below `low`, 1 above `high`, a smooth rise between.
@inline(__always)
func smoothStep(_ low: Float, _ high: Float, _ value: Float) -> Float {
  let t = unitClamped((value - low) / (high - low))
  return t * t * (3 - 2 * t)
}

extension SeededGenerator {
  /// True with probability `probability`.
  mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  /// One of `choices`, which must not be empty.
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice {
    choices[integer(in: 0..<choices.count)]
  }

  /// `paint`, brighter or darker by up to `spread`, its channels drifting by a third of that.
  mutating func varied(_ paint: Paint, by spread: Float) -> Paint {
    let level = 1 + uniform(in: -spread...spread)
    let drift = spread / 3
    return Paint(
      paint.red * level * (1 + uniform(in: -drift...drift)),
      paint.green * level * (1 + uniform(in: -drift...drift)),
      paint.blue * level * (1 + uniform(in: -drift...drift)))
  }
}
