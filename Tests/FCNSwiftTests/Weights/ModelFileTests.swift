import FCNTestSupport
import Testing

@testable import FCNSwift

struct ModelFileTests {
  let folder: TemporaryFolder
  let model: Model

  init() throws {
    folder = try TemporaryFolder()
    model = try Model.fresh(smallDescription(batchNorm: true), seed: 1)
  }

  /// The model's file with other metadata, as bytes.
  private func file(
    _ change: (inout [String: String]) -> Void, weights: [WeightTensor]? = nil
  ) throws -> [UInt8] {
    var metadata = model.description.metadata
    change(&metadata)
    try Safetensors.write(
      weights ?? model.orderedWeights, metadata: metadata, to: folder.file("changed"))
    return try File.read(folder.file("changed"))
  }

  private func read(_ bytes: [UInt8]) throws -> Model {
    try bytes.withUnsafeBytes { try Model(copying: $0) }
  }

  @Test func aModelComesBackAsItWas() throws {
    let path = folder.file("model.safetensors")
    try model.write(to: path)
    for copy in [try Model(contentsOf: path), try read(try File.read(path))] {
      #expect(copy.description == model.description)
      #expect(copy.parameterCount == model.parameterCount)
      for (own, other) in zip(model.orderedWeights, copy.orderedWeights) {
        #expect(own.name == other.name && own.shape == other.shape)
        #expect(own.floats == other.floats)
      }
    }
  }

  @Test func halfPrecisionHalvesTheFileAndKeepsThreeDigits() throws {
    try model.write(to: folder.file("32"))
    try model.write(to: folder.file("16"), elementType: .float16)
    let (full, half) = (try File.read(folder.file("32")), try File.read(folder.file("16")))
    #expect(full.count - half.count >= 2 * model.parameterCount - 64)
    let copy = try read(half)
    for (own, other) in zip(model.orderedWeights, copy.orderedWeights) {
      #expect(other.elementType == .float16)
      let isClose = zip(own.floats, other.floats).allSatisfy {
        abs($0 - $1) <= abs($0) / 2048 + 1e-7
      }
      #expect(isClose, "\(own.name)")
    }
  }

  @Test func everyPreprocessingComesBack() throws {
    let rules: [Preprocessing.SizeRule] = [
      .native, .exact(width: 224, height: 160), .longestSide(500), .atMost(1024),
    ]
    for rule in rules {
      var description = smallDescription()
      description.preprocessing = .caffe
      description.preprocessing.size = rule
      #expect(try ModelDescription(metadata: description.metadata) == description)
    }
    var grey = smallDescription()
    (grey.preprocessing, grey.options.inputChannels, grey.note) = (.grey, 1, "")
    #expect(try ModelDescription(metadata: grey.metadata) == grey)
  }

  @Test func weightsThatAreNotTheNetworksAreAllNamed() throws {
    var weights = model.orderedWeights
    weights.removeAll { $0.name == "conv1_1.weight" || $0.name == "bn5_3.running_var" }
    let index = try #require(weights.firstIndex { $0.name == "score_pool3.bias" })
    weights[index] = try WeightTensor(name: "score_pool3.bias", shape: [2], floats: [0, 0])
    weights.append(try WeightTensor(name: "fc6.weight", shape: [1], floats: [0]))
    for read in [
      { _ = try self.read(try self.file({ _ in }, weights: weights)) },
      { _ = try Model(description: self.model.description, weights: weights) },
    ] {
      expectError(
        .shapeMismatch, saying: "missing: conv1_1.weight [1, 3, 3, 3], bn5_3.running_var [10]",
        "score_pool3.bias (found [2], wanted [3])", "unknown to the network: \"fc6.weight\""
      ) { try read() }
    }
    expectError(.invalidArgument, saying: "\"conv1_1.weight\"", "two") {
      _ = try Model(
        description: model.description, weights: model.orderedWeights + model.orderedWeights)
    }
  }

  @Test(
    arguments: [
      ("fcn.architecture", nil, "lacks fcn.architecture"),
      ("fcn.options", nil, "lacks fcn.options"),
      ("fcn.options", "{", "fcn.options: JSON"),
      ("fcn.options", "[]", "fcn.options: wanted an object"),
      ("fcn.options", #"{"classes":3,"input_channels":3,"width":0.02}"#, "\"batch_norm\""),
      (
        "fcn.options", #"{"classes":"3","input_channels":3,"width":1,"batch_norm":true}"#,
        "\"classes\""
      ),
      ("fcn.classes", #"{"a":1}"#, "fcn.classes: wanted an array of strings"),
      ("fcn.classes", #"["a",1,"b"]"#, "fcn.classes: wanted an array of strings"),
      ("fcn.palette", ##"["#000000","#00000","#000000"]"##, "\"#00000\" is no colour"),
      ("fcn.palette", ##"["#000000","#00000g","#000000"]"##, "\"#00000g\" is no colour"),
      ("fcn.palette", ##"["#000000","€0000","#000000"]"##, "is no colour"),
      (
        "fcn.preprocessing", #"{"size":{"rule":"native"},"order":"rgb","mean":[0,0,0]}"#,
        "\"scale\""
      ),
      (
        "fcn.preprocessing",
        #"{"size":{"rule":"exact","width":3},"order":"rgb","mean":[0,0,0],"scale":[1,1,1]}"#,
        "\"height\""
      ),
      (
        "fcn.preprocessing",
        #"{"size":{"rule":"native"},"order":"cmyk","mean":[0,0,0],"scale":[1,1,1]}"#, "\"order\""
      ),
      (
        "fcn.preprocessing",
        #"{"size":{"rule":"native"},"order":"rgb","mean":[0,0,1e39],"scale":[1,1,1]}"#, "\"mean\""
      ),
    ] as [(String, String?, String)])
  func aDescriptionThatCannotBeReadIsCorrupt(key: String, value: String?, reason: String) throws {
    let bytes = try file { $0[key] = value }
    expectError(.corrupt, saying: reason) { _ = try read(bytes) }
  }

  @Test(arguments: [
    ("fcn.classes", #"["a","b"]"#, "2 class names for 3 classes"),
    ("fcn.classes", #"["a","b",""]"#, "empty"),
    ("fcn.palette", "[]", "0 palette colours for 3 classes"),
    (
      "fcn.options", #"{"classes":0,"input_channels":3,"width":1,"batch_norm":true}"#,
      "classes is 0"
    ),
    ("fcn.options", #"{"classes":3,"input_channels":3,"width":0,"batch_norm":true}"#, "width is 0"),
    ("fcn.options", #"{"classes":3,"input_channels":1,"width":1,"batch_norm":true}"#, "1 channels"),
    (
      "fcn.preprocessing",
      #"{"size":{"rule":"native"},"order":"rgb","mean":[0],"scale":[1,1,1]}"#, "1 and 3"
    ),
    (
      "fcn.preprocessing",
      #"{"size":{"rule":"at_most","side":0},"order":"rgb","mean":[0,0,0],"scale":[1,1,1]}"#,
      "size of [0]"
    ),
  ])
  func aDescriptionThatMakesNoSenseIsRefused(key: String, value: String, reason: String) throws {
    let bytes = try file { $0[key] = value }
    expectError(.invalidArgument, saying: reason) { _ = try read(bytes) }
  }

  @Test func whatANewerVersionAsksForIsNotIgnored() throws {
    for (key, value, reason) in [
      ("fcn.version", "3", "\"3\""), ("fcn.version", "one", "\"one\""),
      (
        "fcn.options",
        #"{"classes":3,"input_channels":3,"width":1,"batch_norm":true,"depth":2}"#, "\"depth\""
      ),
      (
        "fcn.preprocessing",
        #"{"size":{"rule":"tiled","side":9},"order":"rgb","mean":[0,0,0],"scale":[1,1,1]}"#,
        "\"tiled\""
      ),
    ] {
      let bytes = try file { $0[key] = value }
      expectError(.unsupported, saying: reason) { _ = try read(bytes) }
    }
    let unknown = try file { $0["fcn.architecture"] = "resnet" }
    expectError(.notFound, saying: "no architecture \"resnet\"") { _ = try read(unknown) }
  }

  @Test func weightsAloneAreNoModelButCanBecomeOne() throws {
    let bytes = try file { $0 = ["format": "pt"] }
    expectError(.unsupported, saying: "weights only", "name its architecture and its classes") {
      _ = try read(bytes)
    }
  }

  @Test func errorsNameTheFile() throws {
    let path = try folder.write(Array("<html>".utf8) + [0, 1, 2], "model.safetensors")
    expectError(.unsupported, saying: path) { _ = try Model(contentsOf: path) }
    expectError(.inputOutput, saying: "/proc/nowhere/x") { try model.write(to: "/proc/nowhere/x") }
  }

  @Test func aWeightThatHalfPrecisionCannotHoldIsNamedAndTheOldFileKept() throws {
    let path = folder.file("model")
    try model.write(to: path)
    let before = try File.read(path)
    let large = try Model(
      description: model.description,
      weights: model.orderedWeights.map {
        $0.name != "bn2_1.weight"
          ? $0
          : try WeightTensor(
            name: $0.name, shape: $0.shape, floats: $0.floats.map { $0 * 1e6 })
      })
    expectError(.notFinite, saying: "bn2_1.weight", "1000000") {
      try large.write(to: path, elementType: .float16)
    }
    #expect(try File.read(path) == before)
    #expect(try File.names(inFolder: folder.path) == ["model"])
  }
}
