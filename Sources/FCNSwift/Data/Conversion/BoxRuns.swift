import Glibc

/// A mask as CVAT keeps it: runs of pixels that are not covered and covered, in turn, row by row within a
/// box of a picture.
struct BoxRuns: Sendable, Hashable {
  /// Pixels of each run; the first is not covered, and may be empty.
  let counts: [UInt32]
  /// The box's first column and row.
  let left: Int
  let top: Int
  /// Columns and rows of the box.
  let width: Int
  let height: Int

  /// Runs as they stand in a text, with commas between them. Throws `corrupt` unless they fill the box.
  init(text: String, left: Int, top: Int, width: Int, height: Int) throws {
    let total = try PictureExamination.Size(checking: width, height).area
    let near = -Int(PlanePoint.largest)...Int(PlanePoint.largest)
    guard near.contains(left), near.contains(top) else {
      throw FCNError(.corrupt, "a mask at column \(left), row \(top) is far from any picture")
    }
    let words = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    if words.count > 1 << 16 { try requireMemory(16 * words.count) }
    var runs: [UInt32] = []
    runs.reserveCapacity(words.count)
    var sum = 0
    for word in words {
      let digits = word.drop { $0 == 0x20 }.prefix { $0 != 0x20 }
      guard let count = Int(Substring(digits)), count >= 0, count <= total - sum else {
        throw FCNError(
          .corrupt,
          "the runs of a mask are no whole numbers, or more than its \(width)×\(height) pixels")
      }
      sum += count
      runs.append(UInt32(count))
    }
    guard sum == total else {
      throw FCNError(.corrupt, "the runs of a mask do not fill its \(width)×\(height) pixels")
    }
    counts = runs
    (self.left, self.top, self.width, self.height) = (left, top, width, height)
  }

  func mask(in size: PictureExamination.Size) throws -> RegionMask {
    var mask = try RegionMask(
      columns: left...left + width - 1, rows: top...top + height - 1, in: size)
    var place = 0
    for (index, count) in counts.enumerated() {
      let end = place + Int(count)
      // Row by row: a run may go on in the next ones.
      while index % 2 == 1, place < end {
        let row = place / width
        let stop = min(end, (row + 1) * width)
        mask.cover(
          left + place - row * width...left + stop - 1 - row * width, row: top + row)
        place = stop
      }
      place = end
    }
    return mask
  }
}

extension RegionMask {
  /// An ellipse: pixels whose centres lie in it, its axes turned clockwise by `rotation` degrees.
  init(
    ellipse centre: PlanePoint, radii: PlanePoint, rotation: Double,
    in size: PictureExamination.Size
  ) throws {
    let reach = max(0, radii.x, radii.y)
    try self.init(
      columns: wholePixel(centre.x - reach) - 1...wholePixel(centre.x + reach) + 1,
      rows: wholePixel(centre.y - reach) - 1...wholePixel(centre.y + reach) + 1, in: size)
    guard radii.x > 0, radii.y > 0 else { return }
    let (sine, cosine) = (sin(rotation * .pi / 180), cos(rotation * .pi / 180))
    for y in rows {
      for x in columns {
        let (dx, dy) = (Double(x) + 0.5 - centre.x, Double(y) + 0.5 - centre.y)
        let (u, v) = ((dx * cosine + dy * sine) / radii.x, (dy * cosine - dx * sine) / radii.y)
        if u * u + v * v <= 1 { cover(x...x, row: y) }
      }
    }
  }
}
