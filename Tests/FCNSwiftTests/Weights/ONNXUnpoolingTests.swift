import FCNTestSupport
import Testing

@testable import FCNSwift

/// Places of maxima as ONNX: integers counted over the whole of what was pooled.
struct ONNXUnpoolingTests {
  private func written(_ network: Network) throws -> ONNXFile {
    try ONNXFile(
      network.onnxGraph(network.randomWeights(seed: 1)).file(
        named: "all", channels: 3, classes: 4, documentation: "", metadata: [:]))
  }

  @Test func aPoolMakesThePlacesToo() throws {
    let file = try written(networkOfUnpooling())
    #expect(try file.node("pool1").outputs == ["pool1", "places1"])
    #expect(try file.node("unpool1").type == "MaxUnpool")
    #expect(try file.node("unpool1").inputs == ["up2", "places1"])
    #expect(
      try file.node("unpool1").integers == [
        "kernel_shape": [2, 2], "strides": [2, 2], "pads": [0, 0, 0, 0],
      ])
    // Where the pool comes later there is one more.
    #expect(try file.node("places2/largest").outputs == ["places2/largest", "places2"])
    #expect(try file.node("pool2").outputs == ["pool2"])
    #expect(file.nodes.count { $0.type == "MaxPool" } == 3)
    let made = file.nodes.flatMap(\.outputs)
    #expect(Set(made).count == made.count)
  }

  @Test func itGoesRound() throws {
    let folder = try TemporaryFolder()
    let first = try networkOfUnpooling()
    let weights = try first.randomWeights(seed: 1)
    let message = try first.onnxGraph(weights).file(
      named: "all", channels: 3, classes: 4, documentation: "", metadata: [:])
    try File.write(to: folder.file("m.onnx")) { try message.write($0) }
    guard case .model(let model) = try Import.read(folder.file("m.onnx")) else {
      Issue.record("no model")
      return
    }
    let operations = model.network.layers.map { type(of: $0.operation).name }
    #expect(operations.count { $0 == "max_pool_indices" } == 2)
    #expect(operations.count { $0 == "max_unpool" } == 2)
  }

  @Test func whatONNXCannotSayIsRefusedWithTheLayersName() throws {
    let pool = Layer("pool", MaxPool(kernel: 2, stride: 2), [Network.inputName])
    let places = Layer("places", MaxPoolIndices(kernel: 2, stride: 2), [Network.inputName])
    let cases: [([Layer], String)] = [
      (
        [pool, Layer("culprit", MaxUnpool(kernel: 2, stride: 2), ["pool", "pool"])],
        "layer culprit: ONNX counts places over the whole value"
      ),
      (
        [pool, places, Layer("culprit", MaxUnpool(kernel: 4, stride: 4), ["pool", "places"])],
        "wanted as second input max_pool_indices of the kernel 4×4"
      ),
      (
        [places, Layer("culprit", Scale(by: 2), ["places"])],
        "layer culprit: it takes what max_pool_indices makes"
      ),
    ]
    for (layers, reason) in cases {
      let network = try Network(inputChannels: 1, stride: 2, layers: layers)
      expectError(.unsupported, saying: reason) { _ = try network.onnxGraph([:]) }
    }
    let network = try Network(inputChannels: 1, stride: 2, layers: [places])
    expectError(.unsupported, saying: "the last layer makes places of maxima") {
      _ = try network.onnxGraph([:])
    }
  }
}

/// Two pools, the places of their maxima, and the way back.
func networkOfUnpooling() throws -> Network {
  let (pool, places) = (MaxPool(kernel: 2, stride: 2), MaxPoolIndices(kernel: 2, stride: 2))
  let unpool = MaxUnpool(kernel: 2, stride: 2)
  var network = NetworkBuilder()
  network.add("conv1", Convolution(6, kernel: 3, padding: 1))
  network.add("pool1", pool)
  network.add("places1", places, ["conv1"])
  network.add("conv2", Convolution(6, kernel: 3, padding: 1), ["pool1"])
  network.add("places2", places, ["conv2"])
  network.add("pool2", pool, ["conv2"])
  network.add("deep", Convolution(6, kernel: 3, padding: 1))
  network.add("unpool2", unpool, ["deep", "places2"])
  network.add("up2", Convolution(6, kernel: 3, padding: 1))
  network.add("unpool1", unpool, ["up2", "places1"])
  // Five convolutions of random weights in a row make large numbers.
  network.add("calmed", Scale(by: 0.01))
  network.add("final", Convolution(4, kernel: 3, padding: 1))
  return try Network(inputChannels: 3, stride: 4, layers: network.layers)
}
