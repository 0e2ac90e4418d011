import Testing

@testable import FCNSwift

@Suite struct OverlayTests {
  private let palette = [RGB(0, 0, 0), RGB(200, 100, 0)]

  @Test func colourIsMixedByTheOpacity() throws {
    let image = try Image(width: 3, height: 1, colour: RGB(100, 100, 100))
    let labels = try LabelMap(width: 3, height: 1, labels: [0, 1, LabelMap.ignore])
    let half = try image.overlaying(labels, palette: palette)
    #expect(half.pixels == [50, 50, 50, 150, 100, 50, 100, 100, 100])
    #expect(try image.overlaying(labels, palette: palette, opacity: 0) == image)
    let full = try image.overlaying(labels, palette: palette, opacity: 1)
    #expect(full.pixels == [0, 0, 0, 200, 100, 0, 100, 100, 100])
  }

  @Test func anOverlayThatCannotBeIsAnError() throws {
    let image = try Image(width: 3, height: 2)
    let turned = try LabelMap(width: 2, height: 3)
    let error = fcnError { _ = try image.overlaying(turned, palette: palette) }
    #expect(error?.kind == .shapeMismatch)
    #expect(error?.message.contains("2×3") == true && error?.message.contains("3×2") == true)
    let labels = try LabelMap(width: 3, height: 2)
    for opacity in [-0.1, 1.1, Float.nan, .infinity] {
      let error = fcnError {
        _ = try image.overlaying(labels, palette: palette, opacity: opacity)
      }
      #expect(error?.kind == .invalidArgument)
    }
  }

  @Test func aColouredMapHasEachLabelsColour() throws {
    let labels = try LabelMap(width: 4, height: 1, labels: [1, 0, 2, LabelMap.ignore])
    let image = labels.coloured(palette: palette)
    #expect(image.width == 4 && image.height == 1)
    // Label 2 is beyond the palette and has VOC's colour.
    #expect(image.pixels == [200, 100, 0, 0, 0, 0, 0, 128, 0, 224, 224, 192])
  }
}
