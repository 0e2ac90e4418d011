import Testing

@testable import FCNSwift

struct TrainingPageTests {
  private func page() -> TrainingPage {
    TrainingPage(
      title: "Training of x", facts: [.init("data", "a & b")], classNames: ["a", "b"], palette: [])
  }

  @Test func aPageOfNothingYetCanBeRead() throws {
    let html = try page().html()
    #expect(html.contains("The first epoch is not done yet.") && !html.contains("<svg"))
    #expect(html.contains("http-equiv=\"refresh\"") && html.contains("a &amp; b"))
  }

  @Test func curvesAreThoseOfTheLog() throws {
    var page = page()
    page.columns = [
      "epoch": [1, 2, 3], "train_loss": [2, 1, 0.5], "val_loss": [.nan, 1.5, .nan],
      "val_mean_iu": [.nan, 0.25, .nan], "learning_rate": [0.1, 0.05, 0],
      "elapsed_seconds": [1, 2, 63],
    ]
    page.state = "epoch 3 of 3"
    var html = try page.html()
    #expect(html.contains("<polyline class=\"curve k0\""))
    #expect(html.contains("<title>validation 1.5000, 2</title>"))
    #expect(html.contains("<b>0.250</b><small>epoch 2</small>") && html.contains("<b>1:03</b>"))
    #expect(html.contains("<span class=\"badge\">epoch 3 of 3</span>"))
    // Of what nobody measured there is no chart.
    #expect(!html.contains(">pixel accuracy</h3>") && html.contains(">learning rate</h3>"))
    #expect(!html.contains("What was taken for what"))
    var confusion = try ConfusionMatrix(classCount: 2)
    let map = try LabelMap(width: 2, height: 1, labels: [0, 1])
    try confusion.add(truth: map, prediction: map)
    (page.evaluation, page.isRunning) = ((2, confusion), false)
    html = try page.html()
    #expect(html.contains("after epoch 2") && html.contains("What was taken for what"))
    #expect(!html.contains("http-equiv=\"refresh\""))
  }

  /// Losses that no axis can show, and more epochs than there are pixels.
  @Test func numbersOfAnyKindHaveACurve() throws {
    var page = page()
    let count = 5000
    page.columns = [
      "epoch": (1...count).map(Double.init),
      "train_loss": (1...count).map { $0 % 7 == 0 ? .infinity : 1e300 / Double($0) },
      "learning_rate": [Double](repeating: 0, count: count),
      "val_loss": [-1e-300] + [Double](repeating: .nan, count: count - 1),
    ]
    let html = try page.html()
    #expect(html.utf8.count < 100_000)
    #expect(!html.contains("nan") && !html.contains("inf\""))
  }
}
