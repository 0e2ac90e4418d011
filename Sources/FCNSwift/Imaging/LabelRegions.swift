/// The regions of a label map: pixels of one label that hang together by their sides.
///
/// By sides and not by corners: then a region lies wholly in a hole of another or wholly outside of it,
/// which is what drawing one over the other needs.
struct LabelRegions {
  /// One of them.
  struct Region {
    let label: UInt8
    /// Its first pixel row by row from the top: y · width + x.
    let first: Int
    var area: Int
    /// The rows and columns from its first to its last.
    var columns: ClosedRange<Int>
    var rows: ClosedRange<Int>

    /// Pixels of the rectangle around it. Around what lies in a hole it is smaller.
    var boxArea: Int { columns.count * rows.count }
  }

  let width: Int
  let height: Int
  /// In the order of their first pixels.
  private(set) var regions: [Region] = []
  /// The region of each pixel, an index into `regions`.
  private(set) var places: [Int32]

  /// Finds them. Throws `outOfMemory` where there is none for four bytes a pixel.
  init(_ map: LabelMap) throws {
    (width, height) = (map.width, map.height)
    try requireMemory(4 * MemoryLayout<Int32>.stride * map.labels.count)
    places = [Int32](repeating: -1, count: map.labels.count)
    // A pixel's parent comes before it or is itself: the first pixel of its region in the end.
    var parents = [Int32](repeating: 0, count: map.labels.count)
    let width = width
    map.labels.withUnsafeBufferPointer { labels in
      parents.withUnsafeMutableBufferPointer { parents in
        for i in labels.indices {
          let joinsLeft = i % width > 0 && labels[i - 1] == labels[i]
          let joinsAbove = i >= width && labels[i - width] == labels[i]
          switch (joinsLeft, joinsAbove) {
          case (false, false): parents[i] = Int32(i)
          case (true, false): parents[i] = LabelRegions.root(i - 1, parents)
          case (false, true): parents[i] = LabelRegions.root(i - width, parents)
          case (true, true):
            let (a, b) = (
              LabelRegions.root(i - 1, parents), LabelRegions.root(i - width, parents)
            )
            parents[Int(max(a, b))] = min(a, b)
            parents[i] = min(a, b)
          }
        }
        for i in labels.indices { note(i, root: Int(parents[i]), labels[i], parents) }
      }
    }
  }

  private static func root(_ start: Int, _ parents: UnsafeMutableBufferPointer<Int32>) -> Int32 {
    var i = start
    while Int(parents[i]) != i {
      parents[i] = parents[Int(parents[i])]
      i = Int(parents[i])
    }
    return Int32(i)
  }

  /// Counts pixel `i` to its region, which begins where the pixel is its own root.
  private mutating func note(
    _ i: Int, root parent: Int, _ label: UInt8, _ parents: UnsafeMutableBufferPointer<Int32>
  ) {
    let (x, y) = (i % width, i / width)
    guard parent != i else {
      places[i] = Int32(regions.count)
      regions.append(Region(label: label, first: i, area: 1, columns: x...x, rows: y...y))
      return
    }
    // The parent came before, and knows its region.
    let place = Int(places[parent])
    places[i] = Int32(place)
    regions[place].area += 1
    let columns = regions[place].columns
    if !columns.contains(x) {
      regions[place].columns = min(columns.lowerBound, x)...max(columns.upperBound, x)
    }
    if regions[place].rows.upperBound < y {
      regions[place].rows = regions[place].rows.lowerBound...y
    }
  }
}

extension LabelMap {
  /// The map without regions of fewer than `smallest` pixels: each, the smallest first, becomes part of
  /// the neighbour with which it has the longest border.
  func absorbingRegions(below smallest: Int) throws -> LabelMap {
    let found = try LabelRegions(self)
    let small = found.regions.indices.filter { found.regions[$0].area < smallest }
    guard !small.isEmpty, found.regions.count > 1 else { return self }
    var borders = found.borders(of: small)
    // Which region each has become a part of; itself at first.
    var homes = Array(found.regions.indices)
    var areas = found.regions.map(\.area)
    func home(_ region: Int) -> Int {
      var region = region
      while homes[region] != region { region = homes[region] }
      return region
    }
    let order = small.sorted { (areas[$0], $0) < (areas[$1], $1) }
    for region in order where homes[region] == region && areas[region] < smallest {
      var lengths: [Int: Int] = [:]
      for (neighbour, length) in borders[region] ?? [:] {
        let neighbour = home(neighbour)
        if neighbour != region { lengths[neighbour, default: 0] += length }
      }
      guard let best = lengths.max(by: { ($0.value, -$0.key) < ($1.value, -$1.key) })?.key else {
        continue
      }
      homes[region] = best
      areas[best] += areas[region]
      // What borders on the part borders on the whole.
      if borders[best] != nil { borders[best]?.merge(lengths) { $0 + $1 } }
    }
    let labels = found.regions.indices.map { found.regions[home($0)].label }
    var result = self
    for i in result.labels.indices { result.labels[i] = labels[Int(found.places[i])] }
    return result
  }
}

extension LabelRegions {
  /// Of each of `wanted` its neighbours, and with how many sides of pixels each touches it.
  fileprivate func borders(of wanted: [Int]) -> [Int: [Int: Int]] {
    var isWanted = [Bool](repeating: false, count: regions.count)
    for region in wanted { isWanted[region] = true }
    var borders = Dictionary(uniqueKeysWithValues: wanted.map { ($0, [Int: Int]()) })
    func note(_ a: Int, _ b: Int) {
      guard a != b else { return }
      if isWanted[a] { borders[a]?[b, default: 0] += 1 }
      if isWanted[b] { borders[b]?[a, default: 0] += 1 }
    }
    for i in places.indices {
      if i % width + 1 < width { note(Int(places[i]), Int(places[i + 1])) }
      if i + width < places.count { note(Int(places[i]), Int(places[i + width])) }
    }
    return borders
  }
}
