import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// How weights lie on a device, in whatever parts they travel.
  struct DeviceLoaderTests {
    private static let (outputs, inputs, positions) = (7, 10, 6)

    /// What `pack` makes, where `part` bytes travel at a time.
    private func packed(
      _ order: DeviceLoader.PackingOrder, as element: DeviceElement, part: Int, count: Int
    ) throws -> [Float] {
      let context = try FakeDevice.context()
      return try context.run {
        let loader = try DeviceLoader(context, partByteCount: part)
        let memory = try loader.pack(
          try weights(), outputs: Self.outputs, inputs: Self.inputs, positions: Self.positions,
          order, as: element)
        #expect(memory.byteCount == count * element.byteCount)
        let host = try PinnedMemory(memory.byteCount, in: context)
        let stream = try DeviceStream(context)
        try stream.download(memory.address, memory.byteCount, to: host.base)
        try stream.synchronize()
        return element.decode(host.base, count: count)
      }
    }

    private func weights() throws -> Tensor {
      try Tensor.random(Shape(Self.outputs, Self.inputs, 2, 3), seed: 4).rounded(to: .bfloat16)
    }

    /// Less than an output's weights, a few outputs, and all of them.
    @Test(arguments: [4, 100, 600, 16 << 20], [DeviceElement.float32, .float16, .bfloat16])
    func weightsLieInOrder(part: Int, element: DeviceElement) throws {
      let weights = try weights()
      func weight(_ output: Int, _ input: Int, _ position: Int) -> Float {
        guard output < Self.outputs, input < Self.inputs else { return 0 }
        return element == .float16
          ? Precision.float16.rounded(weights.plane(output, input)[position])
          : weights.plane(output, input)[position]
      }
      let byOutput = (0..<8).flatMap { output in
        (0..<Self.positions).flatMap { position in
          (0..<16).map { weight(output, $0, position) }
        }
      }
      #expect(
        try packed(.byOutput, as: element, part: part, count: byOutput.count) == byOutput)
      let byPosition = (0..<Self.positions).flatMap { position in
        (0..<Self.inputs).flatMap { input in (0..<8).map { weight($0, input, position) } }
      }
      #expect(
        try packed(.byPosition, as: element, part: part, count: byPosition.count) == byPosition)
    }

    @Test func noMoreIsPinnedThanNeedBe() throws {
      let fake = try FakeDevice.fake()
      let context = try FakeDevice.context()
      try context.run {
        let loader = try DeviceLoader(context, partByteCount: 1 << 20)
        fake.resetCounts()
        for count in [1, 5, 100, 4000] {
          _ = try loader.uploadChannels([Float](repeating: 1, count: count))
        }
        #expect(fake.callCount("cuMemHostAlloc") == 1)
        _ = try loader.upload([Float](repeating: 1, count: 1 << 19))
        _ = try loader.upload([Float](repeating: 1, count: 1 << 20))
        #expect(fake.callCount("cuMemHostAlloc") == 2)
      }
    }
  }
}
