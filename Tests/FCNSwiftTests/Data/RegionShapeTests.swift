@testable import FCNSwift
import FCNTestSupport
import Testing

/// How regions become pixels. That this is what labelme and pycocotools do, ConversionTests tells.
struct RegionShapeTests {
  private typealias Size = PictureExamination.Size

  /// Rows of `.` and `#`.
  private func drawn(_ shape: RegionShape, _ width: Int, _ height: Int) throws -> [String] {
    let mask = try shape.mask(in: .init(width, height))
    return (0..<height).map { y in
      String(
        (0..<width).map { x -> Character in
          guard mask.columns.contains(x), mask.rows.contains(y) else { return "." }
          let place = (y - mask.rows.lowerBound) * mask.columns.count
          return mask.pixels[place + x - mask.columns.lowerBound] == 1 ? "#" : "."
        })
    }
  }

  private func points(_ numbers: Double...) -> [PlanePoint] {
    stride(from: 0, to: numbers.count, by: 2).map { PlanePoint(numbers[$0], numbers[$0 + 1]) }
  }

  @Test func theTwoRulesDifferByHalfAPixelAtTheEdge() throws {
    let square = points(1, 1, 4, 1, 4, 3, 1, 3)
    #expect(
      try drawn(.closedPolygon(square), 6, 5) == ["......", ".####.", ".####.", ".####.", "......"])
    #expect(
      try drawn(.centrePolygon(square), 6, 5) == ["......", ".###..", ".###..", "......", "......"])
    #expect(
      try drawn(.rectangle(PlanePoint(4.9, 3), PlanePoint(1.2, 1)), 6, 5)
        == ["......", ".####.", ".####.", ".####.", "......"])
  }

  @Test func whatIsEnclosedTwiceIsOutside() throws {
    let ring = points(0, 0, 5, 0, 5, 5, 0, 5, 0, 0, 2, 2, 3, 2, 3, 3, 2, 3, 2, 2)
    #expect(
      try drawn(.centrePolygon(ring), 5, 5) == ["#####", "#####", "##.##", "#####", "#####"])
  }

  @Test func whatLiesOutsideThePictureIsCutOff() throws {
    let wide = points(-50, -3.5, 80, -9, 80, 40, -50, 41)
    for shape in [RegionShape.closedPolygon(wide), .centrePolygon(wide)] {
      #expect(try drawn(shape, 3, 2) == ["###", "###"])
    }
    let far = points(10, 10, 20, 10, 20, 20)
    for shape in [
      RegionShape.closedPolygon(far), .centrePolygon(far), .rectangle(far[0], far[2]),
      .circle(far[0], far[1]),
    ] {
      #expect(try drawn(shape, 3, 2) == ["...", "..."])
    }
    // The largest coordinates that are drawn at all.
    let edge = PlanePoint.largest
    let huge = points(-edge, -edge, edge, -edge, edge, edge, -edge, edge)
    for shape in [
      RegionShape.closedPolygon(huge), .centrePolygon(huge), .rectangle(huge[0], huge[2]),
      .circle(PlanePoint(0, 0), PlanePoint(edge, edge)),
    ] {
      #expect(try drawn(shape, 3, 2) == ["###", "###"])
    }
    #expect(try drawn(.closedPolygon([]), 3, 2) == ["...", "..."])
    #expect(try drawn(.centrePolygon([]), 3, 2) == ["...", "..."])
  }

  @Test func aDiscIsRound() throws {
    #expect(
      try drawn(.circle(PlanePoint(3, 3), PlanePoint(5, 3)), 7, 7) == [
        ".......", "..###..", ".#####.", ".#####.", ".#####.", "..###..", ".......",
      ])
    #expect(try drawn(.circle(PlanePoint(1, 1), PlanePoint(1, 1)), 3, 3) == ["...", ".#.", "..."])
  }

  @Test func runsGoDownTheColumns() throws {
    let runs = try RunLengths(counts: [1, 2, 2, 1, 0], height: 3, width: 2)
    #expect(try drawn(.runs(runs), 2, 3) == ["..", "#.", "##"])
    // As pycocotools packs them.
    let packed = try RunLengths(packed: "321<_2", height: 10, width: 10)
    #expect(packed.counts == [3, 2, 1, 14, 80])
  }

  @Test(arguments: [
    [7], [3, 4], [5], [-1, 7], [Int.max, 1], [6, 0, 1], [],
  ])
  func runsThatDoNotFillThePictureAreRefused(counts: [Int]) {
    expectError(.corrupt, saying: "2×3") {
      _ = try RunLengths(counts: counts, height: 3, width: 2)
    }
  }

  @Test(arguments: ["", "o", "oooooooooooo0", "!", "\u{7f}", "00é", "6P", "1OOOOO"])
  func packedRunsThatAreNoneAreRefused(text: String) {
    expectError(.corrupt) { _ = try RunLengths(packed: text, height: 3, width: 2) }
  }

  @Test func sizesBeyondAnyPictureCostNothing() {
    for (height, width) in [(1 << 31, 1 << 31), (-1, 4), (0, 0), (Int.max, 2)] {
      #expect(errorOf { _ = try RunLengths(counts: [8], height: height, width: width) } != nil)
    }
    let other = try? RunLengths(counts: [6], height: 3, width: 2)
    expectError(.corrupt, saying: "2×3", "4×4") { _ = try other?.mask(in: .init(4, 4)) }
    for number in [1e300, -1e300, .infinity, .nan, 1e8] {
      #expect(errorOf { _ = try PlanePoint(checking: number, 0) }?.kind == .corrupt)
    }
  }

  @Test func aMaskOfItsOwnMustFitItsBox() throws {
    let bytes = try LabelMap(width: 3, height: 2, labels: [0, 1, 1, 1, 0, 0]).encodedGreyPNG()
    let shape = RegionShape.bitmap(bytes, PlanePoint(1, 1), PlanePoint(3.5, 2))
    #expect(try drawn(shape, 4, 3) == ["....", "..##", ".#.."])
    for corner in [PlanePoint(3, 3), PlanePoint(0, 0), PlanePoint(1e7, 1e7)] {
      expectError(.corrupt, saying: "3×2") {
        _ = try RegionShape.bitmap(bytes, PlanePoint(1, 1), corner).mask(in: .init(9, 9))
      }
    }
  }
}
