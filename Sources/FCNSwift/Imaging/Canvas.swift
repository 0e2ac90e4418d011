/// A picture to draw on: rectangles, pictures, lines and text, all cut at its edges.
final class Canvas {
  /// A place in pixels from the top left corner; a pixel's centre is at halves.
  typealias Point = SIMD2<Float>

  /// What has been drawn so far.
  let picture: HeldPicture
  private var pixels: UnsafeMutablePointer<UInt8> { picture.pixels }

  /// An empty canvas; throws as `Image` does for sizes that it cannot have.
  init(width: Int, height: Int, colour: RGB = RGB(255, 255, 255)) throws {
    picture = try HeldPicture(width: width, height: height)
    fill(x: 0, y: 0, width: width, height: height, colour: colour)
  }

  /// Fills a rectangle of whole pixels.
  func fill(x: Int, y: Int, width: Int, height: Int, colour: RGB) {
    let (rows, columns) = part(x: x, y: y, width: width, height: height)
    for row in rows {
      for column in columns {
        let at = (row * picture.width + column) * 3
        (pixels[at], pixels[at + 1], pixels[at + 2]) = (colour.red, colour.green, colour.blue)
      }
    }
  }

  /// Puts `view` with its top left corner at `x`, `y`.
  func draw(_ view: PixelView, x: Int, y: Int) {
    let (rows, columns) = part(x: x, y: y, width: view.width, height: view.height)
    for row in rows where !columns.isEmpty {
      view.copyRow(
        row - y, columns: columns.lowerBound - x..<columns.upperBound - x,
        to: pixels + (row * picture.width + columns.lowerBound) * 3)
    }
  }

  /// Has `paint` change the pixels of three bytes under labels, which are brought to `width`×`height` as
  /// `LabelMap.resized` does, with their top left corner at `x`, `y`.
  func paint(
    _ labels: LabelView, x: Int, y: Int, width: Int, height: Int,
    _ paint: (_ label: UInt8, _ pixel: UnsafeMutablePointer<UInt8>) -> Void
  ) {
    let (rows, columns) = part(x: x, y: y, width: width, height: height)
    for row in rows {
      for column in columns {
        paint(
          labels.nearest(x: column - x, of: width, y: row - y, of: height),
          pixels + (row * picture.width + column) * 3)
      }
    }
  }

  /// What of a rectangle lies on the canvas.
  private func part(
    x: Int, y: Int, width: Int, height: Int
  ) -> (rows: Range<Int>, columns: Range<Int>) {
    (
      max(0, y)..<max(0, y, min(y + height, picture.height)),
      max(0, x)..<max(0, x, min(x + width, picture.width))
    )
  }

  /// Draws lines of `width` pixels, each through its points, with round ends and corners and smooth
  /// edges; a single point is a dot of that diameter. They are one shape: where they cross they do not
  /// darken each other.
  func stroke(_ lines: [[Point]], width: Float, colour: RGB) {
    let reach = width / 2 + 1
    let all = lines.joined()
    guard let first = all.first else { return }
    let (low, high) = all.reduce((first, first)) {
      (pointwiseMin($0.0, $1), pointwiseMax($0.1, $1))
    }
    let box = pixelBox(low, high, reach: reach)
    guard !box.columns.isEmpty, !box.rows.isEmpty else { return }
    var coverage = [Float](repeating: 0, count: box.columns.count * box.rows.count)
    for line in lines {
      for index in 0..<max(1, line.count - 1) where !line.isEmpty {
        let (a, b) = (line[index], line[min(index + 1, line.count - 1)])
        cover(&coverage, of: box, from: a, to: b, width: width)
      }
    }
    blend(coverage, of: box, colour: colour)
  }

  private typealias Box = (columns: Range<Int>, rows: Range<Int>)

  /// The pixels that something within `reach` of the box from `low` to `high` can touch.
  private func pixelBox(_ low: Point, _ high: Point, reach: Float) -> Box {
    func range(_ low: Float, _ high: Float, within count: Int) -> Range<Int> {
      let limit = Float(count)
      // Written so that a NaN gives nothing.
      guard low - reach < limit, high + reach > 0 else { return 0..<0 }
      return Int(max(0, low - reach))..<Int(min(limit, (high + reach).rounded(.up)))
    }
    return (
      range(low.x, high.x, within: picture.width), range(low.y, high.y, within: picture.height)
    )
  }

  /// Raises the part of each pixel of `box` that is covered to that of one straight line.
  private func cover(
    _ coverage: inout [Float], of box: Box, from a: Point, to b: Point, width: Float
  ) {
    let part = pixelBox(pointwiseMin(a, b), pointwiseMax(a, b), reach: width / 2 + 1)
    let along = b - a
    let lengthSquared = (along * along).sum()
    let scale = lengthSquared > 0 ? 1 / lengthSquared : 0
    coverage.withUnsafeMutableBufferPointer { coverage in
      for y in part.rows.clamped(to: box.rows) {
        for x in part.columns.clamped(to: box.columns) {
          let offset = Point(Float(x) + 0.5, Float(y) + 0.5) - a
          let t = max(0, min((offset * along).sum() * scale, 1))
          let away = offset - along * t
          let distance = (away * away).sum().squareRoot()
          let at = (y - box.rows.lowerBound) * box.columns.count + x - box.columns.lowerBound
          coverage[at] = max(coverage[at], min(1, width / 2 + 0.5 - distance))
        }
      }
    }
  }

  private func blend(_ coverage: [Float], of box: Box, colour: RGB) {
    coverage.withUnsafeBufferPointer { coverage in
      var index = 0
      for y in box.rows {
        for x in box.columns {
          let part = coverage[index]
          index += 1
          guard part > 0 else { continue }
          let at = (y * picture.width + x) * 3
          func mix(_ below: UInt8, _ above: UInt8) -> UInt8 {
            UInt8(Float(below) * (1 - part) + Float(above) * part + 0.5)
          }
          pixels[at] = mix(pixels[at], colour.red)
          pixels[at + 1] = mix(pixels[at + 1], colour.green)
          pixels[at + 2] = mix(pixels[at + 2], colour.blue)
        }
      }
    }
  }
}

extension Canvas {
  /// Which end of a text its place is; the raw values are SVG's.
  enum Anchor: String {
    case start, middle, end
  }

  /// Writes one line of text of `size` pixels, its baseline at `y`, in the built-in typeface.
  func write(
    _ text: String, x: Float, y: Float, size: Float, colour: RGB, anchor: Anchor = .start
  ) {
    let unit = size / StrokeFont.unitsPerSize
    let width = StrokeFont.width(of: text, size: size)
    var left =
      switch anchor {
      case .start: x
      case .middle: x - width / 2
      case .end: x - width
      }
    // Upright strokes through the centres of pixels are sharp.
    left = left.rounded(.down) + 0.5
    let top = y.rounded(.down) - 10 * unit + 0.5
    for character in text {
      let glyph = StrokeFont.glyph(of: character)
      let strokes = glyph.strokes.map { $0.map { Point(left, top) + $0 * unit } }
      stroke(strokes, width: StrokeFont.strokeWidth * max(unit, 0.8), colour: colour)
      left += glyph.advance * unit
    }
  }
}
