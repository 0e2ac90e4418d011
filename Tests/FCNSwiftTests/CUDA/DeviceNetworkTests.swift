import FCNTestSupport
import Testing

@testable import FCNSwift

extension CUDATests {
  /// Whole networks on the device against the processor, and against PyTorch.
  struct DeviceNetworkTests {
    struct Case: CustomTestStringConvertible, Sendable {
      let architecture: String
      var batchNorm = true
      var denseUpsampling = false
      var disabled: Set<String> = []
      var size = (width: 37, height: 45)
      var width: Float = 0.0625
      var batch = 1

      var testDescription: String {
        "\(architecture)\(batchNorm ? "" : " without batch norm")"
          + "\(denseUpsampling ? ", dense" : "") without \(disabled.sorted())"
      }
    }

    static let cases = [
      Case(architecture: "fcn-simple", size: (50, 37), batch: 2),
      Case(architecture: "fcn-simple", batchNorm: false, size: (33, 50)),
      Case(architecture: "fcn-simple", disabled: [InferenceWeights.foldingName], size: (50, 37)),
      Case(architecture: "fcn8s", batch: 2),
      Case(architecture: "fcn8s", denseUpsampling: true, disabled: [BorderReduction.name]),
      Case(architecture: "fcn32s"),
      Case(architecture: "fcn32s", disabled: [BorderReduction.name]),
      Case(architecture: "fcn8s-atonce"),
      Case(architecture: "fcn-alexnet"),
      Case(architecture: "fcn-resnet50", size: (50, 37), batch: 2),
      Case(
        architecture: "fcn-resnet50", disabled: [InferenceWeights.foldingName], size: (33, 40)),
    ]

    @Test(arguments: cases, Precision.onDevices)
    func scoresAndLabelsAreTheProcessors(_ network: Case, precision: Precision) throws {
      let model = try DeviceFixture.model(
        network.architecture, width: network.width, batchNorm: network.batchNorm,
        denseUpsampling: network.denseUpsampling)
      let pictures = try (1...network.batch).map {
        try DeviceFixture.picture(network.size.width, network.size.height, seed: UInt64($0))
      }
      let device = try FakeDevice.session(model, precision, without: network.disabled)
      let processor = try Session.onProcessor(model, without: network.disabled)
      try device.run(pictures)
      try processor.run(pictures)
      for index in pictures.indices {
        try expectAgreement(
          device, processor, index, within: precision.scoreTolerance,
          "\(network.testDescription) in \(precision)")
      }
      #expect(device.steps.allSatisfy { $0.form.contains("cuda") || $0.form.contains("element") })
      #expect(device.steps.contains { $0.form == "convolution.cuda_implicit_gemm" })
    }

    @Test(arguments: FCNSimpleGoldenTests.models)
    func scoresAgreeWithPyTorch(name: String) throws {
      func path(_ name: String) -> String {
        LayerGoldens.folder.appendingPathComponent(name).path
      }
      let model = try Model(contentsOf: path("\(name).safetensors"))
      let wanted = try Safetensors(contentsOf: path("\(name).scores.safetensors"))
      #expect(!wanted.entries.isEmpty)
      let session = try FakeDevice.session(model)
      for entry in wanted.entries {
        try session.run([try Image(contentsOf: path(entry.name))])
        // The scores range over about 10.
        expectClose(
          try session.scores(), try wanted.tensor(named: entry.name).fourDimensional().elements,
          absolute: 2e-5, "\(name), \(entry.name)")
      }
    }

    /// In 16 bits other pixels than the processor's may be a window's largest, and go elsewhere.
    @Test(arguments: [(Precision.float32, 0.999), (.float16, 0.6)])
    func valuesGoBackToWhereTheyWerePooledFrom(precision: Precision, least: Double) throws {
      let model = try DeviceFixture.model("segnet")
      let picture = try DeviceFixture.picture(37, 45)
      let device = try FakeDevice.session(model, precision)
      // Winograd's transforms round more than sums in another order do.
      let processor = try Session.onProcessor(
        model, without: Set(model.network.formNames.filter { $0.contains("winograd") }))
      try device.run([picture])
      try processor.run([picture])
      if precision == .float32 {
        try expectAgreement(device, processor, within: precision.scoreTolerance, "segnet")
      }
      let labels = (try device.labelMap(0).labels, try processor.labelMap(0).labels)
      let same = zip(labels.0, labels.1).count { $0 == $1 }
      #expect(Double(same) >= least * Double(labels.1.count), "\(same) of \(labels.1.count)")
      #expect(device.steps.contains { $0.form == "max_unpool.cuda" })
    }

    /// What rounding does to labels, which `scoresAndLabelsAreTheProcessors` only bounds by scores.
    @Test(arguments: [
      (Precision.float32, 0.999), (.tf32, 0.98), (.float16, 0.98), (.bfloat16, 0.9),
    ])
    func mostLabelsAreTheSame(precision: Precision, least: Double) throws {
      let model = try DeviceFixture.model(width: 0.125)
      let picture = try DeviceFixture.picture(60, 44)
      let device = try FakeDevice.session(model, precision)
      let processor = try Session.onProcessor(model)
      try device.run([picture])
      try processor.run([picture])
      let labels = (try device.labelMap(0).labels, try processor.labelMap(0).labels)
      #expect(Set(labels.1).count > 1)
      let same = zip(labels.0, labels.1).count { $0 == $1 }
      #expect(Double(same) >= least * Double(labels.1.count), "\(same) of \(labels.1.count)")
    }

    /// Upsampling that comes last is not a step of its own, and can be switched off like any form.
    @Test func aFormThatIsSwitchedOffDoesNotRun() throws {
      let model = try DeviceFixture.model()
      #expect(Session.formNames(of: model).contains("convolution.cuda_implicit_gemm"))
      let session = try FakeDevice.session(model, without: ["convolution.cuda_implicit_gemm"])
      expectError(.unsupported, saying: "layer ", "no form on a device", "use the processor") {
        try session.run([try DeviceFixture.picture(9, 9)])
      }
      // The processor's forms are another matter.
      let other = try FakeDevice.session(
        model, without: Set(model.network.formNames.filter { $0.hasPrefix("convolution.w") }))
      try other.run([try DeviceFixture.picture(9, 9)])
      #expect(other.resultCount == 1)
    }
  }
}
