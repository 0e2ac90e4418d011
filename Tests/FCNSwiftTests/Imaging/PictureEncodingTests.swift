import Testing

@testable import FCNSwift

@Suite struct PictureEncodingTests {
  private func gradient(width: Int, height: Int) throws -> Image {
    var image = try Image(width: width, height: height)
    for i in image.pixels.indices { image.pixels[i] = UInt8(truncatingIfNeeded: i * 3 + i / 64) }
    return image
  }

  @Test func aPNGKeepsEveryPixel() throws {
    for (width, height) in [(1, 1), (7, 3), (64, 65)] {
      let image = try gradient(width: width, height: height)
      #expect(try Image(decoding: image.encodedPNG()) == image)
    }
  }

  @Test func aJPEGStaysCloseToThePicture() throws {
    let image = try Image(width: 40, height: 30, colour: RGB(200, 30, 90))
    let decoded = try Image(decoding: image.encodedJPEG(quality: 95))
    #expect(largestDifference(decoded.pixels, image.pixels) <= 3)
    let busy = try gradient(width: 64, height: 64)
    #expect(try busy.encodedJPEG(quality: 10).count < busy.encodedJPEG(quality: 90).count)
  }

  @Test func aJPEGThatCannotBeWrittenIsAnError() throws {
    let image = try Image(width: 2, height: 2)
    for quality in [0, -1, 101, Int.max] {
      #expect(fcnError { _ = try image.encodedJPEG(quality: quality) }?.kind == .invalidArgument)
    }
    let long = try Image(width: 70_000, height: 1)
    #expect(fcnError { _ = try long.encodedJPEG() }?.message.contains("PNG") == true)
  }

  @Test func aLabelMapKeepsEveryIndex() throws {
    let map = try LabelMap(width: 16, height: 16, labels: Array(0...255))
    let png = try map.encodedPNG(palette: Palette.street)
    #expect(try LabelMap(decoding: png) == map)
    // A viewer shows the given colours, VOC's beyond them, and the border's for 255.
    let shown = try Image(decoding: png)
    func colour(_ index: Int) -> RGB {
      RGB(shown.pixels[3 * index], shown.pixels[3 * index + 1], shown.pixels[3 * index + 2])
    }
    #expect(colour(3) == RGB(128, 64, 128))
    #expect(colour(11) == RGB(192, 128, 0))
    #expect(colour(255) == RGB(224, 224, 192))
  }

  @Test func aGreyLabelMapKeepsEveryIndex() throws {
    let map = try LabelMap(width: 16, height: 16, labels: Array(0...255))
    let png = try map.encodedGreyPNG()
    #expect(try LabelMap(decoding: png) == map)
    // 8 bits, colour type 0; the greys are the indices as they are.
    #expect(Array(png[24...25]) == [8, 0])
    #expect(try Image(decoding: png).pixels == (0...255).flatMap { [$0, $0, $0] as [UInt8] })
  }

  @Test func labelsInVOCColoursReadBackAsIndices() throws {
    let map = try LabelMap(width: 16, height: 16, labels: Array(0...255))
    let coloured = try Image(decoding: map.encodedPNG(palette: []))
    #expect(try LabelMap(decoding: coloured.encodedPNG()) == map)
  }

  @Test func aPaletteMayHaveMoreColoursThanThereAreLabels() throws {
    let map = try LabelMap(width: 1, height: 1, labels: [LabelMap.ignore])
    let palette = [RGB](repeating: RGB(1, 2, 3), count: 300)
    #expect(try Image(decoding: map.encodedPNG(palette: palette)).pixels == [224, 224, 192])
  }

  @Test func theVOCPaletteHasItsPublishedColours() {
    let palette = Palette.voc(count: 21)
    #expect(palette.count == Palette.vocClassNames.count)
    #expect(palette[0] == RGB(0, 0, 0))
    #expect(palette[1] == RGB(128, 0, 0))
    #expect(palette[7] == RGB(128, 128, 128))
    #expect(palette[8] == RGB(64, 0, 0))
    #expect(palette[15] == RGB(192, 128, 128))
    #expect(palette[20] == RGB(0, 64, 128))
    #expect(Palette.voc(count: 256).last == Palette.ignored)
    #expect(Set(Palette.voc(count: 1000)).count == 256)
    #expect(Palette.voc(count: -1).isEmpty)
    #expect(Palette.street.count == Palette.streetClassNames.count)
  }
}
