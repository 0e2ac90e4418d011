import FCNTestSupport
import Testing

@testable import FCNSwift

struct ONNXTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func written(_ model: Model) throws -> ONNXFile {
    try model.writeONNX(to: folder.file("m.onnx"))
    return try ONNXFile(try File.read(folder.file("m.onnx")))
  }

  private func everyOperation() throws -> ONNXFile {
    let network = try networkOfEveryOperation()
    return try ONNXFile(
      network.onnxGraph(network.randomWeights(seed: 1)).file(
        named: "all", channels: 3, classes: 4, documentation: "", metadata: [:]))
  }

  @Test func theFileSaysWhatItHolds() throws {
    let model = try Model.fresh(smallDescription(), seed: 1)
    let file = try written(model)
    #expect((file.version, file.operatorSet) == (8, 17))
    #expect((file.producer, file.graphName) == ("FCNSwift", "fcn-simple"))
    #expect(
      file.inputs == [.init(name: "input", type: 1, shape: ["batch", "3", "height", "width"])])
    #expect(
      file.outputs == [.init(name: "scores", type: 1, shape: ["batch", "3", "height", "width"])])
    #expect(try ModelDescription(metadata: file.metadata) == model.description)
    #expect(file.metadata["format"] == nil)
    #expect(try File.names(inFolder: folder.path) == ["m.onnx"])
  }

  @Test(arguments: [ElementType.float32, .float16])
  func weightsAreTheModelsAsFloat32(elementType: ElementType) throws {
    let path = folder.file("m.safetensors")
    try Model.fresh(smallDescription(batchNorm: true), seed: 2).write(
      to: path, elementType: elementType)
    let model = try Model(contentsOf: path)
    let weights = try written(model).constants.filter { $0.type == 1 }
    #expect(weights.map(\.name) == model.orderedWeights.map(\.name))
    for (constant, weight) in zip(weights, model.orderedWeights) {
      #expect(constant.shape == weight.shape, "\(weight.name)")
      #expect(constant.floats == weight.floats, "\(weight.name)")
    }
  }

  @Test func everyValueIsMadeOnceAndBeforeItIsTaken() throws {
    let model = try Model.fresh(smallDescription(batchNorm: true), seed: 1)
    for file in [try written(model), try everyOperation()] {
      var known = Set(file.constants.map(\.name) + ["input", ""])
      #expect(known.count == file.constants.count + 2)
      for node in file.nodes {
        for input in node.inputs { #expect(known.contains(input), "\(node.name): \(input)") }
        #expect(node.outputs == [node.name])
        let isNew = known.insert(node.name).inserted
        #expect(isNew, "\(node.name)")
      }
      #expect(file.nodes.last?.name == "scores")
    }
  }

  @Test func operationsAreONNXs() throws {
    let file = try everyOperation()
    let conv = try file.node("conv2")
    #expect(conv.type == "Conv")
    #expect(conv.inputs == ["pool1", "conv2.weight", "conv2.bias"])
    #expect(
      conv.integers == [
        "kernel_shape": [3, 5], "strides": [2, 1], "pads": [2, 1, 2, 1], "dilations": [2, 1],
        "group": [2],
      ])
    let up = try file.node("up")
    #expect(up.type == "ConvTranspose")
    #expect(up.integers["group"] == [4] && up.integers["pads"] == [1, 1, 1, 1])
    #expect(try file.node("large").inputs == ["score", "large.weight"])
    let norm = try file.node("bn1")
    #expect(
      norm.inputs == [
        "conv1", "bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var",
      ])
    #expect(norm.type == "BatchNormalization" && norm.floats == ["epsilon": 1e-3])
    // Dropout is gone.
    #expect(try file.node("norm1").inputs == ["relu1"])
    #expect(try file.node("pool1").integers["ceil_mode"] == [1])
    #expect(try file.node("pool2").integers["ceil_mode"] == [0])
    #expect(
      try (0..<6).map { try file.node("function\($0)").type } == [
        "LeakyRelu", "Clip", "Sigmoid", "HardSigmoid", "HardSwish", "Mul",
      ])
    let joined = try file.node("joined")
    #expect(joined.type == "Concat" && joined.integers == ["axis": [1]] && joined.inputs.count == 6)
    let resize = try file.node("resized")
    #expect(resize.inputs == ["up", "", "", "resized/sizes"])
    #expect(
      resize.texts == ["mode": "linear", "coordinate_transformation_mode": "half_pixel"])
    // What takes its size from the input takes it from the padded one.
    #expect(try file.node("resized/sizes").inputs == ["resized/front", "padding/size"])
    #expect(try file.constant("small/size").integers == [5, 7])
    #expect(try file.constant("twice/factors").integers == [2, 3])
    #expect(try file.node("cropped").type == "Slice")
    #expect(try file.constant("cropped/first").integers == [1, 2])
    #expect(try file.node("sum").inputs == ["resized", "cropped", "back"])
    #expect(try file.node("scores/layer").type == "Softmax")
    #expect(try file.node("scores/layer").integers == ["axis": [1]])
  }

  @Test func whatTheOutputDoesNotDependOnIsLeftOut() throws {
    let file = try everyOperation()
    #expect(!file.nodes.contains { $0.name == "auxiliary" })
    #expect(!file.constants.contains { $0.name.hasPrefix("auxiliary") })
  }

  @Test func picturesArePaddedToTheStrideAndScoresCropped() throws {
    let file = try written(try Model.fresh(smallDescription(), seed: 1))
    #expect(try file.node("conv1_1").inputs.first == "padding")
    #expect(try file.constant("padding/stride").integers == [32, 32])
    let last = try file.node("scores")
    #expect(last.type == "Slice")
    #expect(last.inputs == ["upsampled_final", "scores/first", "input/size", "scores/axes"])

    let network = try Network(
      inputChannels: 1, stride: 1, layers: [Layer("relu", ReLU(), [Network.inputName])])
    let plain = try ONNXFile(
      network.onnxGraph([:]).file(
        named: "", channels: 1, classes: 1, documentation: "", metadata: [:]))
    #expect(plain.nodes.map(\.type) == ["Relu", "Identity"])
    #expect(plain.nodes[0].inputs == ["input"])
  }

  @Test func whatONNXCannotSayIsRefusedWithTheLayersName() throws {
    struct Unknown: FCNSwift.Operation {
      static let name = "unknown"
      var reference: ReferenceForm { ReLU().reference }
      func outputShape(of inputs: [Shape]) throws -> Shape { inputs[0] }
    }
    let cases: [(any FCNSwift.Operation, String)] = [
      (Unknown(), "the operation unknown"),
      (MaxPool(kernel: 2, stride: 2, padding: 1, ceilMode: true), "kernel 2×2, stride 2×2"),
      (MaxPool(kernel: Extent(3, 2), stride: 3, ceilMode: true), "kernel 3×2, stride 3×3"),
    ]
    for (operation, reason) in cases {
      let network = try Network(
        inputChannels: 1, stride: 1, layers: [Layer("culprit", operation, [Network.inputName])])
      expectError(.unsupported, saying: "layer culprit", reason) {
        _ = try network.onnxGraph([:])
      }
    }
  }

  @Test func aFileBeyondTheFormatIsRefused() throws {
    let storage = try ByteStorage(count: 1 << 28) { _ in }
    let tensor = WeightTensor(
      name: "w", shape: [1 << 26], elementType: .float32, count: 1 << 26, storage: storage,
      offset: 0)
    var message = ProtobufMessage()
    for _ in 0..<7 { message.append(9, bytesOf: tensor) }
    try message.checkSize()
    message.append(9, bytesOf: tensor)
    expectError(.unsupported, saying: "2147483", "protobuf") { try message.checkSize() }
  }

  @Test func whatCannotBeWrittenLeavesNothing() throws {
    let model = try Model.fresh(smallDescription(), seed: 1)
    expectError(.inputOutput, saying: "/proc/nowhere/x: cannot be written") {
      try model.writeONNX(to: "/proc/nowhere/x")
    }
    let value = 1e300
    let storage = try withUnsafeBytes(of: value) { try ByteStorage(copying: $0) }
    let large = try Model(
      description: model.description,
      weights: model.orderedWeights.map {
        guard $0.name == "conv1_1.bias" else { return $0 }
        return WeightTensor(
          name: $0.name, shape: [1], elementType: .float64, count: 1, storage: storage, offset: 0)
      })
    expectError(.notFinite, saying: "conv1_1.bias") {
      try large.writeONNX(to: folder.file("m.onnx"))
    }
    #expect(try File.names(inFolder: folder.path) == [])
  }

  @Test func fieldsComeBackAsTheyWereWritten() throws {
    let numbers = [0, 1, 127, 128, 300, Int.max, -1, .min]
    var message = ProtobufMessage()
    for number in numbers { message.append(3, number) }
    message.append(4, Float.pi)
    message.append((1 << 29) - 1, "grüße")
    var bytes: [UInt8] = []
    try message.write { bytes += $0 }
    try bytes.withUnsafeBytes { file in
      var reader = ProtobufReader(file)
      for number in numbers { #expect(try reader.next()?.integer() == number) }
      guard case .fixed32(let bits)? = try reader.next()?.value else {
        Issue.record("a float is four bytes")
        return
      }
      #expect(Float(bitPattern: bits) == .pi)
      let last = try #require(try reader.next())
      #expect(last.number == (1 << 29) - 1)
      #expect(try last.text(in: file) == "grüße")
      #expect(try reader.next() == nil)
    }
  }
}
