import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Trainings on the device that are stopped and go on.
  struct DeviceResumeTests {
    private let pictures = Patches(size: 32)

    private func trainer(
      _ options: TrainingOptions, in folder: String, resume: Bool = false
    ) throws -> Trainer {
      try Trainer(
        model: tinyModel(), training: pictures, validation: nil, folder: folder, options: options,
        resume: resume, findRuntime: { try FakeDevice.makeRuntime() })
    }

    private func options(
      _ precision: Precision, _ optimizer: Optimizer = .adamW()
    ) -> TrainingOptions {
      tinyTraining {
        $0.epochs = 2
        $0.optimizer = optimizer
        $0.device = .cuda(0)
        $0.precision = precision
      }
    }

    /// Trains until the first epoch is done.
    private func begin(_ options: TrainingOptions, in folder: String) throws {
      let trainer = try trainer(options, in: folder)
      expectError(.aborted, saying: "1 of 2 epochs") {
        try trainer.run { if case .epoch = $0 { false } else { true } }
      }
    }

    /// In half precision the first steps are left out, until the factor on the loss is found; that and
    /// the steps made are in the checkpoint.
    @Test(
      arguments: [Precision.float16, .float32], [Optimizer.sgd(momentum: 0.9), .adamW()])
    func aTrainingGoesOnToTheSameBits(
      precision: Precision, optimizer: Optimizer
    ) throws {
      let folder = try TemporaryFolder()
      let options = options(precision, optimizer)
      try trainer(options, in: folder.file("whole")).run { _ in true }
      try begin(options, in: folder.file("parts"))
      let metadata = try Safetensors(contentsOf: folder.file("parts/checkpoint.safetensors"))
        .metadata
      #expect(metadata["training.precision"] == precision.rawValue)
      #expect(metadata["training.device"] == "cuda:0")
      let counts = try #require(try LearnerCounts(metadata: metadata))
      #expect(counts.iterations <= 3 && counts.goodSteps <= counts.iterations)
      if precision == .float32 { #expect(counts.iterations == 3 && counts.lossScale == 1) }
      let rest = try trainer(options, in: folder.file("parts"), resume: true)
      #expect(rest.resumeNote == nil)
      try rest.run { _ in true }
      #expect(
        try File.read(folder.file("parts/model.safetensors"))
          == File.read(folder.file("whole/model.safetensors")))
    }

    @Test func whatItRunsOnDoesNotChangeSilently() throws {
      let folder = try TemporaryFolder()
      let path = folder.file("training")
      try begin(options(.float32), in: path)
      #expect(try SavedTraining(folder: path)?.place == TrainingPlace(options(.float32)))
      expectError(.invalidArgument, saying: "float32 on cuda:0", "bfloat16 on cuda:0") {
        _ = try trainer(options(.bfloat16), in: path, resume: true)
      }
      var processor = options(.float32)
      processor.device = .processor
      let elsewhere = try trainer(processor, in: path, resume: true)
      let note = try #require(elsewhere.resumeNote)
      #expect(note.contains("cuda:0") && note.contains("cpu") && note.contains("same bits"))
      #expect(try SavedTraining(folder: folder.file("none")) == nil)
    }

    @Test func countsThatTrainingDoesNotLeaveAreRefused() throws {
      let good = LearnerCounts(iterations: 7, lossScale: 4096, goodSteps: 3)
      #expect(try LearnerCounts(metadata: good.metadata) == good)
      #expect(try LearnerCounts(metadata: [:]) == nil)
      for (name, value) in [
        ("training.steps", "-1"), ("training.loss_scale", "nan"), ("training.loss_scale", "0.5"),
        ("training.loss_scale", "131072"), ("training.good_steps", "x"),
      ] {
        var metadata = good.metadata
        metadata[name] = value
        expectError(.corrupt, saying: "factor on the loss") {
          _ = try LearnerCounts(metadata: metadata)
        }
      }
    }
  }
}
