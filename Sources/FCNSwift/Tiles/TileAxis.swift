/// One axis of a picture in tiles.
struct TileAxis {
  /// Where a tile of the network's input begins, how long it is, and of which of the picture's pixels it
  /// gives the labels.
  struct Tile {
    let start, count: Int
    let kept: Range<Int>
  }

  /// From first to last; what they keep lies side by side.
  let tiles: [Tile]
  /// What the longest of them has.
  let longest: Int

  /// Divides the input's `inputCount` positions, of which the first `count` are the picture's, into tiles of
  /// at most `longest`, a multiple of `alignment`. Before and after what a tile keeps it has `halo` positions
  /// that what it keeps depends on. nil where nothing could be kept.
  init?(
    count: Int, inputCount: Int, longest: Int, alignment: Int, halo: (before: Int, after: Int)
  ) {
    guard inputCount > longest else {
      tiles = [Tile(start: 0, count: inputCount, kept: 0..<count)]
      self.longest = inputCount
      return
    }
    guard longest - halo.before - halo.after >= alignment else { return nil }
    var tiles = [Tile(start: 0, count: longest, kept: 0..<min(count, longest - halo.after))]
    while let last = tiles.last, last.kept.upperBound < count {
      let begin = last.kept.upperBound
      var start = begin - halo.before
      guard start + longest >= inputCount else {
        let end = min(count, start + longest - halo.after)
        tiles.append(Tile(start: start, count: longest, kept: begin..<end))
        continue
      }
      // The last may begin earlier, to be as long as the others.
      if (inputCount - longest).isMultiple(of: alignment) { start = inputCount - longest }
      tiles.append(Tile(start: start, count: inputCount - start, kept: begin..<count))
    }
    self.tiles = tiles
    self.longest = longest
  }

  /// The positions before and after some of the network `axis` on which these depend, in whole multiples of
  /// `alignment`, wherever among such multiples they are.
  static func halo(of axis: NetworkAxis, count: Int, alignment: Int) -> (before: Int, after: Int) {
    let middle = count / 2 / alignment * alignment
    let probe = middle..<min(count, middle + alignment)
    guard !probe.isEmpty else { return (0, 0) }
    let seen = axis.seen(by: probe)
    return (
      roundUp(max(0, probe.lowerBound - seen.lowerBound), toMultipleOf: alignment),
      roundUp(max(0, seen.upperBound - probe.upperBound), toMultipleOf: alignment)
    )
  }
}
