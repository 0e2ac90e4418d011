import Testing

@testable import FCNSwift

struct LabelPolygonsTests {
  /// A map in which every character is a label.
  private func map(_ rows: String...) throws -> LabelMap {
    let labels = rows.joined().utf8.map { $0 - UInt8(ascii: "0") }
    return try LabelMap(width: rows[0].utf8.count, height: rows.count, labels: labels)
  }

  /// Draws polygons as Pillow does, and labelme with it: what lies within, and the line itself.
  private func drawn(_ polygons: LabelPolygons, on label: UInt8 = 99) throws -> LabelMap {
    var map = try LabelMap(width: polygons.width, height: polygons.height, label: label)
    for polygon in polygons.polygons {
      let points = polygon.points
      let sides = points.indices.map { (points[$0], points[($0 + 1) % points.count]) }
      for y in 0..<map.height {
        for x in 0..<map.width {
          var isWithin = false
          for (a, b) in sides where (a.y > y) != (b.y > y) {
            let place = Double(a.x) + Double((y - a.y) * (b.x - a.x)) / Double(b.y - a.y)
            if place > Double(x) { isWithin.toggle() }
          }
          let isOnLine = sides.contains { a, b in
            (b.x - a.x) * (y - a.y) == (b.y - a.y) * (x - a.x)
              && (min(a.x, b.x)...max(a.x, b.x)).contains(x)
              && (min(a.y, b.y)...max(a.y, b.y)).contains(y)
          }
          if isWithin || isOnLine {
            map.labels[y * map.width + x] = UInt8(truncatingIfNeeded: polygon.label)
          }
        }
      }
    }
    return map
  }

  /// Labels that hang together a little, as real ones do, or not at all.
  private func random(_ seed: UInt64, _ classes: Int, smooth: Bool) throws -> LabelMap {
    var generator = SeededGenerator(seed: seed)
    let (width, height) = (generator.integer(in: 1..<17), generator.integer(in: 1..<13))
    var map = try LabelMap(width: width, height: height)
    for i in map.labels.indices {
      let copies = smooth && generator.integer(in: 0..<4) > 0
      let before = generator.integer(in: 0..<2) == 0 ? i - 1 : i - width
      map.labels[i] =
        copies && before >= 0 ? map.labels[before] : UInt8(generator.integer(in: 0..<classes))
    }
    return map
  }

  @Test func exactPolygonsDrawTheMapAgain() throws {
    for seed in 0..<150 as Range<UInt64> {
      let map = try random(seed, 2 + Int(seed % 4), smooth: seed % 3 > 0)
      let polygons = try LabelPolygons(map, tolerance: 0)
      #expect(polygons.polygons.allSatisfy { $0.points.count >= 3 })
      #expect(try drawn(polygons) == map, "seed \(seed)")
    }
  }

  /// What nobody drew is the background already; within others it has to be drawn.
  @Test func theBackgroundIsDrawnWithinOthersOnly() throws {
    let ring = try map("00000", "01110", "01010", "01110", "00000")
    let polygons = try LabelPolygons(ring, tolerance: 0, background: 0)
    #expect(polygons.polygons.map(\.label) == [1, 0])
    #expect(polygons.polygons[1].points == [.init(2, 2), .init(2, 2), .init(2, 2)])
    #expect(try LabelPolygons(ring, tolerance: 0).polygons.map(\.label) == [0, 1, 0])
    // An open ring encloses nothing, nor does one that is closed by corners alone.
    let open = try map("01110", "01010", "01010")
    #expect(try LabelPolygons(open, tolerance: 0, background: 0).polygons.map(\.label) == [1])
    for seed in 0..<150 as Range<UInt64> {
      let map = try random(seed, 3, smooth: seed % 3 > 0)
      let polygons = try LabelPolygons(map, tolerance: 0, background: 0)
      #expect(try drawn(polygons, on: 0) == map, "seed \(seed)")
    }
  }

  @Test func aContourIsTheOutermostPixelsClockwise() throws {
    let regions = try LabelRegions(try map("0110", "0111", "0010"))
    let index = try #require(regions.regions.firstIndex { $0.label == 1 })
    #expect(
      regions.contour(of: index).map { [$0.x, $0.y] } == [
        [1, 0], [2, 0], [3, 1], [2, 2], [1, 1],
      ])
    #expect(regions.regions[index].area == 6 && regions.regions[index].boxArea == 9)
    // A line is walked there and back.
    let line = try LabelRegions(try map("111"))
    #expect(line.contour(of: 0).map(\.x) == [0, 1, 2, 1])
    #expect(
      try LabelPolygons(try map("111"), tolerance: 0).polygons[0].points.map(\.x) == [0, 2, 0])
  }

  @Test func simplePolygonsStayWithinTheTolerance() throws {
    var map = try LabelMap(width: 60, height: 60)
    for i in map.labels.indices {
      let (x, y) = (i % 60 - 30, i / 60 - 30)
      if x * x + y * y <= 400 { map.labels[i] = 1 }
    }
    let exact = try LabelPolygons(map, tolerance: 0, background: 0)
    let simple = try LabelPolygons(map, tolerance: 1, background: 0)
    #expect(simple.polygons.count == 1 && exact.polygons.count == 1)
    #expect(simple.polygons[0].points.count * 2 < exact.polygons[0].points.count)
    let again = try drawn(simple, on: 0)
    for i in map.labels.indices where again.labels[i] != map.labels[i] {
      let (x, y) = (Double(i % 60 - 30), Double(i / 60 - 30))
      #expect(abs((x * x + y * y).squareRoot() - 20) < 2)
    }
  }

  @Test func smallRegionsCountToTheNeighbourOfTheLongestBorder() throws {
    let speckled = try map("000011", "020011", "000031", "000011")
    let cleaned = try speckled.absorbingRegions(below: 3)
    #expect(try cleaned == map("000011", "000011", "000011", "000011"))
    #expect(try speckled.absorbingRegions(below: 1) == speckled)
    #expect(try LabelPolygons(speckled, tolerance: 0, smallest: 3).polygons.map(\.label) == [0, 1])
    // Where all is small it stays.
    let one = try map("01")
    #expect(Set(try one.absorbingRegions(below: 100).labels).count == 1)
    #expect(try map("0").absorbingRegions(below: 100) == map("0"))
  }

  @Test func theFileIsLabelmes() throws {
    let polygons = try LabelPolygons(try map("011", "011"), tolerance: 0)
    let file = polygons.labelme(picture: "../a b.jpg") { "class \($0)" }
    #expect(
      file.compactText
        == #"{"version":"5.5.0","flags":{},"shapes":[{"label":"class 1","points":[[1,0],[2,0],"#
        + #"[2,1],[1,1]],"group_id":null,"description":"","shape_type":"polygon","flags":{},"#
        + #""mask":null},{"label":"class 0","points":[[0,0],[0,1],[0,0]],"group_id":null,"#
        + #""description":"","shape_type":"polygon","flags":{},"mask":null}],"#
        + #""imagePath":"../a b.jpg","imageData":null,"imageHeight":2,"imageWidth":3}"#)
  }
}
