import FCNTestSupport
import Foundation
import Testing

/// The limits on pictures and on memory that `segment` takes.
struct LimitTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func calling(_ options: String...) throws -> [String] {
    try ["segment", Fixture.picture(), "--model", Fixture.model(), "--quiet"] + options
  }

  @Test func largerPicturesAreRefused() throws {
    try Command.fail(
      1, saying: "96×64, 6144 pixels", "limit of 6143",
      calling: calling("--largest-picture", "6143"))
    try Command.fail(
      1, saying: "limit of 6143",
      calling: calling(
        "--largest-picture", "6143", "--tiles", "auto", "--labels", folder.file("l.png")))
    try Command.fail(2, saying: "--largest-picture", calling: calling("--largest-picture", "0"))
    let result = try Command.run(calling("--largest-picture", "6144"))
    #expect(result.status == 0)
  }

  @Test func largerNetworksAreRefusedWithWhatTheyNeed() throws {
    let refused = try Command.run(calling("--largest-memory", "1K"))
    #expect(refused.status == 1)
    let words = refused.errors.components(separatedBy: "needs ")
    let needed = try #require(words.count == 2 ? Int(words[1].prefix { $0.isNumber }) : nil)
    #expect(needed > 1024)
    let granted = try Command.run(calling("--largest-memory", "\(needed)"))
    #expect(granted.status == 0, "\(granted.errors)")
    try Command.fail(
      1, saying: "the limit on memory is \(needed - 1)",
      calling: calling("--largest-memory", "\(needed - 1)"))
    for text in ["0", "-1", "5X", "5ß", "99999999999G", "K"] {
      try Command.fail(2, saying: "--largest-memory", calling: calling("--largest-memory", text))
    }
  }

  /// What a file claims is looked at before memory is taken for it.
  @Test(arguments: [[], ["--largest-picture", "1000000"]])
  func aPNGThatClaimsTooMuchIsRefused(options: [String]) throws {
    let claims = try folder.write(Self.png(width: 100_000, height: 100_000), "claims.png")
    let limit = options.last ?? "268435456"
    try Command.fail(
      1, saying: "claims.png", "100000×100000, 10000000000 pixels", "limit of \(limit)",
      calling: ["segment", claims, "--model", Fixture.model()] + options)
  }

  /// A PNG of 8-bit greys with a header and next to no pixels.
  private static func png(width: UInt32, height: UInt32) -> [UInt8] {
    func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
      let checked = Array(name.utf8) + data
      var sum: UInt32 = ~0
      for byte in checked {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
      }
      return word(UInt32(data.count)) + checked + word(~sum)
    }
    return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + chunk("IHDR", word(width) + word(height) + [8, 0, 0, 0, 0])
      + chunk("IDAT", [0x78, 0x9C, 0x03, 0, 0, 0, 0, 1]) + chunk("IEND", [])
  }
}
