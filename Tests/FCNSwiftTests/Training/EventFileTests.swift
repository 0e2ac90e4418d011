import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

struct EventFileTests {
  /// The vectors of RFC 3720, B.4, and that of "123456789".
  @Test func theChecksumIsCastagnolis() {
    #expect(CastagnoliChecksum.of(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CastagnoliChecksum.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CastagnoliChecksum.of([UInt8](repeating: 255, count: 32)) == 0x62A8_AB43)
    #expect(CastagnoliChecksum.of((0..<32).map { UInt8($0) }) == 0x46DD_794E)
    #expect(CastagnoliChecksum.of((0..<32).reversed().map { UInt8($0) }) == 0x113F_DB5C)
    #expect(CastagnoliChecksum.of([]) == 0)
    // What a mask of nothing is: only the offset is left.
    #expect(CastagnoliChecksum.masked([]) == 0xA282_EAD8)
  }

  /// What TensorBoard's own writer makes of the same events: Goldens/TensorBoard/make_events.py.
  @Test func recordsAreThoseOfTensorBoardsWriter() throws {
    let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Goldens/TensorBoard/events.tfevents")
    let events = [
      EventFile.version(time: 1700000000.25), EventFile.start(step: 1, time: 1700000000.25),
      EventFile.scalars(
        [("val/loss", 0.1), ("class_iu/Straße <b>", 0)], step: 300, time: 1700000001.5),
      EventFile.scalars([("learning_rate", -2.5e-30)], step: 0, time: 2),
    ]
    let bytes = try events.flatMap(EventFile.record)
    #expect(Data(bytes) == (try Data(contentsOf: golden)))
  }

  @Test func aFileGrowsByWholeRecords() throws {
    let folder = try TemporaryFolder()
    let file = try EventFile(folder: folder.file("a/b"), from: 5)
    let other = try EventFile(folder: folder.file("a/b"), from: 5)
    #expect(file.path != other.path)
    #expect(file.path.contains("tfevents"))
    let start = try records(file.path).count
    #expect(start == 2)
    try file.append([("loss", 1), ("gone", .nan), ("far", .infinity)], step: 5)
    try file.append([("gone", .nan)], step: 6)
    let records = try records(file.path)
    #expect(records.count == 3)
    let text = String(decoding: records[2], as: UTF8.self)
    #expect(text.contains("loss") && !text.contains("gone") && !text.contains("far"))
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder.file("file")))
    #expect(
      fcnError { _ = try EventFile(folder: folder.file("file"), from: 1) }?.kind == .inputOutput)
  }

  /// The records of the file, their checksums looked at.
  private func records(_ path: String) throws -> [[UInt8]] {
    var rest = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))[...]
    func take(_ count: Int) throws -> [UInt8] {
      try #require(rest.count >= count)
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var found: [[UInt8]] = []
    while !rest.isEmpty {
      let length = try take(8)
      #expect(number(try take(4)) == UInt64(CastagnoliChecksum.masked(length)))
      let data = try take(Int(number(length)))
      #expect(number(try take(4)) == UInt64(CastagnoliChecksum.masked(data)))
      found.append(data)
    }
    return found
  }
}
