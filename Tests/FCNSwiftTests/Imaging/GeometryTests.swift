import Testing

@testable import FCNSwift

@Suite struct GeometryTests {
  /// 3 columns, 2 rows; every pixel differs.
  private func small() throws -> (Image, LabelMap) {
    let labels = Array(UInt8(1)...6)
    return (
      try Image(width: 3, height: 2, pixels: labels.flatMap { [$0, $0 + 10, $0 + 20] }),
      try LabelMap(width: 3, height: 2, labels: labels)
    )
  }

  private func reds(_ image: Image) -> [UInt8] {
    stride(from: 0, to: image.pixels.count, by: 3).map { image.pixels[$0] }
  }

  @Test func resizingAgreesWithPillow() throws {
    let source = try Image(
      width: 23, height: 17, pixels: PictureFixtures.bytes("resize-source.rgb"))
    let items = try PictureFixtures.load().resized
    #expect(!items.isEmpty)
    for item in items {
      let resized = try source.resized(width: item.width, height: item.height)
      #expect(resized.width == item.width && resized.height == item.height)
      #expect(try largestDifference(resized.pixels, item.values()) <= 1, "\(item)")
    }
  }

  @Test func resizingLabelsAgreesWithPillow() throws {
    let source = try LabelMap(
      width: 23, height: 17, labels: PictureFixtures.bytes("resize-source.labels"))
    let items = try PictureFixtures.load().nearest
    #expect(!items.isEmpty)
    for item in items {
      let resized = try source.resized(width: item.width, height: item.height)
      #expect(try resized.labels == item.values(), "\(item)")
    }
  }

  @Test func resizingKeepsOneColourAndTheSameSize() throws {
    let white = try Image(width: 10, height: 7, colour: RGB(255, 255, 255))
    for (width, height) in [(3, 3), (40, 1), (1, 40), (33, 21)] {
      #expect(
        try white.resized(width: width, height: height)
          == Image(width: width, height: height, colour: RGB(255, 255, 255)))
    }
    let (image, labels) = try small()
    #expect(try image.resized(width: 3, height: 2) == image)
    #expect(try labels.resized(width: 3, height: 2) == labels)
  }

  @Test func resizingToAnImpossibleSizeIsAnError() throws {
    let (image, labels) = try small()
    for (width, height) in [(0, 4), (4, -1), (Int.max, 2), (1 << 20, 1 << 20)] {
      #expect(fcnError { _ = try image.resized(width: width, height: height) } != nil)
      #expect(fcnError { _ = try labels.resized(width: width, height: height) } != nil)
    }
  }

  @Test func croppingKeepsThePixelsInside() throws {
    let (image, labels) = try small()
    #expect(try labels.cropped(x: 1, y: 0, width: 2, height: 2).labels == [2, 3, 5, 6])
    #expect(try reds(image.cropped(x: 1, y: 0, width: 2, height: 2)) == [2, 3, 5, 6])
    #expect(try image.cropped(x: 2, y: 1, width: 1, height: 1).pixels == [6, 16, 26])
    #expect(try image.cropped(x: 0, y: 0, width: 3, height: 2) == image)
  }

  @Test func aCropBeyondThePictureIsAnError() throws {
    let (image, labels) = try small()
    let crops = [
      (-1, 0, 2, 2), (0, 0, 4, 2), (2, 0, 2, 1), (0, 2, 1, 1), (0, 0, 0, 1),
      (1, 1, Int.max, Int.max), (Int.max, 0, 1, 1), (Int.min, 0, 1, 1), (0, 0, 1, -1),
    ]
    for (x, y, width, height) in crops {
      let ofImage = fcnError { _ = try image.cropped(x: x, y: y, width: width, height: height) }
      #expect(ofImage?.kind == .invalidArgument)
      let ofLabels = fcnError { _ = try labels.cropped(x: x, y: y, width: width, height: height) }
      #expect(ofLabels?.kind == .invalidArgument)
    }
  }

  @Test func theCentredSquareIsTheLargest() throws {
    let wide = try LabelMap(width: 6, height: 2, labels: Array(0..<12))
    #expect(wide.centredSquare().labels == [2, 3, 8, 9])
    let (image, labels) = try small()
    #expect(labels.centredSquare().labels == [1, 2, 4, 5])
    #expect(reds(image.centredSquare()) == [1, 2, 4, 5])
    let tall = try LabelMap(width: 1, height: 3, labels: [7, 8, 9])
    #expect(tall.centredSquare().labels == [8])
  }

  @Test func aFlipExchangesLeftAndRight() throws {
    let (image, labels) = try small()
    #expect(labels.flippedHorizontally().labels == [3, 2, 1, 6, 5, 4])
    #expect(reds(image.flippedHorizontally()) == [3, 2, 1, 6, 5, 4])
    #expect(image.flippedHorizontally().flippedHorizontally() == image)
  }
}
