import Testing

@testable import FCNSwift

@Suite struct SheetTests {
  private let palette = [RGB(200, 10, 10), RGB(10, 200, 10), RGB(10, 10, 200), RGB(9, 99, 199)]
  private let names = ["road", "tree", "car", "pole"]

  private func row(truth: Bool) throws -> Sheet.Row {
    let labels = try LabelMap(width: 4, height: 2, labels: [0, 0, 0, 1, 0, 0, 0, 1])
    return Sheet.Row(
      caption: "one  accuracy 0.750",
      input: try Image(width: 8, height: 4, colour: RGB(100, 110, 120)), prediction: labels,
      truth: truth ? try LabelMap(width: 8, height: 4, label: 2) : nil)
  }

  private func colours(_ image: Image) -> [RGB: Int] {
    var counts: [RGB: Int] = [:]
    for i in stride(from: 0, to: image.pixels.count, by: 3) {
      counts[RGB(image.pixels[i], image.pixels[i + 1], image.pixels[i + 2]), default: 0] += 1
    }
    return counts
  }

  @Test func aRowShowsInputPredictionAndTruth() throws {
    let sheet = Sheet(
      rows: [try row(truth: true)], classNames: names, palette: palette, tileWidth: 100)
    let counts = colours(try sheet.image())
    let swatch = 14 * 14
    let tile = 100 * 50
    #expect(counts[RGB(100, 110, 120)] == tile)
    #expect(counts[palette[0]] == tile * 3 / 4 + swatch)
    #expect(counts[palette[1]] == tile / 4 + swatch)
    #expect(counts[palette[2]] == tile + swatch)
    #expect(counts[palette[3]] == nil)
  }

  @Test func withoutTruthARowShowsAnOverlay() throws {
    let sheet = Sheet(
      rows: [try row(truth: false)], classNames: names, palette: palette, showsShares: true,
      tileWidth: 100)
    let counts = colours(try sheet.image())
    #expect(counts[RGB(150, 60, 65)] == 100 * 50 * 3 / 4)
    #expect(counts[palette[2]] == nil)
  }

  @Test func sharesWidenTheLegendOnly() throws {
    var sheet = Sheet(
      rows: [try row(truth: true), try row(truth: false)], classNames: [], palette: palette,
      tileWidth: 200)
    let plain = try sheet.image()
    sheet.showsShares = true
    let shares = try sheet.image()
    #expect(plain.width == shares.width)
    #expect(plain != shares)
  }

  @Test func aTallPictureIsKeptWithinItsColumn() throws {
    let tall = Sheet.Row(
      caption: "tall", input: try Image(width: 2, height: 2000),
      prediction: try LabelMap(width: 2, height: 2000))
    let image = try Sheet(rows: [tall], classNames: names, palette: palette, tileWidth: 100).image()
    #expect(image.height < 400)
  }

  @Test func aSheetThatCannotBeIsAnError() throws {
    let empty = Sheet(rows: [], classNames: names, palette: palette)
    #expect(fcnError { _ = try empty.image() }?.kind == .invalidArgument)
    for width in [Int.min, 0, 63, 4097, Int.max] {
      let sheet = Sheet(
        rows: [try row(truth: true)], classNames: names, palette: palette, tileWidth: width)
      #expect(fcnError { _ = try sheet.image() }?.kind == .invalidArgument)
    }
  }
}
