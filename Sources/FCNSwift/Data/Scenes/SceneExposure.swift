/// The camera's part: lens, exposure, sensor; from samples to a picture and its labels.
struct SceneExposure {
  private let gain: Float
  private let contrast: Float
  private let tint: Paint
  private let vignette: Float
  private let blur: Float
  private let grain: Float
  private let noise: SceneNoise

  init(_ generator: inout SeededGenerator) {
    gain = generator.uniform(in: 0.88...1.12)
    contrast = generator.uniform(in: 1.05...1.45)
    let warm = generator.uniform(in: -0.07...0.03)
    tint = Paint(1 + warm, 1, 1 - warm)
    vignette = generator.uniform(in: 0...0.22)
    blur = generator.uniform(in: 0...0.16)
    grain = generator.uniform(in: 0.004...0.02)
    noise = SceneNoise(&generator)
  }

  /// Puts four samples into each pixel: the colour is their mean, the class the most frequent one,
  /// the upper left one where two share.
  func develop(_ canvas: SceneCanvas) throws -> (Image, LabelMap) {
    let width = canvas.width / 2
    let height = canvas.height / 2
    var image = try Image(width: width, height: height)
    var map = try LabelMap(width: width, height: height)
    image.pixels.withUnsafeMutableBufferPointer { pixels in
      map.labels.withUnsafeMutableBufferPointer { labels in
        for row in 0..<height {
          let v = (Float(row) + 0.5) / Float(height) * 2 - 1
          for column in 0..<width {
            let index = row * width + column
            let sample = 2 * row * canvas.width + 2 * column
            let u = (Float(column) + 0.5) / Float(width) * 2 - 1
            let shade = gain * (1 - vignette * 0.5 * (u * u + v * v))
            let paint = tone(colour(canvas, row, column) * tint * shade)
            let speckle = (noise.pixel(column, row) + noise.pixel(row + 7919, column) - 1) * grain
            pixels[3 * index] = byte(paint.red + speckle)
            pixels[3 * index + 1] = byte(paint.green + speckle * 0.8)
            pixels[3 * index + 2] = byte(
              paint.blue + speckle * 0.6 + (noise.pixel(column + 104_729, row) - 0.5) * grain)
            labels[index] = majority(canvas.classes, sample, sample + canvas.width)
          }
        }
      }
    }
    return (image, map)
  }

  /// The mean of a pixel's samples with a little of those around it.
  @inline(__always)
  private func colour(_ canvas: SceneCanvas, _ row: Int, _ column: Int) -> Paint {
    let colours = canvas.colours
    let upper = 2 * row * canvas.width + 2 * column
    let lower = upper + canvas.width
    let mean = (colours[upper] + colours[upper + 1] + colours[lower] + colours[lower + 1]) * 0.25
    guard column > 0, row > 0, 2 * column + 2 < canvas.width, 2 * row + 2 < canvas.height else {
      return mean
    }
    let around =
      colours[upper - 1] + colours[lower + 2] + colours[upper - canvas.width + 1]
      + colours[lower + canvas.width]
    return mean.mixed(with: around * 0.25, blur * 2)
  }

  /// An S-shaped curve: deeper shadows, brighter lights.
  @inline(__always)
  private func tone(_ paint: Paint) -> Paint {
    func curve(_ value: Float) -> Float {
      let v = unitClamped(value)
      let s = v * v * (3 - 2 * v)
      return v + (s - v) * (contrast - 0.95)
    }
    return Paint(curve(paint.red), curve(paint.green), curve(paint.blue))
  }

  @inline(__always)
  private func byte(_ value: Float) -> UInt8 { UInt8(unitClamped(value) * 255 + 0.5) }

  @inline(__always)
  private func majority(_ classes: UnsafeMutablePointer<UInt8>, _ upper: Int, _ lower: Int) -> UInt8
  {
    let (a, b, c, d) = (classes[upper], classes[upper + 1], classes[lower], classes[lower + 1])
    if a == b || a == c || a == d { return a }
    if b == c || b == d { return b }
    return c == d ? c : a
  }
}
