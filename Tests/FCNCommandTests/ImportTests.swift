import FCNSwift
import FCNTestSupport
import Foundation
import Testing

/// `fcn import`, and trainings that start from what it reads, as users run them.
struct ImportTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The fixture's model as weights alone, each under `prefix`.
  private func weightsAlone(prefix: String = "", leavingOut: String? = nil) throws -> String {
    let model = try Model(contentsOf: Fixture.model())
    let path = folder.file("weights.safetensors")
    let weights = try model.orderedWeights.filter { $0.name != leavingOut }.map {
      try WeightTensor(name: prefix + $0.name, shape: $0.shape, floats: $0.floats)
    }
    try Safetensors.write(weights, metadata: [:], to: path)
    return path
  }

  @Test func weightsAloneBecomeTheModelTheyWere() throws {
    let path = folder.file("model.safetensors")
    let result = try Command.object(
      Command.succeed(
        "import", weightsAlone(prefix: "predictor."), "-o", path, "--classes",
        "\(Fixture.scenes())/class_names.txt", "--palette", "street", "--note", "again", "--json"))
    #expect(result["kind"] as? String == "model")
    #expect(result["architecture"] as? String == "fcn-simple")
    let (found, wanted) = (try Model(contentsOf: path), try Model(contentsOf: Fixture.model()))
    #expect(found.description.options == wanted.description.options)
    #expect(found.description.classNames == wanted.description.classNames)
    #expect(found.description.palette == wanted.description.palette)
    #expect(found.description.note == "again")
    #expect(found.orderedWeights.map(\.floats) == wanted.orderedWeights.map(\.floats))
    let half = folder.file("half.safetensors")
    try Command.succeed(
      "import", weightsAlone(), "-o", half, "--dtype", "f16", "--preprocessing", "caffe", "--size",
      "at-most:500")
    let other = try Model(contentsOf: half)
    #expect(other.orderedWeights.allSatisfy { $0.elementType == .float16 })
    var preprocessing = Preprocessing.caffe
    preprocessing.size = .atMost(500)
    #expect(other.description.preprocessing == preprocessing)
  }

  @Test func whatIsNoNetworkIsRefusedAndNothingWritten() throws {
    let path = folder.file("model.safetensors")
    try Command.fail(
      3, saying: "missing: conv2_1.weight", "fcn-simple is nearest",
      calling: ["import", weightsAlone(leavingOut: "conv2_1.weight"), "-o", path])
    try Command.fail(
      3, saying: "looks like a JPEG picture", calling: ["import", Fixture.picture(), "-o", path])
    try Command.fail(
      3, saying: "No such file", calling: ["import", folder.file("none.pth"), "-o", path])
    try Command.fail(
      2, saying: "f32 or f16", calling: ["import", weightsAlone(), "-o", path, "--dtype", "f64"])
    try Command.fail(
      2, saying: "no architecture \"fcn_resnet11\"", "fcn-resnet101",
      calling: ["import", weightsAlone(), "-o", path, "--architecture", "fcn_resnet11"])
    try Command.fail(2, saying: "--output", calling: ["import", weightsAlone()])
    #expect(!File.exists(path))
  }

  /// How the model that `import` makes with `options` prepares pictures.
  private func preprocessing(_ options: String...) throws -> Preprocessing {
    let path = folder.file("said.safetensors")
    let result = try Command.run(["import", try weightsAlone(), "-o", path, "-q"] + options)
    #expect(result.status == 0, "\(options): \(result.errors)")
    return try Model(contentsOf: path).description.preprocessing
  }

  @Test func theNormalizationOfATrainingCanBeSaid() throws {
    #expect(try preprocessing("--preprocessing", "unit") == .unit)
    #expect(try preprocessing("--std", "1") == .unit)
    let half = try preprocessing("--mean", "0.5", "--std", "0.5")
    #expect(half.mean == [127.5, 127.5, 127.5] && half.channelOrder == .rgb)
    #expect(half.scale.allSatisfy { abs($0 - 1 / 127.5) < 1e-8 })
    let torch = try preprocessing(
      "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--order", "rgb")
    for (found, wanted) in zip(
      torch.mean + torch.scale, Preprocessing.torchvision.mean + Preprocessing.torchvision.scale)
    { #expect(abs(found - wanted) <= 1e-5 * wanted) }
    let large = try preprocessing(
      "--mean", "123.675,116.28,103.53", "--std", "58.395,57.12,57.375", "--order", "rgb")
    #expect(zip(large.scale, torch.scale).allSatisfy { abs($0 - $1) <= 1e-6 })
    let caffe = try preprocessing("--order", "bgr", "--mean", "104,117,123", "--scale", "0.5")
    #expect(caffe.mean == [104, 117, 123] && caffe.scale == [0.5, 0.5, 0.5])
    #expect(caffe.channelOrder == .bgr)
    let swapped = try preprocessing("--preprocessing", "torchvision", "--order", "bgr")
    #expect(swapped.mean == Preprocessing.torchvision.mean.reversed())
    let greyPath = folder.file("grey.safetensors")
    try Command.succeed(
      "init", "--classes", "a,b", "--width", "0.03", "--preprocessing", "unit", "--order", "grey",
      "-o", greyPath)
    let grey = try Model(contentsOf: greyPath).description.preprocessing
    #expect(grey.mean == [0] && grey.scale == Array(Preprocessing.unit.scale.prefix(1)))
    let started = folder.file("started.safetensors")
    try Command.succeed("init", "--classes", "a,b", "--width", "0.03", "--std", "1", "-o", started)
    #expect(try Model(contentsOf: started).description.preprocessing == .unit)
  }

  @Test(arguments: [
    (["--preprocessing", "none"], "torchvision, caffe, grey, unit; for others say --mean"),
    (["--preprocessing", "0,0,0/255"], "--mean and --std"),
    (["--mean", "1,2"], "one number or three"),
    (["--mean", "300"], "-255"), (["--std", "0"], "--std is \"0\""), (["--mean", "nan"], "--mean"),
    (["--mean", "0.5"], "say --std too"), (["--mean", "104", "--std", "0.2"], "different units"),
    (["--std", "1", "--scale", "1"], "say one of them"), (["--order", "gbr"], "rgb, bgr, grey"),
    (["--order", "grey", "--mean", "1,2,3", "--scale", "1"], "one value for grey"),
    (["--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225"], "say --order rgb"),
    (["--preprocessing", "torchvision", "--mean", "0.5"], "say --std too"),
    (["--rename", "a"], "FROM=TO"),
  ])
  func whatIsNoNormalizationIsRefused(options: [String], reason: String) throws {
    try Command.fail(
      2, saying: reason, calling: ["import", weightsAlone(), "-o", folder.file("x")] + options)
  }

  @Test func whatWasAssumedLeftOutAndRenamedIsTold() throws {
    let path = folder.file("model.safetensors")
    let model = try Model(contentsOf: Fixture.model())
    let weights =
      try model.orderedWeights.map { tensor in
        try WeightTensor(
          name: tensor.name.replacingOccurrences(of: "score_pool3", with: "mine"),
          shape: tensor.shape, floats: tensor.floats)
      } + [WeightTensor(name: "criterion.weight", shape: [2], floats: [1, 2])]
    let source = folder.file("weights.safetensors")
    try Safetensors.write(weights, metadata: [:], to: source)
    try Command.fail(
      3, saying: "mine for score_pool3", "--rename FROM=TO", "--all lists every name",
      calling: ["import", source, "-o", path])
    let result = try Command.succeed(
      "import", source, "-o", path, "--rename", "mine=score_pool3", "--json")
    #expect(result.errors.contains("left out: criterion.weight"))
    #expect(result.errors.contains("assumed, as is usual"))
    let object = try Command.object(result)
    #expect(object["left_out"] as? [String] == ["criterion.weight"])
    #expect(object["preprocessing_assumed"] as? Bool == true)
    let told = try Command.succeed(
      "import", source, "-o", path, "--rename", "mine=score_pool3", "--preprocessing", "unit")
    #expect(told.errors.contains("preprocessing unit: rgb"))
    #expect(!told.errors.contains("assumed"))
  }

  @Test func aNetworkStartsFromAnothersWeights() throws {
    let started = folder.file("started.safetensors")
    let result = try Command.succeed(
      "init", "--from", weightsAlone(prefix: "module."), "--classes", "a,b", "--width", "0.03",
      "--batch-norm", "--init", "zero", "-o", started)
    #expect(result.errors.contains("of another shape, kept as they were ("))
    #expect(result.errors.contains("): score_pool3.weight"))
    let (found, source) = (try Model(contentsOf: started), try Model(contentsOf: Fixture.model()))
    #expect(found.weights["conv3_2.weight"]?.floats == source.weights["conv3_2.weight"]?.floats)
    #expect(
      Set(found.zeroWeights) == ["score_pool3.weight", "score_pool4.weight", "score_pool5.weight"])
  }

  @Test func weightsThatAreZeroThroughoutAreWarnedOf() throws {
    let model = try Model(contentsOf: Fixture.model())
    let path = folder.file("weights.safetensors")
    try Safetensors.write(
      model.orderedWeights.map { tensor in
        let floats =
          tensor.name == "conv4_1.weight"
          ? [Float](repeating: 0, count: tensor.count) : tensor.floats
        return try WeightTensor(name: tensor.name, shape: tensor.shape, floats: floats)
      }, metadata: [:], to: path)
    let result = try Command.succeed("import", path, "-o", folder.file("model.safetensors"))
    #expect(
      result.errors.contains("zero throughout, so that nothing comes through: conv4_1.weight"))
  }

  @Test func aRecipeSaysWhatItWillDoAndCanBeOverridden() throws {
    let call = [
      "train", "--recipe", "voc-fcn32s", "--data", try Fixture.scenes(), "--width", "0.01",
      "--iterations", "3", "--lr", "1e-9", "--flip", "-o", folder.file("out"),
    ]
    let result = try Command.run(call)
    #expect(result.status == 0, "\(result.errors)")
    for part in [
      "recipe     voc-fcn32s", "network    fcn32s, width 0.01, pictures at their own size",
      "length     3 iterations", "minibatch  1 picture", "SGD with momentum 0.99",
      "rate       1e-09, constant", "biases     rate × 2.0, weight decay × 0.0",
      "summed over pixels", "every second one mirrored", "starts from VGG16's weights",
    ] {
      #expect(result.errors.contains(part), "\(result.errors) does not say \(part)")
    }
    let model = try Model(contentsOf: folder.file("out/model.safetensors"))
    #expect(model.description.architecture == "fcn32s")
    #expect(model.description.preprocessing == .caffe)
    let log = try String(contentsOfFile: folder.file("out/log.csv"), encoding: .utf8)
    #expect(log.split(separator: "\n").last?.contains(",3,") == true)
    try Command.fail(
      2, saying: "no recipe \"voc\"", "pascalcontext-fcn8s",
      calling: ["train", "--recipe", "voc", "--data", Fixture.scenes(), "-o", folder.file("x")])
    try Command.fail(
      2, saying: "not both",
      calling: [
        "train", "--epochs", "1", "--iterations", "1", "--data", Fixture.scenes(), "-o",
        folder.file("x"),
      ])
  }
}
