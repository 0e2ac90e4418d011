import Foundation

@testable import FCNSwift

/// The pictures that Goldens/Pictures/make_pictures.py made, and what it says they hold.
struct PictureFixtures: Decodable {
  struct Item: Decodable, CustomStringConvertible {
    let file: String?
    let expected: String
    let width: Int
    let height: Int
    let tolerance: Int?

    var description: String { file ?? expected }
    func encoded() throws -> [UInt8] { try PictureFixtures.bytes(file ?? "") }
    func values() throws -> [UInt8] { try PictureFixtures.bytes(expected) }
  }

  let pictures: [Item]
  let labels: [Item]
  let resized: [Item]
  let nearest: [Item]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Goldens/Pictures")

  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  static func load() throws -> PictureFixtures {
    let data = try Data(contentsOf: folder.appendingPathComponent("pictures.json"))
    return try JSONDecoder().decode(PictureFixtures.self, from: data)
  }
}

/// The largest difference of two arrays of the same length; 256 where the lengths differ.
func largestDifference(_ a: [UInt8], _ b: [UInt8]) -> Int {
  guard a.count == b.count else { return 256 }
  return zip(a, b).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

/// The `FCNError` that `body` throws; nil if it throws nothing or something else.
func fcnError(_ body: () throws -> Void) -> FCNError? {
  do {
    try body()
    return nil
  } catch {
    return error as? FCNError
  }
}
