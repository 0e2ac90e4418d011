import FCNSwift
import Testing

@Suite struct AugmentationTests {
  /// A picture of coloured blocks whose labels can be read off the colour: class c has red 20 + 40c.
  private func blocks(width: Int, height: Int, side: Int) throws -> LabelledPicture {
    var image = try Image(width: width, height: height)
    var labels = try LabelMap(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        let label = (x / side + 2 * (y / side)) % 5
        let index = y * width + x
        labels.labels[index] = UInt8(label)
        image.pixels[3 * index] = UInt8(20 + 40 * label)
        image.pixels[3 * index + 1] = UInt8(x)
        image.pixels[3 * index + 2] = UInt8(y)
      }
    }
    return LabelledPicture(name: "blocks", image: image, labels: labels)
  }

  @Test func withoutOptionsNothingChanges() throws {
    let picture = try blocks(width: 20, height: 12, side: 4)
    var generator = SeededGenerator(seed: 1)
    #expect(try Augmentation().apply(picture, using: &generator) == picture)
  }

  @Test(arguments: [UInt64(1), 2, 3, 4, 5, 6])
  func labelsMoveWithTheirPixels(seed: UInt64) throws {
    let picture = try blocks(width: 120, height: 90, side: 30)
    let options = Augmentation(cropWidth: 64, cropHeight: 48, scale: 0.4...1.8, flip: true)
    var generator = SeededGenerator(seed: seed)
    let result = try options.apply(picture, using: &generator)
    #expect(result.image.width == 64 && result.image.height == 48)
    #expect(result.labels.width == 64 && result.labels.height == 48)
    // Colours mix where blocks meet; elsewhere colour and label tell the same.
    var agreeing = 0
    var inside = 0
    for (index, label) in result.labels.labels.enumerated() {
      let red = Int(result.image.pixels[3 * index])
      if label == LabelMap.ignore {
        #expect(red == Int(Augmentation.padding))
        continue
      }
      inside += 1
      if abs(red - (20 + 40 * Int(label))) <= 4 { agreeing += 1 }
    }
    #expect(inside > 0)
    #expect(Double(agreeing) > 0.85 * Double(inside))
  }

  @Test func aCropAtFullSizeIsAPieceOfThePicture() throws {
    let picture = try blocks(width: 40, height: 30, side: 7)
    let options = Augmentation(cropWidth: 16, cropHeight: 10)
    var generator = SeededGenerator(seed: 9)
    var places: Set<[UInt8]> = []
    for _ in 0..<30 {
      let result = try options.apply(picture, using: &generator)
      let (x, y) = (Int(result.image.pixels[1]), Int(result.image.pixels[2]))
      places.insert([UInt8(x), UInt8(y)])
      #expect(try result.image == picture.image.cropped(x: x, y: y, width: 16, height: 10))
      #expect(try result.labels == picture.labels.cropped(x: x, y: y, width: 16, height: 10))
    }
    #expect(places.count > 15)
  }

  @Test func everySecondPictureOrSoIsMirrored() throws {
    let picture = try blocks(width: 20, height: 12, side: 4)
    let mirrored = LabelledPicture(
      name: "blocks", image: picture.image.flippedHorizontally(),
      labels: picture.labels.flippedHorizontally())
    var generator = SeededGenerator(seed: 5)
    var count = 0
    for _ in 0..<100 {
      let result = try Augmentation(flip: true).apply(picture, using: &generator)
      #expect(result == picture || result == mirrored)
      if result == mirrored { count += 1 }
    }
    #expect((30...70).contains(count))
  }

  @Test func aPictureSmallerThanTheCropIsPaddedWithIgnoredGrey() throws {
    let picture = try blocks(width: 12, height: 8, side: 4)
    var generator = SeededGenerator(seed: 3)
    let result = try Augmentation(cropWidth: 20, cropHeight: 30).apply(picture, using: &generator)
    #expect(result.image.width == 20 && result.image.height == 30)
    let kept = result.labels.labels.filter { $0 != LabelMap.ignore }
    #expect(kept == picture.labels.labels)
    for (index, label) in result.labels.labels.enumerated() where label == LabelMap.ignore {
      #expect(Array(result.image.pixels[3 * index..<3 * index + 3]) == [127, 127, 127])
    }
  }

  @Test func brightnessAndContrastStayWithinTheirBounds() throws {
    let grey = LabelledPicture(
      name: "grey", image: try Image(width: 2, height: 1, colour: RGB(100, 200, 255)),
      labels: try LabelMap(width: 2, height: 1))
    var generator = SeededGenerator(seed: 8)
    var darkest = 255
    var brightest = 0
    for _ in 0..<200 {
      let pixels = try Augmentation(brightness: 0.2).apply(grey, using: &generator).image.pixels
      darkest = min(darkest, Int(pixels[0]))
      brightest = max(brightest, Int(pixels[0]))
      #expect(pixels[0..<3] == pixels[3..<6])
    }
    #expect((80...84).contains(darkest) && (116...120).contains(brightest))
    for _ in 0..<50 {
      let pixels = try Augmentation(contrast: 0.5).apply(grey, using: &generator).image.pixels
      #expect((86...114).contains(pixels[0]) && pixels[1] > 127)
    }
  }

  @Test func theSameNumbersGiveTheSameVariation() throws {
    let picture = try blocks(width: 40, height: 30, side: 7)
    let options = Augmentation(
      cropWidth: 24, cropHeight: 24, scale: 0.6...1.4, flip: true, brightness: 0.2, contrast: 0.2)
    var first = SeededGenerator(seed: 4, stream: 7)
    var second = SeededGenerator(seed: 4, stream: 7)
    #expect(
      try options.apply(picture, using: &first) == options.apply(picture, using: &second))
    #expect(try options.apply(picture, using: &first) != picture)
  }

  @Test(arguments: [
    Augmentation(cropWidth: -1), Augmentation(cropHeight: 1 << 40), Augmentation(scale: 0...1),
    Augmentation(scale: 1...1000), Augmentation(brightness: 1.5), Augmentation(contrast: .nan),
  ])
  func optionsOutsideTheirRangesAreRefused(options: Augmentation) throws {
    let picture = try blocks(width: 8, height: 8, side: 4)
    var generator = SeededGenerator(seed: 1)
    #expect(
      errorOf { _ = try options.apply(picture, using: &generator) }?.kind == .invalidArgument)
  }

  @Test func labelsOfAnotherSizeAreRefused() throws {
    var picture = try blocks(width: 8, height: 8, side: 4)
    picture.labels = try LabelMap(width: 7, height: 8)
    var generator = SeededGenerator(seed: 1)
    #expect(
      errorOf { _ = try Augmentation().apply(picture, using: &generator) }?.kind == .shapeMismatch)
  }
}
