import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// What a training's folder is to it: its own while it runs, and all that is wanted to go on.
struct TrainingFolderTests {
  let folder: TemporaryFolder
  private var path: String { folder.file("out") }

  init() throws { folder = try TemporaryFolder() }

  private func trainer(_ options: TrainingOptions, resume: Bool = false) throws -> Trainer {
    try Trainer(
      model: tinyModel(), training: Patches(), validation: Patches(), folder: path,
      options: options, resume: resume)
  }

  @Test func nobodyTrainsWhereATrainingRuns() throws {
    let options = tinyTraining { $0.epochs = 1 }
    // Until they run, trainers keep nobody out.
    let (first, second) = (try trainer(options), try trainer(options))
    var isInside = false
    try first.run { _ in
      guard !isInside else { return true }
      isInside = true
      for resume in [false, true] {
        expectError(.invalidState, saying: "a training runs in \(path) already") {
          _ = try trainer(options, resume: resume)
        }
        expectError(.invalidState, saying: "a training runs in") {
          try Trainer.checkFolder(path, resume: resume)
        }
      }
      expectError(.invalidState, saying: "a training runs in") { try second.run { _ in true } }
      return true
    }
    #expect(isInside)
    let model = try File.read("\(path)/model.safetensors")
    expectError(.invalidState, saying: "trained in by others", "of epoch 1, not 0") {
      try second.run { _ in true }
    }
    #expect(try File.read("\(path)/model.safetensors") == model)
    #expect(try !File.names(inFolder: path).contains { $0.hasPrefix(".") })
  }

  @Test func whatAKilledProcessLeftIsTakenAwayWhenATrainingBegins() throws {
    try File.makeFolder(path)
    try File.write([1], to: "\(path)/.fcn-left.tmp")
    _ = try trainer(tinyTraining())
    #expect(try !File.names(inFolder: path).contains(".fcn-left.tmp"))
  }

  @Test func whatDecidesNothingIsKeptToo() throws {
    var options = tinyTraining { $0.epochs = 1 }
    (options.patience, options.evaluationInterval) = (4, 2)
    (options.keepsEveryEpoch, options.elementType) = (true, .float16)
    (options.threads, options.timeLimit) = (1, 50)
    try trainer(options).run { _ in true }
    let saved = try #require(try SavedTraining(folder: path))
    #expect((saved.options.patience, saved.options.evaluationInterval) == (4, 2))
    #expect((saved.options.keepsEveryEpoch, saved.options.elementType) == (true, .float16))
    // Of a run alone.
    #expect((saved.options.threads, saved.options.timeLimit) == (0, 0))
    #expect(saved.knowsEvaluationInterval && saved.binaryMasks == false)
    let facts = TrainingFacts(
      pictures: 6, size: .init(32, 32), classPixels: [5, 5], validationPictures: 6)
    for recipe in [Recipe.modern, try Recipe.named("simple")] {
      let usual = UsualTraining(facts, saved: saved, recipe: recipe)
      #expect(try usual.options(of: tinyModel()).kept == options.kept, "\(recipe.name)")
    }
  }

  @Test func aKeptOptionThatIsNotUnderstoodIsDamage() throws {
    var options = TrainingOptions()
    try options.keep(["patience": "3"])
    #expect(options.patience == 3)
    for (name, value) in [("patience", "soon"), ("elementType", "F31"), ("mood", "good")] {
      expectError(.corrupt, saying: name, "not understood") { try options.keep([name: value]) }
    }
    // What decides the numbers is none of these.
    expectError(.corrupt, saying: "epochs") { try options.keep(["epochs": "3"]) }
  }

  @Test func labelsAreReadAsTheyWere() throws {
    var checkpoint = Checkpoint(
      epoch: 1, seconds: 0, options: [:], description: try tinyModel().description,
      parameters: [:], optimizerState: [:])
    for masks in [true, false] { try checkpoint.checkLabels(binaryMasks: masks) }
    checkpoint.binaryMasks = true
    try checkpoint.checkLabels(binaryMasks: true)
    expectError(.invalidArgument, saying: "as binary masks, now they are read as indices") {
      try checkpoint.checkLabels(binaryMasks: false)
    }
  }
}
