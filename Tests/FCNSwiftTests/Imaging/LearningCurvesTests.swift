import Foundation
import FoundationXML
import Testing

@testable import FCNSwift

@Suite struct LearningCurvesTests {
  private func curves(_ values: [Double], name: String = "training") -> LearningCurves {
    let points = values.enumerated().map { (x: Double($0.offset + 1), y: $0.element) }
    return LearningCurves(panels: [
      .init(title: "loss", series: [.init(name: name, points: points)]),
      .init(
        title: "accuracy",
        series: [.init(name: "test", points: points), .init(name: "mean IU", points: points)],
        range: 0...1),
    ])
  }

  /// The elements of an SVG document; nil where it is not XML.
  private func parsed(_ svg: String) -> [Element]? {
    let reader = Reader()
    let parser = XMLParser(data: Data(svg.utf8))
    parser.delegate = reader
    return parser.parse() ? reader.elements : nil
  }

  private struct Element {
    let name: String
    let attributes: [String: String]
    var text = ""
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var elements: [Element] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      elements.append(Element(name: name, attributes: attributes))
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      elements[elements.count - 1].text += string
    }
  }

  /// The curves among the elements: the lines of width 2.
  private func drawnCurves(_ elements: [Element]) -> [Element] {
    elements.filter { $0.name == "polyline" && $0.attributes["stroke-width"] == "2" }
  }

  @Test func pictureAndSVGShowTheSame() throws {
    let curves = curves([0.9, 0.5, 0.3, 0.25])
    let image = try curves.image(scale: 1)
    let elements = try #require(parsed(curves.svg()))
    #expect(elements.first?.attributes["width"] == "\(image.width)")
    #expect(elements.first?.attributes["height"] == "\(image.height)")
    let lines = drawnCurves(elements)
    #expect(lines.count == 3)
    // The last curve of a panel lies above the others, so its points have its colour.
    for line in [lines[0], lines[2]] {
      let colour = try #require(line.attributes["stroke"]?.dropFirst())
      let points = try #require(line.attributes["points"]).split(separator: " ")
      #expect(points.count == 4)
      for point in points.dropFirst().dropLast() {
        let place = point.split(separator: ",").compactMap { Double($0) }.map { Int($0) }
        let at = (place[1] * image.width + place[0]) * 3
        let pixel = image.pixels[at..<(at + 3)].map {
          $0 < 16 ? "0\(String($0, radix: 16))" : String($0, radix: 16)
        }
        #expect(pixel.joined() == colour)
      }
    }
    let double = try curves.image(scale: 2)
    #expect(double.width == 2 * image.width && double.height == 2 * image.height)
  }

  @Test func aCurveIsBrokenWhereAValueIsNotFinite() throws {
    let broken = try #require(parsed(curves([0.9, 0.5, .nan, 0.4, 0.3]).svg()))
    #expect(drawnCurves(broken).count == 6)
    let infinite = try #require(parsed(curves([0.9, .infinity, 0.4, -.infinity]).svg()))
    #expect(drawnCurves(infinite).isEmpty)
    // Single values are dots.
    #expect(infinite.filter { $0.attributes["stroke-width"] == "5" }.count == 6)
  }

  @Test func namesAreEscapedAndCarryTheLastValue() throws {
    let svg = curves([0.5, 0.25], name: "a<b> & \"c\"\u{7}").svg()
    let texts = try #require(parsed(svg)).filter { $0.name == "text" }
      .map { $0.text.trimmingCharacters(in: .newlines) }
    #expect(texts.contains("a<b> & \"c\"   0.250"))
    #expect(texts.contains("loss") && texts.contains("epoch"))
  }

  @Test func oddDataStillMakesAChart() throws {
    for values in [[], [0.5], [0, 0], [.nan], [1e308, -1e308], [1e-300, 2e-300], [-3, -2]] {
      let curves = curves(values)
      #expect(try curves.image(scale: 1).height > 300)
      #expect(parsed(curves.svg()) != nil)
    }
    var endless = curves([1, 2])
    endless.panels[0].range = 0 ... .infinity
    endless.panels[1].range = 3...3
    #expect(try endless.image(scale: 1).height > 300)
  }

  @Test func aChartThatCannotBeIsAnError() {
    #expect(fcnError { _ = try LearningCurves(panels: []).image() }?.kind == .invalidArgument)
    for scale in [0, -1, Int.max, 1000] {
      #expect(fcnError { _ = try curves([1, 2]).image(scale: scale) } != nil)
    }
  }

  @Test func ticksAreRound() {
    func labels(_ range: ClosedRange<Double>, isWhole: Bool = false) -> [String] {
      let ticks = AxisTicks(range, most: 6, widens: !isWhole, isWhole: isWhole)
      return ticks.values.map(ticks.label)
    }
    #expect(labels(0...1) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(0...2.31) == ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"])
    #expect(labels(0...0.037) == ["0.00", "0.01", "0.02", "0.03", "0.04"])
    #expect(labels(-3...11) == ["-5", "0", "5", "10", "15"])
    #expect(labels(1...4, isWhole: true) == ["1", "2", "3", "4"])
    #expect(labels(1...62, isWhole: true) == ["20", "40", "60"])
    #expect(labels(5...5, isWhole: true) == ["4", "5", "6"])
  }

  @Test func decimalsAreRoundedAndPadded() {
    #expect(decimal(0.5, places: 3) == "0.500")
    #expect(decimal(2.0 / 3, places: 2) == "0.67")
    #expect(decimal(-1.25, places: 1) == "-1.3")
    #expect(decimal(-0.001, places: 2) == "0.00")
    #expect(decimal(9.999, places: 2) == "10.00")
    #expect(decimal(41.6, places: 0) == "42")
    #expect(decimal(.nan, places: 2) == "nan")
    #expect(decimal(1e300, places: 2) == "1e+300")
  }
}
