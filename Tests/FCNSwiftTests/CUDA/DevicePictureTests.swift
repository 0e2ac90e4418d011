import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// How pictures of every size and format reach the device, and how results come back.
  struct DevicePictureTests {
    private func check(
      _ model: Model, _ pictures: [Image], largestBatch: Int = 8,
      at location: SourceLocation = #_sourceLocation
    ) throws {
      let device = try FakeDevice.session(model, largestBatch: largestBatch)
      let processor = try Session.onProcessor(model, largestBatch: largestBatch)
      try device.run(pictures)
      try processor.run(pictures)
      #expect(device.resultCount == pictures.count, sourceLocation: location)
      for index in pictures.indices {
        try expectAgreement(
          device, processor, index, within: 1e-4, "picture \(index)", at: location)
        expectClose(
          try device.probabilities(index), try processor.probabilities(index), absolute: 2e-4,
          "probabilities of picture \(index)", at: location)
      }
    }

    private func pictures(_ sizes: (Int, Int)...) throws -> [Image] {
      try sizes.enumerated().map {
        try DeviceFixture.picture($1.0, $1.1, seed: UInt64($0 + 1))
      }
    }

    @Test func picturesOfOneSizeRunTogether() throws {
      try check(
        try DeviceFixture.model(), try pictures((40, 33), (40, 33), (40, 33)))
    }

    @Test func batchesOfOneRunLeaveAllResults() throws {
      try check(
        try DeviceFixture.model(),
        try pictures((40, 33), (40, 33), (40, 33), (20, 64), (33, 40), (33, 40)), largestBatch: 2)
    }

    /// They share a batch, since the network sees them padded to the same size.
    @Test func picturesOfSeveralSizesShareABatch() throws {
      let fake = try FakeDevice.fake()
      fake.resetCounts()
      try check(try DeviceFixture.model(), try pictures((40, 33), (33, 40), (35, 39), (40, 40)))
      #expect(fake.callCount("cuMemAlloc_v2") > 0)
    }

    @Test func onePixelIsAPicture() throws {
      try check(try DeviceFixture.model(), try pictures((1, 1), (1, 1)))
    }

    @Test(arguments: [
      Preprocessing.SizeRule.exact(width: 64, height: 32), .longestSide(48), .atMost(40),
    ])
    func sizeRulesScaleScoresBackBeforeTheArgmax(rule: Preprocessing.SizeRule) throws {
      let model = try DeviceFixture.model { $0.preprocessing.size = rule }
      // Of the last two, which share a batch, `atMost` leaves one as it is.
      try check(model, try pictures((90, 51), (90, 51), (20, 61), (80, 80), (40, 40)))
      try check(model, try pictures((90, 51), (33, 70), (70, 33)), largestBatch: 1)
    }

    @Test(arguments: [Preprocessing.caffe, .grey, .torchvision])
    func everyPreprocessingIsDoneThere(preprocessing: Preprocessing) throws {
      let model = try DeviceFixture.model {
        $0.preprocessing = preprocessing
        $0.options.inputChannels = preprocessing.channels
      }
      try check(model, try pictures((37, 30), (37, 30)))
    }

    @Test(arguments: PixelView.Format.allCases)
    func everyPixelFormatAndRowStrideIsUnderstood(format: PixelView.Format) throws {
      let model = try DeviceFixture.model()
      let (device, processor) = (
        try FakeDevice.session(model), try Session.onProcessor(model)
      )
      let (width, height, pixel) = (21, 17, format.bytesPerPixel)
      var generator = SeededGenerator(seed: 5)
      for padding in [0, 5] {
        let stride = width * pixel + padding
        let bytes = (0..<stride * height).map { _ in UInt8(generator.integer(in: 0..<256)) }
        // The last row ends with its last pixel.
        let exact = Array(bytes.dropLast(padding))
        try exact.withUnsafeBytes { raw in
          let view = try PixelView(
            base: try #require(raw.baseAddress), width: width, height: height, rowStride: stride,
            format: format)
          try device.run([view])
          try processor.run([view])
        }
        try expectAgreement(device, processor, within: 1e-4, "\(format) and \(padding)")
      }
    }

    /// Scaled pictures become RGB on the device, others are read as they are.
    @Test func pixelFormatsMayBeMixedAndScaled() throws {
      let model = try DeviceFixture.model { $0.preprocessing.size = .atMost(24) }
      let device = try FakeDevice.session(model)
      let processor = try Session.onProcessor(model)
      let bytes = (0..<48 * 48 * 4).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 7) }
      try bytes.withUnsafeBytes { raw in
        let base = try #require(raw.baseAddress)
        func view(_ side: Int, _ format: PixelView.Format) throws -> PixelView {
          try PixelView(
            base: base, width: side, height: side, rowStride: side * format.bytesPerPixel,
            format: format)
        }
        let views = [
          try view(48, .bgra8), try view(24, .grey8), try view(24, .rgba8), try view(48, .grey8),
          try view(24, .bgr8),
        ]
        try device.run(views)
        try processor.run(views)
      }
      for index in 0..<5 { try expectAgreement(device, processor, index, within: 1e-4) }
    }

    @Test func wrongRequestsAreRefusedWithWhatWasWanted() throws {
      let session = try FakeDevice.session(try DeviceFixture.model())
      try session.run([PixelView]())
      #expect(session.resultCount == 0)
      expectError(.notFound, saying: "result 0", "segment a picture first") {
        _ = try session.labelMap(0)
      }
      try session.run([try DeviceFixture.picture(10, 10)])
      var short = [Float](repeating: 0, count: 399)
      expectError(.bufferTooSmall, saying: "399", "400") {
        try short.withUnsafeMutableBufferPointer { try session.copyScores(0, to: $0) }
      }
      #expect(session.memoryByteCount > 0)
    }
  }
}
