import FCNTestSupport
import Testing

@testable import FCNSwift

/// What tells places, takes the larger of two, or puts rows and columns behind each other, as ONNX and back.
struct ONNXPlacesTests {
  private func written(_ network: Network, to path: String) throws -> ONNXFile {
    let message = try network.onnxGraph(network.randomWeights(seed: 1)).file(
      named: "all", channels: 3, classes: 4, documentation: "", metadata: [:])
    try File.write(to: path) { try message.write($0) }
    return try ONNXFile(message)
  }

  @Test func operationsAreONNXsAndComeBack() throws {
    let folder = try TemporaryFolder()
    let network = try networkOfPlaces()
    let file = try written(network, to: folder.file("m.onnx"))
    #expect(
      try ["larger", "smaller", "holes", "below", "turned"].map { try file.node($0).type } == [
        "Max", "Min", "MaxPool", "Concat", "Transpose",
      ])
    #expect(try file.node("holes").integers["dilations"] == [2, 1])
    #expect(try file.node("below").integers == ["axis": [2]])
    #expect(try file.node("beside").integers == ["axis": [3]])
    #expect(try file.node("turned").integers == ["perm": [0, 1, 3, 2]])
    #expect(try file.node("rows/range").type == "Range")
    guard case .model(let model) = try Import.read(folder.file("m.onnx")) else {
      Issue.record("no model")
      return
    }
    func counts(_ network: Network) -> [String: Int] {
      Dictionary(
        network.layers.map {
          (($0.operation as? SizedOperation)?.operation ?? type(of: $0.operation).name, 1)
        }, uniquingKeysWith: +)
    }
    // Layers of which only the size is used stand in the file, and are left out when it is known.
    let size = Shape(1, 3, 12, 16)
    let (own, found) = (
      counts(try network.concrete(for: size)), counts(try model.network.concrete(for: size))
    )
    for name in [
      "maximum", "minimum", "coordinates", "constant_planes", "line_concatenation",
      "rows_as_columns", "max_pool",
    ] {
      #expect(own[name] == found[name], "\(name)")
    }
  }

  @Test func picturesGoThroughInTilesWhereNothingSeesAllOfThem() throws {
    let pool = MaxPool(kernel: 3, stride: 1, padding: 1, dilation: 2)
    let local = try Network(
      inputChannels: 3, stride: 1,
      layers: [
        Layer("pool", pool, ["input"]),
        Layer("padded", Pad(top: 1, left: 1, bottom: 1, right: 1), ["pool"]),
        Layer("larger", Maximum(), ["padded", "input"]),
      ])
    for axis in PictureAxis.allCases { _ = try NetworkAxis(local, Shape(1, 3, 40, 50), axis) }
    for operation: any FCNSwift.Operation in [Coordinates(.rows), RowsAsColumns()] {
      let network = try Network(
        inputChannels: 3, stride: 1, layers: [Layer("culprit", operation, ["input"])])
      expectError(.unsupported, saying: "layer culprit", "sees the whole picture at once") {
        _ = try NetworkAxis(network, Shape(1, 3, 40, 50), .rows)
      }
    }
    let halves = try Network(
      inputChannels: 3, stride: 1,
      layers: [Layer("culprit", LineConcatenation(.rows), ["input", "input"])])
    expectError(.unsupported, saying: "layer culprit", "sees the whole picture at once") {
      _ = try NetworkAxis(halves, Shape(1, 3, 40, 50), .columns)
    }
  }

  @Test func shapesThatDoNotFitAreRefused() {
    expectError(.shapeMismatch, saying: "a maximum's second input is 1×2×3×4") {
      _ = try Maximum().outputShape(of: [Shape(1, 3, 3, 4), Shape(1, 2, 3, 4)])
    }
    expectError(.shapeMismatch, saying: "input 2 is 1×3×3×5", "channels and columns must agree") {
      _ = try LineConcatenation(.rows).outputShape(of: [Shape(1, 3, 3, 4), Shape(1, 3, 3, 5)])
    }
    expectError(.shapeMismatch, saying: "input 2 is 1×2×3×4", "channels and rows must agree") {
      _ = try LineConcatenation(.columns).outputShape(of: [Shape(1, 3, 3, 4), Shape(1, 2, 3, 4)])
    }
    expectError(.shapeMismatch, saying: "the rows of all inputs together cannot be counted") {
      let tall = Shape(1, 1, .max - 1, 1)
      _ = try LineConcatenation(.rows).outputShape(of: [tall, tall])
    }
    expectError(.shapeMismatch, saying: "a window with holes holds no value") {
      let pool = MaxPool(kernel: 2, stride: 1, padding: 1, dilation: 4)
      _ = try pool.outputShape(of: [Shape(1, 1, 3, 9)])
    }
    expectError(.shapeMismatch, saying: "wanted 1…16777216 a side") {
      _ = try Coordinates(.rows).outputShape(of: [Shape(1, 1, 1 << 25, 9)])
    }
  }

  @Test func aNaNIsNeitherLargerNorSmaller() throws {
    let shape = Shape(1, 17, 1, 2)
    let first = try Tensor(shape, (0..<34).map { $0 % 3 == 0 ? .nan : Float($0) })
    let second = try Tensor(shape, (0..<34).map { $0 % 5 == 0 ? .nan : 16 })
    for operation: any FCNSwift.Operation in [Maximum(), Minimum()] {
      for form in operation.forms {
        let run = try #require(
          try LayerRun(operation, form, inputs: [first, second], parameters: []))
        for (index, value) in try run.forward().elements.enumerated() {
          #expect(value.isNaN == (index % 3 == 0 || index % 5 == 0), "\(form.name) \(index)")
        }
      }
    }
  }
}

/// Operations that tell places, and those that put lines elsewhere.
func networkOfPlaces() throws -> Network {
  var network = NetworkBuilder()
  network.add("conv1", Convolution(8, kernel: 3, padding: 1))
  network.add("mean", GlobalAveragePool())
  network.add("larger", Maximum(), ["conv1", "mean"])
  network.add("bounds", ConstantPlanes(8, 1), ["input"])
  network.add("smaller", Minimum(), ["larger", "bounds"])
  network.add("holes", MaxPool(kernel: Extent(3, 2), stride: 1, padding: 1, dilation: Extent(2, 1)))
  network.add("rows", Coordinates(.rows), ["holes"])
  network.add("columns", Coordinates(.columns), ["holes"])
  network.add("narrow", Scale(by: 0.05), ["columns"])
  network.add("low", Scale(by: 0.1), ["rows"])
  network.add("placed", Concatenation(), ["holes", "narrow", "low"])
  network.add("conv2", Convolution(6, kernel: 1))
  network.add("below", LineConcatenation(.rows), ["conv2", "conv2"])
  network.add("bent", ReLU())
  network.add("beside", LineConcatenation(.columns), ["bent", "below"])
  network.add("turned", RowsAsColumns())
  network.add("conv3", Convolution(6, kernel: 3, padding: 1))
  network.add("part", Slicing(rows: .init(from: 3), columns: .init(to: -2)))
  network.add("resized", Resize(to: .likeSecondInput), ["part", "input"])
  network.add("final", Convolution(4, kernel: 1))
  return try Network(inputChannels: 3, stride: 2, layers: network.layers)
}
