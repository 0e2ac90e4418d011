import Testing

@testable import FCNSwift

/// Pictures in memory that can be refused are those that `Image` makes.
@Suite struct HeldPictureTests {
  private let palette = [RGB(0, 0, 0), RGB(200, 100, 0), RGB(9, 99, 199)]

  private func random(width: Int, height: Int) throws -> Image {
    var generator = SeededGenerator(seed: 11)
    let bytes = (0..<3 * width * height).map { _ in UInt8(generator.integer(in: 0..<256)) }
    return try Image(width: width, height: height, pixels: bytes)
  }

  /// Labels 0…3, of which the last is beyond the palette, and some to ignore.
  private func labels(width: Int, height: Int) throws -> LabelMap {
    let labels = (0..<width * height).map { $0 % 11 == 0 ? 255 : UInt8($0 / 3 % 4) }
    return try LabelMap(width: width, height: height, labels: labels)
  }

  /// Calls `body` with `image` as a view of `format`, with bytes between its rows.
  private func withView(
    of image: Image, _ format: PixelView.Format, _ body: (PixelView) throws -> Void
  ) throws {
    let (size, offsets) = (format.bytesPerPixel, format.channelOffsets)
    let stride = image.width * size + 5
    var bytes = [UInt8](repeating: 77, count: image.height * stride)
    for i in 0..<image.width * image.height {
      let place = i / image.width * stride + i % image.width * size
      for (channel, offset) in [offsets.red, offsets.green, offsets.blue].enumerated() {
        bytes[place + offset] = image.pixels[3 * i + channel]
      }
    }
    try bytes.withUnsafeBytes {
      let base = try #require($0.baseAddress)
      try body(
        PixelView(
          base: base, width: image.width, height: image.height, rowStride: stride, format: format))
    }
  }

  @Test(arguments: PixelView.Format.allCases)
  func overlaysAndSizesAreTheSame(_ format: PixelView.Format) throws {
    var image = try random(width: 23, height: 17)
    if format == .grey8 {
      for i in image.pixels.indices { image.pixels[i] = image.pixels[i / 3 * 3] }
    }
    let labels = try labels(width: 23, height: 17)
    try withView(of: image, format) { view in
      #expect(try HeldPicture(copying: view).image() == image)
      for (width, height) in [(23, 17), (40, 17), (23, 5), (7, 30), (1, 1)] {
        let resized = try view.resized(width: width, height: height)
        #expect(try resized.image() == image.resized(width: width, height: height))
      }
      for opacity in [0, 0.3, 1] as [Float] {
        let overlay = try labels.withLabelView {
          try HeldPicture(overlaying: $0, on: view, palette: palette, opacity: opacity)
        }
        #expect(
          try overlay.image()
            == image.overlaying(labels, palette: palette, opacity: opacity))
      }
    }
  }

  @Test func whatCannotBeIsAnErrorHereToo() throws {
    let image = try random(width: 3, height: 2)
    let turned = try LabelMap(width: 2, height: 3)
    let fitting = try LabelMap(width: 3, height: 2)
    try image.withPixelView { view in
      for (labels, opacity, kind) in [
        (turned, 0.5, .shapeMismatch), (fitting, 1.5, .invalidArgument),
        (fitting, .nan, .invalidArgument),
      ] as [(LabelMap, Float, FCNError.Kind)] {
        let error = fcnError {
          try labels.withLabelView {
            _ = try HeldPicture(overlaying: $0, on: view, palette: palette, opacity: opacity)
          }
        }
        #expect(error?.kind == kind)
      }
      #expect(fcnError { _ = try view.resized(width: 0, height: 4) } != nil)
      #expect(fcnError { _ = try view.resized(width: 1 << 20, height: 1 << 20) } != nil)
    }
  }

  /// With and without a truth, labels of another size than the picture's.
  @Test func aSheetOfOneIsTheSame() throws {
    let (image, prediction) = (
      try random(width: 41, height: 90), try labels(width: 20, height: 45)
    )
    for truth in [nil, try labels(width: 41, height: 90)] {
      let row = Sheet.Row(caption: "one", input: image, prediction: prediction, truth: truth)
      let wanted = try Sheet(
        rows: [row], classNames: ["a", "b"], palette: palette, showsShares: true
      ).image()
      try withView(of: image, .bgra8) { input in
        try prediction.withLabelView { prediction in
          try (truth ?? (try LabelMap(width: 1, height: 1))).withLabelView { labels in
            let pictures = SheetPictures(
              caption: "one", input: input, prediction: prediction,
              truth: truth == nil ? nil : labels)
            let sheet = try pictures.sheet(classNames: ["a", "b"], palette: palette)
            #expect(try sheet.image() == wanted)
          }
        }
      }
    }
  }

  @Test func pngsAreTheSame() throws {
    let (image, labels) = (
      try random(width: 23, height: 17), try labels(width: 23, height: 17)
    )
    try image.withPixelView { view in
      let png = try HeldPicture(copying: view).withEncodedPNG { Array($0) }
      #expect(try png == image.encodedPNG() && Image(decoding: png) == image)
    }
    let read = try labels.withLabelView { view in
      (
        try view.withEncodedPNG(palette: palette) { try LabelMap(decoding: $0) },
        try view.withEncodedGreyPNG { try LabelMap(decoding: $0) }
      )
    }
    #expect(read.0 == labels && read.1 == labels)
  }
}
