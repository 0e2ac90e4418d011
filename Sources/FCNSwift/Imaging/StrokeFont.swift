/// The built-in typeface: letters as pen strokes on a grid, so that they can be drawn at any size.
///
/// On the grid, capitals go from y 0 to 10, small letters from 3, descenders to 13; letters have their
/// own widths. A grid unit is a fourteenth of the font size.
enum StrokeFont {
  /// A point on the grid, or on a canvas; x to the right, y downwards.
  typealias Point = SIMD2<Float>

  /// One character: what it takes in a line of text, and its strokes.
  struct Glyph: Sendable {
    let advance: Float
    /// Lines through points; one of two equal points is a dot.
    let strokes: [[Point]]
  }

  /// How thick strokes are, in grid units.
  static let strokeWidth: Float = 1.25
  /// Grid units in the font size.
  static let unitsPerSize: Float = 14
  /// The height of capitals as a part of the font size.
  static let capHeight: Float = 10 / 14

  /// The glyph of `character`; what the typeface does not have, it shows as a question mark.
  static func glyph(of character: Character) -> Glyph {
    glyphs[character] ?? glyphs["?"] ?? Glyph(advance: 0, strokes: [])
  }

  /// How wide `text` is at `size` pixels.
  static func width(of text: some StringProtocol, size: Float) -> Float {
    let units = text.reduce(0) { $0 + glyph(of: $1).advance }
    return max(0, units - gap) * size / unitsPerSize
  }

  /// `text`, or as much of its beginning as fits in `width` with three dots after it.
  static func fitted(_ text: String, width: Float, size: Float) -> String {
    if StrokeFont.width(of: text, size: size) <= width { return text }
    let dots = "..."
    var room = (width - StrokeFont.width(of: dots, size: size)) * unitsPerSize / size
    let start = text.prefix {
      room -= glyph(of: $0).advance
      return room >= 0
    }
    return start.isEmpty ? "" : start + dots
  }

  /// Between one character and the next.
  private static let gap: Float = 3

  private static let glyphs: [Character: Glyph] = {
    var glyphs: [Character: Glyph] = [:]
    for line in strokeFontGlyphs.split(separator: "\n") {
      let words = line.dropFirst(2).split(separator: " ")
      guard let character = line.first, let width = words.first.flatMap({ Int($0, radix: 16) })
      else {
        continue
      }
      glyphs[character] = Glyph(
        advance: Float(width) + gap, strokes: words.dropFirst().map(stroke))
    }
    return glyphs
  }()

  /// A stroke of points in pairs of hexadecimal digits, rounded where a tilde comes first.
  private static func stroke(_ word: Substring) -> [Point] {
    let digits = word.drop { $0 == "~" }.compactMap { $0.hexDigitValue }
    let points = stride(from: 0, to: digits.count - 1, by: 2).map {
      Point(Float(digits[$0]), Float(digits[$0 + 1]))
    }
    return word.first == "~" ? rounded(points) : points
  }

  /// The curve that `points` pull: quadratic arcs from the middle of each line between two of them to
  /// the middle of the next; closed where the last point is the first.
  private static func rounded(_ points: [Point]) -> [Point] {
    guard points.count > 2, let first = points.first, let last = points.last else { return points }
    let isClosed = first == last
    let controls = isClosed ? Array(points.dropLast()) : Array(points.dropFirst().dropLast())
    func middle(_ a: Point, _ b: Point) -> Point { (a + b) / 2 }
    var from = isClosed ? middle(controls[controls.count - 1], controls[0]) : first
    var curve = [from]
    for (index, control) in controls.enumerated() {
      let isLast = index == controls.count - 1
      let next = isLast ? (isClosed ? controls[0] : last) : controls[index + 1]
      let to = isLast && !isClosed ? last : middle(control, next)
      let pieces = 6
      for piece in 1...pieces {
        let t = Float(piece) / Float(pieces)
        curve.append(from * (1 - t) * (1 - t) + control * 2 * t * (1 - t) + to * t * t)
      }
      from = to
    }
    return curve
  }
}
