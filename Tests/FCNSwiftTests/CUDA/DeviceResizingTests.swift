import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Size rules: pictures resized on the device are `Image.resized`'s, bit for bit.
  struct DeviceResizingTests {
    init() throws { try FakeDevice.fake().failNothing() }

    /// Noise, with bytes between the rows that are nobody's.
    private struct Picture {
      let width, height, rowStride: Int
      let format: PixelView.Format
      let bytes: [UInt8]

      init(_ width: Int, _ height: Int, _ format: PixelView.Format, padding: Int = 0) {
        (self.width, self.height, self.format) = (width, height, format)
        rowStride = width * format.bytesPerPixel + padding
        var generator = SeededGenerator(seed: UInt64(width * 1000 + height))
        bytes = (0..<rowStride * height).map { _ in UInt8(generator.integer(in: 0..<256)) }
      }
    }

    private func withViews<Result>(
      of pictures: [Picture], _ views: [PixelView] = [],
      _ body: (ArraySlice<PixelView>) throws -> Result
    ) throws -> Result {
      guard pictures.count > views.count else { return try body(views[...]) }
      let next = pictures[views.count]
      return try next.bytes.withUnsafeBytes { bytes in
        let view = try PixelView(
          base: try #require(bytes.baseAddress), width: next.width, height: next.height,
          rowStride: next.rowStride, format: next.format)
        return try withViews(of: pictures, views + [view], body)
      }
    }

    /// The bytes that a device makes of `views`, RGB.
    private func resized(
      _ views: ArraySlice<PixelView>, _ preprocessing: Preprocessing
    ) throws -> [[UInt8]] {
      let context = try FakeDevice.context()
      return try context.run {
        let batch = try DeviceBatch(views, preprocessing)
        let staging = try DeviceStaging(
          batch.byteCount, scratch: batch.deviceByteCount - batch.byteCount, context)
        try batch.writeHeader(to: staging.host.base)
        for (n, view) in views.enumerated() {
          batch.writePixels(view, n, to: staging.host.base)
        }
        let stream = try DeviceStream(context)
        try stream.upload(staging.host.base, batch.byteCount, to: staging.device.address)
        try stream.enqueueResizing(batch, staging.device.address)
        return try batch.pictures.enumerated().map { n, picture in
          let count = picture.networkWidth * picture.networkHeight * 3
          let target = try PinnedMemory(count, in: context)
          try stream.download(
            staging.device.address + UInt64(batch.resizedOffset(n)), count, to: target.base)
          try stream.synchronize()
          return Array(UnsafeRawBufferPointer(start: target.base, count: count))
        }
      }
    }

    @Test(arguments: PixelView.Format.allCases)
    func bytesAreTheHosts(format: PixelView.Format) throws {
      // To 24×20: fewer and more of both, of one, of one alone, one of each, from one pixel.
      let sizes = [
        (61, 47), (7, 5), (24, 33), (24, 3), (50, 20), (5, 20), (90, 4), (3, 77), (1, 1), (25, 21),
      ]
      let pictures = sizes.enumerated().map {
        Picture($1.0, $1.1, format, padding: $0 % 2 * 5)
      }
      var preprocessing = Preprocessing.torchvision
      preprocessing.size = .exact(width: 24, height: 20)
      try withViews(of: pictures) { views in
        let found = try resized(views, preprocessing)
        for (n, view) in views.enumerated() {
          let wanted = try view.image().resized(width: 24, height: 20)
          #expect(found[n] == wanted.pixels, "\(format) of \(sizes[n])")
        }
      }
    }

    @Test(arguments: [Preprocessing.SizeRule.longestSide(48), .atMost(48)])
    func everySizeRuleIsFollowed(rule: Preprocessing.SizeRule) throws {
      var preprocessing = Preprocessing.torchvision
      preprocessing.size = rule
      let pictures = [
        Picture(90, 51, .bgr8), Picture(33, 120, .rgba8), Picture(49, 49, .grey8),
        Picture(48, 200, .bgra8),
      ]
      try withViews(of: pictures) { views in
        let found = try resized(views, preprocessing)
        for (n, view) in views.enumerated() {
          let size = preprocessing.networkSize(width: view.width, height: view.height)
          let wanted = try view.image().resized(width: size.width, height: size.height)
          #expect(found[n] == wanted.pixels, "picture \(n)")
        }
      }
    }

    /// Of a picture that was resized before, the network makes the same bits.
    @Test(arguments: [Precision.float32, .float16])
    func scoresAreThoseOfThePictureResizedBefore(precision: Precision) throws {
      let (width, height) = (64, 32)
      let model = try DeviceFixture.model {
        $0.preprocessing.size = .exact(width: width, height: height)
      }
      let session = try FakeDevice.session(model, precision)
      let before = try FakeDevice.session(model, precision)
      let classes = model.description.classNames.count
      let pictures = zip(
        PixelView.Format.allCases, [(90, 51), (20, 61), (64, 40), (31, 32), (12, 9)]
      ).map { Picture($1.0, $1.1, $0, padding: 3) }
      try withViews(of: pictures) { views in
        try before.run(
          try views.map { try $0.image().resized(width: width, height: height) })
        // Handed over, recorded, replayed.
        for run in 0..<3 {
          try session.run(Array(views))
          for n in views.indices {
            let found = try session.scores(n)
            let wanted = try ScoreView(
              try Tensor(Shape(1, classes, height, width), try before.scores(n)), 0,
              nil, Loops.portable, width: views[n].width, height: views[n].height,
              networkSize: (width, height))
            // The network's scores are the same to the bit; the host's interpolation rounds otherwise.
            let expected = try scores(wanted, session)
            let scale = expected.map(abs).max() ?? 0
            #expect(
              zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-5 * scale }
                && found.count == expected.count, "picture \(n) of run \(run)")
            #expect(
              try session.labelMap(n).labels == largest(of: session.scores(n), classes),
              "picture \(n) of run \(run)")
          }
        }
      }
    }

    private func scores(_ result: any SegmentedPicture, _ session: Session) throws -> [Float] {
      let count = result.classCount * result.width * result.height
      return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        try result.copyScores(to: try #require(buffer.baseAddress), session.segmenter.pool)
        initialized = count
      }
    }

    /// The class of each pixel's largest score.
    private func largest(of scores: [Float], _ classes: Int) -> [UInt8] {
      let plane = scores.count / classes
      return (0..<plane).map { pixel in
        var best = 0
        for c in 1..<classes where scores[c * plane + pixel] > scores[best * plane + pixel] {
          best = c
        }
        return UInt8(best)
      }
    }

    /// What describes a batch travels with it, though it is written only when the batch is another.
    @Test func batchesThatLieAlikeMayTakeTurns() throws {
      let model = try DeviceFixture.model { $0.preprocessing.size = .exact(width: 32, height: 32) }
      let session = try FakeDevice.session(model)
      let batches = try [[(40, 33), (33, 40)], [(33, 40), (40, 33)], [(32, 32), (64, 64)]].map {
        try $0.map { try DeviceFixture.picture($0.0, $0.1, seed: UInt64($0.0)) }
      }
      let wanted = try batches.map { batch in
        let alone = try FakeDevice.session(model)
        try alone.run(batch)
        return try batch.indices.map { try alone.scores($0) }
      }
      for index in [0, 1, 0, 0, 0, 2, 2, 2, 1, 1, 2, 0] {
        try session.run(batches[index])
        #expect(try batches[index].indices.map { try session.scores($0) } == wanted[index])
      }
    }

    @Test func picturesThatWouldBecomeTooLargeAreRefused() throws {
      var preprocessing = Preprocessing.torchvision
      preprocessing.size = .exact(width: 16384, height: 8)
      // Wide and still high between the passes.
      try withViews(of: [Picture(1, 16385, .grey8)]) { views in
        expectError(.outOfMemory, saying: "16384×16385", "beyond the limit") {
          _ = try DeviceBatch(views, preprocessing)
        }
      }
    }
  }
}
