import FCNSwift
import FCNTestSupport
import Foundation
import Testing

struct PlotTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private let header = "epoch,train_loss,train_pixel_accuracy,val_loss,val_pixel_accuracy\n"

  @Test func curvesAreDrawnAsPictureOrAsSVG() throws {
    let log = try folder.write(
      Array((header + "1,2.5,0.4,2.6,0.38\n2,1.5,0.6,,\n3,1.1,0.7,1.4,0.61\n").utf8), "log.csv")
    try Command.succeed("plot", log, "-o", folder.file("curves.png"))
    #expect(try Image(contentsOf: folder.file("curves.png")).width > 400)
    try Command.succeed("plot", folder.path, "-o", folder.file("curves.svg"))
    let svg = String(decoding: try File.read(folder.file("curves.svg")), as: UTF8.self)
    #expect(svg.contains("<svg"))
    #expect(svg.contains("pixel accuracy"))
    #expect(svg.contains("test"))
    #expect(
      try Command.succeed("plot", log, log, "-o", "-").output.prefix(4).dropFirst()
        == Data("PNG".utf8))
  }

  @Test(arguments: [
    ("", "not the log"), ("a,b\n1,2\n", "not the log"), ("epoch,train_loss\n", "not the log"),
    ("epoch,train_loss\n1,2,3\n", "line 2 has 3 fields"),
    ("epoch,train_loss\n1,x\n", "line 2: train_loss is no number: \"x\""),
    ("epoch,other\n1,2\n", "none of the columns"),
    ("epoch,train_loss,train_loss\n1,2,3\n", "two columns of one name"),
  ])
  func whatIsNoLogIsRefused(text: String, message: String) throws {
    let log = try folder.write(Array(text.utf8), "log.csv")
    try Command.fail(3, saying: message, calling: ["plot", log, "-o", folder.file("x.png")])
    #expect(!File.exists(folder.file("x.png")))
  }

  @Test func aSheetShowsPicturesAndWhatTheModelMakesOfThem() throws {
    let (scenes, model) = (try Fixture.scenes(), try Fixture.model())
    try Command.succeed(
      "plot", "--sheet", "--data", scenes, "--count", "2", "--tile", "96", "--model", model, "-o",
      folder.file("truth.png"))
    try Command.succeed(
      "plot", "--sheet", try Fixture.picture(), "--model", model, "-o", folder.file("one.jpg"))
    #expect(try Image(contentsOf: folder.file("truth.png")).width > 3 * 96)
    #expect(try Image(contentsOf: folder.file("one.jpg")).width > 3 * 320)
    try Command.fail(
      2, saying: "svg",
      calling: ["plot", "--sheet", "--data", scenes, "--model", model, "-o", "x.svg"])
    try Command.fail(
      2, saying: "give --data", calling: ["plot", "--sheet", "--model", model, "-o", "x.png"])
  }
}
