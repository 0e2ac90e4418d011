/// A mask as COCO keeps it: runs of pixels that are not covered and covered, in turn, column by column.
struct RunLengths: Sendable, Hashable {
  /// Pixels of each run; the first is not covered, and may be empty.
  let counts: [UInt32]
  /// Rows and columns of the picture.
  let height: Int
  let width: Int

  /// Runs that were written out; throws `corrupt` unless they fill the picture.
  init(counts: [Int], height: Int, width: Int) throws {
    let total = try PictureExamination.Size(checking: width, height).area
    var sum = 0
    var runs: [UInt32] = []
    runs.reserveCapacity(counts.count)
    for count in counts {
      guard count >= 0, count <= total - sum else {
        throw RunLengths.misfit(width, height)
      }
      sum += count
      runs.append(UInt32(count))
    }
    guard sum == total else { throw RunLengths.misfit(width, height) }
    self.counts = runs
    self.height = height
    self.width = width
  }

  /// Runs as pycocotools packs them into a text: digits of five bits, the lowest first, beginning at
  /// the character `0`, bit 5 saying that more follow; from the fourth run on what is stored is the
  /// difference from the run two before.
  init(packed text: String, height: Int, width: Int) throws {
    var counts: [Int] = []
    var value = 0
    var shift = 0
    for byte in text.utf8 {
      guard (48..<112).contains(byte), shift <= 30 else {
        throw FCNError(.corrupt, "a packed mask has a character or a number that cannot be one")
      }
      let digit = Int(byte) - 48
      value |= (digit & 31) << shift
      shift += 5
      guard digit & 32 == 0 else { continue }
      if digit & 16 != 0 { value -= 1 << shift }
      if counts.count > 2 { value += counts[counts.count - 2] }
      // A sum of many could leave the range of integers.
      guard (0...Image.largestPixelCount).contains(value) else {
        throw RunLengths.misfit(width, height)
      }
      counts.append(value)
      (value, shift) = (0, 0)
    }
    guard shift == 0 else { throw FCNError(.corrupt, "a packed mask ends within a number") }
    try self.init(counts: counts, height: height, width: width)
  }

  private static func misfit(_ width: Int, _ height: Int) -> FCNError {
    FCNError(.corrupt, "the runs of a mask do not fill its \(width)×\(height) pixels")
  }

  func mask(in size: PictureExamination.Size) throws -> RegionMask {
    guard size.width == width, size.height == height else {
      throw FCNError(
        .corrupt,
        "a mask of \(width)×\(height) is given for a picture of \(size.width)×\(size.height)")
    }
    var mask = try RegionMask(columns: 0...width - 1, rows: 0...height - 1, in: size)
    var place = 0
    for (index, count) in counts.enumerated() {
      if index % 2 == 1 {
        for pixel in place..<place + Int(count) {
          mask.pixels[pixel % height * width + pixel / height] = 1
        }
      }
      place += Int(count)
    }
    return mask
  }
}
