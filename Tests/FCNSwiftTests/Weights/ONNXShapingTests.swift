import FCNTestSupport
import Testing

@testable import FCNSwift

/// Operations that give pictures another size, or work on each channel with numbers of its own, as ONNX.
struct ONNXShapingTests {
  private func written(_ network: Network) throws -> ONNXFile {
    try ONNXFile(
      network.onnxGraph(network.randomWeights(seed: 1)).file(
        named: "all", channels: 3, classes: 4, documentation: "", metadata: [:]))
  }

  @Test func everyValueIsMadeOnceAndBeforeItIsTaken() throws {
    let file = try written(try networkOfFurtherOperations())
    var known = Set(file.constants.map(\.name) + ["input", ""])
    #expect(known.count == file.constants.count + 2)
    for node in file.nodes {
      for input in node.inputs { #expect(known.contains(input), "\(node.name): \(input)") }
      let isNew = known.insert(node.name).inserted
      #expect(isNew, "\(node.name)")
    }
    #expect(file.nodes.last?.name == "scores")
  }

  @Test func operationsAreONNXs() throws {
    let file = try written(try networkOfFurtherOperations())
    let average = try file.node("average")
    #expect(average.type == "AveragePool")
    #expect(average.integers["count_include_pad"] == [1] && average.integers["ceil_mode"] == [0])
    #expect(try file.node("average2").integers["count_include_pad"] == [0])
    #expect(try file.node("squeezed").type == "GlobalAveragePool")
    #expect(try file.node("largest").type == "GlobalMaxPool")
    #expect(try file.node("excited").inputs == ["prelu", "squeezed"])
    #expect(
      try ["excited", "less", "part"].map { try file.node($0).type } == ["Mul", "Sub", "Div"])
    #expect(try file.constant("padded/pads").integers == [0, 0, 1, 2, 0, 0, 3, -1])
    #expect(try file.node("reflected").texts == ["mode": "reflect"])
    #expect(try file.constant("sliced/first").integers == [1, -20])
    #expect(try file.constant("sliced/end").integers == [9, Int.max])
    #expect(try file.constant("sliced/axes").integers == [1, 2])
    #expect(
      try file.node("nearest").texts == [
        "mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor",
      ])
    #expect(
      try file.node("cubic").texts == [
        "mode": "cubic", "coordinate_transformation_mode": "align_corners",
      ])
    #expect(try file.node("scaled").inputs == ["cubic", "", "scaled/factors"])
    #expect(try file.constant("scaled/factors").floats == [1, 1, 1.7, 0.6])
    #expect(try file.node("shuffled").texts == ["mode": "CRD"])
    #expect(try file.node("deep").integers == ["blocksize": [2]])
    #expect(try file.node("prelu").inputs == ["affine", "prelu/parameter0"])
    #expect(
      try (0..<5).map { try file.node("function\($0)").type } == [
        "Tanh", "Elu", "Softplus", "Mul", "Clip",
      ])
    #expect(try file.node("power").type == "Exp")
    #expect(try file.node("instance").floats == ["epsilon": 1e-3])
  }

  @Test func averagesThatReadersDisagreeOnAreRefused() throws {
    for pool in [
      AveragePool(kernel: 2, stride: 2, padding: 1, ceilMode: true, countsPadding: false),
      AveragePool(kernel: 4, stride: 2, padding: 1, ceilMode: true),
    ] {
      let network = try Network(
        inputChannels: 1, stride: 1, layers: [Layer("culprit", pool, [Network.inputName])])
      expectError(.unsupported, saying: "layer culprit: an average in ceil mode") {
        _ = try network.onnxGraph([:])
      }
    }
  }
}

/// Operations that `networkOfEveryOperation` has not.
func networkOfFurtherOperations() throws -> Network {
  var network = NetworkBuilder()
  network.add("conv1", Convolution(8, kernel: 3, padding: 1))
  network.add("affine", Affine())
  network.add("prelu", PReLU())
  network.add("squeezed", GlobalAveragePool())
  network.add("excited", Product(), ["prelu", "squeezed"])
  network.add("one", PReLU(isShared: true))
  network.add("instance", InstanceNormalization(epsilon: 1e-3))
  network.add("largest", GlobalMaxPool())
  network.add("less", Difference(), ["instance", "largest"])
  network.add("part", Quotient(), ["less", "largest"])
  network.add("padded", Pad(top: 1, left: 2, bottom: 3, right: -1, filling: .constant(0.25)))
  network.add("reflected", Pad(top: 2, right: 1, filling: .reflect))
  network.add("edged", Pad(left: 1, bottom: -1, filling: .edge))
  network.add("average", AveragePool(kernel: Extent(3, 2), stride: Extent(1, 2), padding: 1))
  network.add(
    "average2", AveragePool(kernel: 3, stride: 2, padding: 1, ceilMode: true, countsPadding: false)
  )
  network.add("deepened", Convolution(12, kernel: 1))
  network.add("shuffled", DepthToSpace(block: 2, order: .channelsFirst))
  network.add("deep", SpaceToDepth(block: 2))
  network.add("spread", DepthToSpace(block: 2))
  network.add("rich", Convolution(10, kernel: 1))
  network.add("sliced", Slicing(channels: .init(from: 1, to: 9), rows: .init(from: -20)))
  network.add(
    "nearest", Resize(to: .scaled(by: 2), .nearest(.floor), coordinates: .asymmetric))
  network.add(
    "cubic", Resize(to: .exact(Extent(9, 11)), .cubic, coordinates: .alignCorners))
  network.add("scaled", Resize(to: .scaledAndRounded(h: 1.7, w: 0.6)))
  network.add(
    "near", Resize(to: .scaledAndRounded(h: 0.7, w: 1.9), .nearest(.preferFloor)))
  network.add(
    "aligned", Resize(to: .likeSecondInput, coordinates: .alignCorners),
    ["near", Network.inputName])
  let functions: [any FCNSwift.Operation] = [
    Tanh(), ELU(alpha: 0.5), Softplus(), Mish(), Clip(low: -0.25, high: 0.5),
  ]
  for (index, function) in functions.enumerated() {
    network.add("function\(index)", function, ["aligned"])
  }
  network.add("sum", Sum(), functions.indices.map { "function\($0)" })
  network.add("power", Exponential(), ["function0"])
  network.add("both", Sum(), ["sum", "power"])
  network.add("final", Convolution(4, kernel: 1))
  return try Network(inputChannels: 3, stride: 4, layers: network.layers)
}

/// Attention of both kinds, and pools whose windows share rows and columns.
func networkOfAttention() throws -> Network {
  var network = NetworkBuilder()
  network.add("conv1", Convolution(6, kernel: 3, stride: 2, padding: 1))
  network.add("fewer", AdaptiveAveragePool(bins: Extent(3, 4)), ["conv1"])
  network.add("heads", Attention(heads: 3, factor: 0.8), ["conv1", "fewer", "fewer"])
  network.add("all", Attention(normalization: .pairs), ["heads", "conv1", "conv1"])
  network.add("mixed", PixelsAsChannels())
  network.add("parts", Softmax(groups: 2), ["heads"])
  network.add("sum", Sum(), ["conv1", "mixed", "parts"])
  network.add("score", Convolution(4, kernel: 1))
  network.add("scores", Resize(to: .likeSecondInput), ["score", Network.inputName])
  return try Network(inputChannels: 3, stride: 2, layers: network.layers)
}
