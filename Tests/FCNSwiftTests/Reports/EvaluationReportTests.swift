import Foundation
import Testing

@testable import FCNSwift

struct EvaluationReportTests {
  private static let hostile = "<script>alert(1)</script>\"' & \u{202E}evil\u{7}"

  /// A report of `names`, on pictures of some noise.
  private func report(_ names: [String], pictures: Int = 2) throws -> EvaluationReport {
    var confusion = try ConfusionMatrix(classCount: names.count)
    var (gallery, tally) = (PictureGallery(palette: [], most: 2, side: 32), ConfidenceTally())
    var generator = SeededGenerator(seed: 5)
    for index in 0..<pictures {
      let image = try Image(width: 40, height: 24, colour: RGB(90, 120, 30))
      var truth = try LabelMap(width: 40, height: 24)
      var prediction = truth
      for i in truth.labels.indices {
        truth.labels[i] = UInt8(generator.integer(in: 0..<names.count))
        prediction.labels[i] =
          generator.integer(in: 0..<pictures + 1) > index ? truth.labels[i] : 0
      }
      try confusion.add(truth: truth, prediction: prediction)
      try gallery.add(name: "p\(index) <i>", image: image, truth: truth, prediction: prediction)
      try [Float](repeating: 0.97, count: 40 * 24).withUnsafeBufferPointer {
        try tally.add(truth: truth, prediction: prediction, confidence: $0)
      }
    }
    return try EvaluationReport(
      title: "Evaluation of \(names[0])", facts: [.init("model", Self.hostile)], classNames: names,
      palette: Palette.voc(count: names.count), confusion: confusion, loss: 0.25,
      confidence: tally, gallery: gallery, footer: "fcn")
  }

  /// Everything in order: tags that are opened are closed, and nothing is fetched from elsewhere.
  private func check(_ page: String, at location: SourceLocation = #_sourceLocation) throws {
    #expect(page.hasPrefix("<!DOCTYPE html>"), sourceLocation: location)
    #expect(page.utf8.allSatisfy { $0 >= 32 || $0 == 10 }, sourceLocation: location)
    for word in ["http://", "https://", "//cdn", "@import", "<link", "url("] {
      #expect(!page.contains(word), "\(word)", sourceLocation: location)
    }
    for tag in [
      "html", "head", "body", "main", "section", "table", "tbody", "tr", "td", "th", "div", "span",
      "bdi", "svg", "script", "style", "figure", "dl", "h1", "h2", "h3", "p", "i", "b",
    ] {
      let opened =
        page.components(separatedBy: "<\(tag)>").count
        + page.components(separatedBy: "<\(tag) ").count - 2
      let closed = page.components(separatedBy: "</\(tag)>").count - 1
      #expect(opened == closed, "\(tag): \(opened), \(closed)", sourceLocation: location)
    }
  }

  @Test func namesAreOnlyText() throws {
    let page = try report([Self.hostile, "b"]).html()
    try check(page)
    // The slider's own, and no other.
    #expect(page.components(separatedBy: "<script").count == 2)
    #expect(!page.contains("alert(1)</script>") && !page.contains("\u{202E}"))
    #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; &amp; "))
    #expect(page.contains("p1 &lt;i&gt;") && !page.contains("p1 <i>"))
  }

  @Test(arguments: [1, 2, 32, 33, 255])
  func everyNumberOfClassesHasAPage(count: Int) throws {
    let names = (0..<count).map { "class \($0) " + String(repeating: "x", count: 100) }
    let page = try report(names).html()
    try check(page)
    #expect(page.contains("class=\"heat\"") == (count <= ConfusionTable.mostNumbers))
    #expect(page.contains("class=\"map\"") == (count > ConfusionTable.mostNumbers))
    #expect(page.utf8.count < 2_000_000)
    // Of so many a few may be nowhere.
    if count < 100 { #expect(!page.contains("are left out")) }
  }

  @Test func classesThatAreNowhereAreNotInTheMatrix() throws {
    var report = try report((0..<255).map { "class \($0)" })
    var confusion = try ConfusionMatrix(classCount: 255)
    try confusion.add(
      truth: try LabelMap(width: 2, height: 1, labels: [7, 7]),
      prediction: try LabelMap(width: 2, height: 1, labels: [7, 200]))
    report.confusion = confusion
    let page = try report.html()
    #expect(page.contains("253 of 255 classes neither occur") && page.contains("class=\"heat\""))
    #expect(page.contains("title=\"class 7 → class 200: 50 %, 1 pixels\">50</td>"))
    report.confusion = try ConfusionMatrix(classCount: 255)
    #expect(try report.html().contains("No pixel is labelled."))
  }

  @Test func figuresAreThoseOfTheMatrix() throws {
    var report = try report(["a", "b"])
    var confusion = try ConfusionMatrix(classCount: 2)
    try confusion.add(
      truth: try LabelMap(width: 4, height: 1, labels: [0, 0, 0, 1]),
      prediction: try LabelMap(width: 4, height: 1, labels: [0, 0, 1, 1]))
    (report.confusion, report.gallery, report.confidence) = (confusion, nil, nil)
    let page = try report.html()
    // Mean IU of 2/3 and 1/2; accuracies of 2/3 and 1.
    #expect(page.contains("<span>mean IU</span><b>0.583</b>"))
    #expect(page.contains("<span>pixel accuracy</span><b>0.750</b>"))
    #expect(page.contains("<span>mean accuracy</span><b>0.833</b>"))
    #expect(page.contains("<span>weighted IU</span><b>0.625</b>"))
    #expect(page.contains("title=\"a → b: 33 %, 1 pixels\">33</td>"))
    #expect(!page.contains("<script") && !page.contains("pictures</h2>"))
    #expect(
      fcnError {
        _ = try EvaluationReport(
          title: "", facts: [], classNames: ["a"], palette: [], confusion: confusion, loss: 0)
      }?.kind
        == .invalidArgument)
  }

  /// Of any number of pictures a few are kept, the right ones.
  @Test func theGalleryKeepsTheWorstAndTheBest() throws {
    var gallery = PictureGallery(palette: [], most: 2, side: 16)
    let order = [5, 1, 9, 3, 7, 0, 8, 2, 6, 4]
    for right in order {
      let truth = try LabelMap(width: 40, height: 1)
      let labels = (0..<40).map { UInt8($0 < 4 * right ? 0 : 1) }
      try gallery.add(
        name: "\(right)", image: try Image(width: 40, height: 1), truth: truth,
        prediction: try LabelMap(width: 40, height: 1, labels: labels))
    }
    #expect(gallery.worst.map(\.name) == ["0", "1"])
    #expect(gallery.best.map(\.name) == ["9", "8"])
    #expect(gallery.worst[0].accuracy == 0 && gallery.best[0].accuracy == 0.9)
    // What nobody labelled is neither.
    let nothing = try LabelMap(width: 40, height: 1, label: LabelMap.ignore)
    try gallery.add(
      name: "none", image: try Image(width: 40, height: 1), truth: nothing, prediction: nothing)
    #expect(gallery.count == 10)
    // One picture is both, and shown once.
    let page = try report(["a", "b"], pictures: 1).html()
    #expect(page.contains("Pictures, the worst first") && !page.contains("The best pictures"))
    let other = try LabelMap(width: 1, height: 1)
    let small = try Image(width: 2, height: 1)
    #expect(
      fcnError { try gallery.add(name: "", image: small, truth: other, prediction: other) }?.kind
        == .shapeMismatch)
  }

  @Test func base64IsThatOfOthers() {
    for text in ["", "f", "fo", "foo", "foob", "fooba", "foobar"] {
      #expect(HTML.base64(Array(text.utf8)) == Data(text.utf8).base64EncodedString())
    }
    let bytes = (0..<256).map { UInt8($0) }
    #expect(HTML.base64(bytes) == Data(bytes).base64EncodedString())
  }

  @Test func aPartIsReadInPercent() {
    #expect(HTML.percent(0) == "0" && HTML.percent(1) == "100" && HTML.percent(.nan) == "–")
    #expect(HTML.percent(0.0312) == "3.1" && HTML.percent(0.5) == "50")
    #expect(HTML.percent(0.9951) == "99.5" && HTML.percent(0.98) == "98")
  }
}
