import Foundation
import Testing

@testable import FCNSwift

/// Pictures of two flat colours whose classes follow from the colour, in memory.
struct Patches: LabelledPictures {
  var count = 6
  var classNames: [String] { ["dark", "bright"] }
  var size = 32
  /// The label of every picture's left half; 255 leaves it unlabelled.
  var leftLabel: UInt8 = 0

  func name(at index: Int) -> String { "patch\(index)" }

  func picture(at index: Int) throws -> LabelledPicture {
    var generator = SeededGenerator(seed: UInt64(index))
    var image = try Image(width: size, height: size)
    var labels = try LabelMap(width: size, height: size)
    for i in 0..<size * size {
      let isRight = i % size >= size / 2
      labels.labels[i] = isRight ? 1 : leftLabel
      let value = UInt8(isRight ? 180 : 60) + UInt8(generator.integer(in: 0..<20))
      for c in 0..<3 { image.pixels[3 * i + c] = value }
    }
    return LabelledPicture(name: name(at: index), image: image, labels: labels)
  }
}

/// A network of two classes, small enough to train in a test.
func tinyModel(batchNorm: Bool = true) throws -> Model {
  try Model.fresh(
    ModelDescription(
      architecture: "fcn-simple",
      options: ArchitectureOptions(classes: 2, width: 0.05, batchNorm: batchNorm),
      classNames: ["dark", "bright"], palette: [RGB(0, 0, 0), RGB(255, 255, 255)],
      preprocessing: .torchvision), seed: 3)
}

/// Three epochs of AdamW, changed by `change`.
func tinyTraining(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
  var options = TrainingOptions()
  options.epochs = 3
  options.batchSize = 2
  options.optimizer = .adamW()
  options.learningRate = 5e-3
  options.threads = 2
  options.augmentation.flip = false
  change(&options)
  return options
}

/// A folder that does not exist yet.
func temporaryFolder() -> String {
  NSTemporaryDirectory() + "fcn-trainer-\(UUID().uuidString)"
}

/// Trains in `folder` on `pictures` and evaluates on them too.
func train(
  _ options: TrainingOptions, in folder: String, resume: Bool = false,
  pictures: Patches = Patches(), model: Model? = nil,
  _ observer: (Trainer.Event) -> Bool = { _ in true }
) throws {
  try Trainer(
    model: model ?? tinyModel(), training: pictures, validation: pictures, folder: folder,
    options: options, resume: resume
  ).run(observer)
}
