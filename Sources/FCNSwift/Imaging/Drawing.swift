/// A picture as a list of marks, which become pixels or SVG: one layout, two forms that agree.
struct Drawing {
  /// A place in pixels from the top left corner.
  typealias Point = SIMD2<Float>

  /// One thing drawn; later ones cover earlier ones.
  enum Mark {
    case rectangle(x: Int, y: Int, width: Int, height: Int, colour: RGB)
    /// A line through points, with round ends; a single point is a dot.
    case line([Point], width: Float, colour: RGB)
    /// A line of text on its baseline.
    case text(String, at: Point, size: Float, colour: RGB, anchor: Canvas.Anchor)
  }

  let width: Int
  let height: Int
  var marks: [Mark] = []

  /// The drawing on white, `scale` pixels for each of its own.
  func image(scale: Int) throws -> Image {
    guard let width = checkedProduct(width, scale), let height = checkedProduct(height, scale)
    else {
      throw FCNError(.invalidArgument, "a drawing's scale of \(scale) was given; 1 to 4 is usual")
    }
    let canvas = try Canvas(width: width, height: height)
    let factor = Float(scale)
    for mark in marks {
      switch mark {
      case .rectangle(let x, let y, let width, let height, let colour):
        canvas.fill(
          x: x * scale, y: y * scale, width: width * scale, height: height * scale, colour: colour)
      case .line(let points, let width, let colour):
        canvas.stroke([points.map { $0 * factor }], width: width * factor, colour: colour)
      case .text(let text, let place, let size, let colour, let anchor):
        canvas.write(
          text, x: place.x * factor, y: place.y * factor, size: size * factor, colour: colour,
          anchor: anchor)
      }
    }
    return try canvas.picture.image()
  }

  /// The drawing as an SVG document.
  func svg() -> String {
    let root = Drawing.tag(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("width", "\(width)"), ("height", "\(height)"),
        ("viewBox", "0 0 \(width) \(height)"), ("font-family", "Helvetica, Arial, sans-serif"),
      ])
    let paper = Mark.rectangle(x: 0, y: 0, width: width, height: height, colour: RGB(255, 255, 255))
    let elements = ([paper] + marks).map(Drawing.element)
    return (["<\(root)>"] + elements + ["</svg>\n"]).joined(separator: "\n")
  }

  private static func element(_ mark: Mark) -> String {
    switch mark {
    case .rectangle(let x, let y, let width, let height, let colour):
      let attributes = [
        ("x", "\(x)"), ("y", "\(y)"), ("width", "\(width)"), ("height", "\(height)"),
        ("fill", hex(colour)),
      ]
      return "<\(tag("rect", attributes))/>"
    case .line(let points, let width, let colour):
      // One point alone would draw nothing; a line from it to itself has round ends.
      let places = (points.count == 1 ? points + points : points)
        .map { "\(number($0.x)),\(number($0.y))" }
      let attributes = [
        ("points", places.joined(separator: " ")), ("fill", "none"), ("stroke", hex(colour)),
        ("stroke-width", number(width)), ("stroke-linecap", "round"), ("stroke-linejoin", "round"),
      ]
      return "<\(tag("polyline", attributes))/>"
    case .text(let text, let place, let size, let colour, let anchor):
      let attributes = [
        ("x", number(place.x)), ("y", number(place.y)), ("font-size", number(size)),
        ("fill", hex(colour)), ("text-anchor", anchor.rawValue), ("xml:space", "preserve"),
      ]
      return "<\(tag("text", attributes))>\(escaped(text))</text>"
    }
  }

  /// A tag's inside; the values are our own and need no escapes.
  private static func tag(_ name: String, _ attributes: [(String, String)]) -> String {
    attributes.reduce(name) { "\($0) \($1.0)=\"\($1.1)\"" }
  }

  private static func number(_ value: Float) -> String {
    value == value.rounded() ? decimal(Double(value), places: 0) : decimal(Double(value), places: 2)
  }

  private static func hex(_ colour: RGB) -> String {
    "#"
      + [colour.red, colour.green, colour.blue].map { value in
        (value < 16 ? "0" : "") + String(value, radix: 16)
      }.joined()
  }

  /// `text` as XML's character data; control characters, which XML forbids, become spaces.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case _ where scalar.value < 32 || (0xFFFE...0xFFFF).contains(scalar.value): result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
