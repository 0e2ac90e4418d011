/// Decisions, drawn from the bytes that libFuzzer thinks of; where they end, the plainest ones.
struct CallInput {
  private var rest: Slice<UnsafeRawBufferPointer>

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// 0 to `count` − 1.
  mutating func number(below count: Int) -> Int { Int(byte()) % max(1, count) }

  /// True once in `count` times.
  mutating func seldom(_ count: Int) -> Bool { Int(byte()) % count == count - 1 }

  mutating func one<Element>(of choices: [Element]) -> Element {
    choices[number(below: choices.count)]
  }

  /// An integer that is somebody's limit.
  mutating func wild() -> Int32 {
    one(of: [
      0, 1, 2, 3, -1, 4, 5, 7, 8, 64, 65, 255, 256, 1024, 1025, 16384, 16385, 65536, 65537,
      .max, .min, 1 << 22, 1 << 28, Int32(byte()), -Int32(byte()),
    ])
  }

  /// A number that is somebody's limit.
  mutating func wildFloat() -> Float {
    one(of: [
      0, 1, -1, 0.5, 0.01, 4, 20, 0.05, 1000, 0.9999, .nan, .infinity, -.infinity,
      .leastNonzeroMagnitude, .greatestFiniteMagnitude, Float(byte()) / 16,
    ])
  }
}
