import FCNTestSupport
import Testing

@testable import FCNSwift

/// Work is cut into blocks of channels; no number of classes may fall between them.
@Test(arguments: 2...24)
func everyNumberOfClassesSegments(classes: Int) throws {
  let model = try Model.fresh(
    ModelDescription(
      architecture: "fcn-simple", options: ArchitectureOptions(classes: classes, width: 0.02),
      classNames: (0..<classes).map { "class \($0)" }, palette: Palette.voc(count: classes),
      preprocessing: .torchvision),
    seed: 1)
  let session = try Session(model: model, options: .init(threads: 2))
  try session.run([Image(width: 40, height: 33)])
  #expect(try session.labelMap(0).labels.allSatisfy { $0 < classes })
}

/// One class can only ever be that class.
@Test func aModelOfOneClassIsRefused() {
  expectError(.invalidArgument, saying: "one class", "two classes") {
    _ = try Model.fresh(
      ModelDescription(
        architecture: "fcn-simple", options: ArchitectureOptions(classes: 1, width: 0.02),
        classNames: ["only"], palette: Palette.voc(count: 1), preprocessing: .torchvision),
      seed: 1)
  }
}
