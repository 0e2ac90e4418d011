import FCNTestSupport
import Testing

@testable import FCNSwift

/// Every operation as ONNX Runtime computes it. The package is large and nothing else wants it, so
/// this runs where it happens to be; scripts/compare_onnx.py compares whole architectures.
@Suite(
  .enabled(
    if: Python.canImport("onnx", "onnxruntime", "numpy"),
    "ONNX files as ONNX Runtime runs them: python3 has no onnx and onnxruntime (pip install both)"))
struct ONNXRuntimeTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [(17, 22), (20, 24), (33, 18)])
  func everyOperationIsWhatItIsHere(height: Int, width: Int) throws {
    try compare(try networkOfEveryOperation(), height, width, tolerance: 1e-5)
  }

  @Test(arguments: [(17, 22), (20, 24), (33, 38)])
  func everyFurtherOperationIsWhatItIsHere(height: Int, width: Int) throws {
    // Quotients and exponentials enlarge what rounding leaves.
    try compare(try networkOfFurtherOperations(), height, width, tolerance: 1e-4)
  }

  @Test(arguments: [(17, 22), (24, 36)])
  func unpoolingIsWhatItIsHere(height: Int, width: Int) throws {
    try compare(try networkOfUnpooling(), height, width, tolerance: 1e-4)
  }

  @Test(arguments: [(17, 22), (24, 30)])
  func attentionIsWhatItIsHere(height: Int, width: Int) throws {
    try compare(try networkOfAttention(), height, width, tolerance: 1e-4)
  }

  @Test(arguments: [(17, 22), (24, 30)])
  func placesAreWhatTheyAreHere(height: Int, width: Int) throws {
    try compare(try networkOfPlaces(), height, width, tolerance: 1e-4)
  }

  private func compare(
    _ network: Network, _ height: Int, _ width: Int, tolerance: Double
  ) throws {
    let weights = try network.randomWeights(seed: 7)
    let message = try network.onnxGraph(weights).file(
      named: "all", channels: 3, classes: 4, documentation: "", metadata: ["fcn.note": "é"])
    try File.write(to: folder.file("m.onnx")) { try message.write($0) }

    let picture = try Tensor.random(Shape(2, 3, height, width), seed: 3)
    let scores = try run(network, weights, on: picture)
    try File.write(
      NPY.bytes(picture.elements, shape: [2, 3, height, width]), to: folder.file("in.npy"))
    try File.write(NPY.bytes(scores, shape: [2, 4, height, width]), to: folder.file("out.npy"))
    let script = """
      import sys
      import numpy, onnx, onnxruntime
      model, source, target = sys.argv[1:]
      onnx.checker.check_model(model, full_check=True)
      session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
      assert session.get_modelmeta().custom_metadata_map == {"fcn.note": "é"}
      [found] = session.run(None, {"input": numpy.load(source)})
      wanted = numpy.load(target)
      assert found.shape == wanted.shape, (found.shape, wanted.shape)
      assert wanted.std() > 0.1, wanted.std()
      assert abs(found - wanted).max() < \(tolerance), abs(found - wanted).max()
      """
    let result = try Python.run(
      script, folder.file("m.onnx"), folder.file("in.npy"), folder.file("out.npy"))
    #expect(result.status == 0, "\(result.output)")
  }

  /// What the network makes of `picture`, padded for it and cropped after it.
  private func run(
    _ network: Network, _ weights: [String: WeightTensor], on picture: Tensor
  ) throws -> [Float] {
    var table = ParameterTable()
    for parameter in network.parameters {
      table[parameter.name] = try weights[parameter.name]?.tensor(parameter.tensorShape)
    }
    let size = picture.shape
    let padded = Shape(
      size.n, size.c, roundUp(size.h, toMultipleOf: network.stride),
      roundUp(size.w, toMultipleOf: network.stride))
    let plan = try Plan(
      network, parameters: table, inputShape: padded, pool: WorkerPool(threads: 1))
    func forEachPixel(_ channels: Int, _ body: (Int, Int, Int, Int) -> Void) {
      for n in 0..<size.n {
        for c in 0..<channels {
          for y in 0..<size.h { for x in 0..<size.w { body(n, c, y, x) } }
        }
      }
    }
    plan.input.pointer.update(repeating: 0, count: padded.count)
    forEachPixel(size.c) { plan.input[$0, $1, $2, $3] = picture[$0, $1, $2, $3] }
    try plan.run()
    var scores: [Float] = []
    forEachPixel(plan.output.shape.c) { scores.append(plan.output[$0, $1, $2, $3]) }
    return scores
  }
}
