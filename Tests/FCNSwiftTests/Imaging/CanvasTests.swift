import Testing

@testable import FCNSwift

@Suite struct CanvasTests {
  private let black = RGB(0, 0, 0)
  private let white = RGB(255, 255, 255)

  /// Red values, a row at a time.
  private func rows(_ image: Image) -> [[UInt8]] {
    (0..<image.height).map { y in
      (0..<image.width).map { image.pixels[(y * image.width + $0) * 3] }
    }
  }

  /// How many pixels' worth of black is on a white canvas.
  private func ink(_ canvas: Canvas) throws -> Double {
    try rows(canvas.picture.image()).joined().reduce(0) { $0 + Double(255 - Int($1)) / 255 }
  }

  @Test func aRectangleIsCutAtTheEdges() throws {
    let canvas = try Canvas(width: 4, height: 3)
    canvas.fill(x: 2, y: -5, width: 100, height: 7, colour: black)
    let row: [UInt8] = [255, 255, 0, 0]
    #expect(try rows(canvas.picture.image()) == [row, row, [255, 255, 255, 255]])
    let before = try canvas.picture.image()
    canvas.fill(x: 4, y: 0, width: 3, height: 3, colour: black)
    canvas.fill(x: -3, y: 0, width: 3, height: 3, colour: black)
    canvas.fill(x: 0, y: 0, width: -1, height: 3, colour: black)
    #expect(try canvas.picture.image() == before)
  }

  @Test func aPictureIsCutAtTheEdges() throws {
    let canvas = try Canvas(width: 3, height: 2)
    let picture = try Image(width: 2, height: 2, pixels: [UInt8](1...12))
    try picture.withPixelView { canvas.draw($0, x: 2, y: -1) }
    #expect(try Array(canvas.picture.image().pixels[6..<9]) == [7, 8, 9])
    #expect(try Array(canvas.picture.image().pixels[15..<18]) == [255, 255, 255])
    try picture.withPixelView { canvas.draw($0, x: -1, y: 1) }
    #expect(try Array(canvas.picture.image().pixels[9..<12]) == [4, 5, 6])
  }

  @Test func aLineCoversItsWidthAndFadesAtItsEdge() throws {
    let canvas = try Canvas(width: 20, height: 7)
    canvas.stroke([[[-5, 3.5], [25, 3.5]]], width: 3, colour: black)
    let column = try rows(canvas.picture.image()).map { $0[10] }
    #expect(column == [255, 255, 0, 0, 0, 255, 255])
    let slanted = try Canvas(width: 40, height: 40)
    slanted.stroke([[[5, 5], [35, 29]]], width: 2, colour: black)
    // Length times width, and the round ends.
    let area = Double(900 + 576).squareRoot() * 2 + 3.14
    #expect(try abs(ink(slanted) - area) < area * 0.05)
  }

  @Test func linesThatCrossInOneShapeDoNotDarkenEachOther() throws {
    let grey = RGB(128, 128, 128)
    let canvas = try Canvas(width: 9, height: 9)
    canvas.stroke([[[0, 4.5], [9, 4.5]], [[4.5, 0], [4.5, 9]]], width: 1.4, colour: grey)
    #expect(try rows(canvas.picture.image()).joined().min() == 128)
  }

  @Test func lonePointsAndFarPointsDoNoHarm() throws {
    let canvas = try Canvas(width: 9, height: 9)
    canvas.stroke([[[4.5, 4.5]]], width: 5, colour: black)
    #expect(try abs(ink(canvas) - 3.14 * 6.25) < 2)
    let before = try canvas.picture.image()
    canvas.stroke([], width: 5, colour: black)
    canvas.stroke([[[1e30, 4], [2e30, 4]]], width: 2, colour: black)
    canvas.stroke([[[-100, -100]]], width: 2, colour: black)
    #expect(try canvas.picture.image() == before)
    canvas.stroke([[[-1e9, 4.5], [1e9, 4.5]]], width: 1, colour: black)
    #expect(try rows(canvas.picture.image())[4] == [UInt8](repeating: 0, count: 9))
  }

  @Test func everyPrintableCharacterHasItsOwnShape() throws {
    var seen: [Image: Character] = [:]
    for code in UInt8(32)...126 {
      let character = Character(UnicodeScalar(code))
      let canvas = try Canvas(width: 30, height: 30)
      canvas.write(String(character), x: 8, y: 20, size: 14, colour: black)
      #expect(try (ink(canvas) > 1) == (character != " "), "\(character)")
      #expect(try seen[canvas.picture.image()] == nil, "\(character) looks like its namesake")
      try seen[canvas.picture.image()] = character
    }
  }

  @Test func textIsAsWideAsMeasured() throws {
    let text = "street_0007  accuracy 0.934"
    for size in [14, 28] as [Float] {
      let width = StrokeFont.width(of: text, size: size)
      for (anchor, x) in [(.start, 20), (.middle, 300), (.end, 580)] as [(Canvas.Anchor, Float)] {
        let canvas = try Canvas(width: 600, height: 60)
        canvas.write(text, x: x, y: 40, size: size, colour: black, anchor: anchor)
        let rows = try rows(canvas.picture.image())
        let inked = (0..<600).filter { column in rows.contains { $0[column] < 128 } }
        let (first, last) = (try #require(inked.first), try #require(inked.last))
        #expect(abs(Float(last - first) - width) <= 4)
        let place: Float =
          anchor == .start ? Float(first) : anchor == .end ? Float(last) : Float(first + last) / 2
        #expect(abs(place - x) <= 3)
      }
    }
    #expect(StrokeFont.width(of: "", size: 14) == 0)
    #expect(StrokeFont.width(of: "é", size: 14) == StrokeFont.width(of: "?", size: 14))
  }

  @Test func textIsShortenedToFit() {
    let text = "a caption that is much too long for where it stands"
    #expect(StrokeFont.fitted(text, width: 1000, size: 14) == text)
    for width in stride(from: 0 as Float, through: 400, by: 13) {
      let fitted = StrokeFont.fitted(text, width: width, size: 14)
      #expect(StrokeFont.width(of: fitted, size: 14) <= width)
      #expect(fitted == text || fitted.isEmpty || fitted.hasSuffix("..."))
    }
    let some = StrokeFont.fitted(text, width: 200, size: 14)
    #expect(some.count > 15 && text.hasPrefix(some.dropLast(3)))
  }
}
