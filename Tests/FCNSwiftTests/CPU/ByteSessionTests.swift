import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// Sessions of int8, and the ranges that they need.
struct ByteSessionTests {
  private static func model(_ architecture: String, width: Float = 1) throws -> Model {
    try Model.fresh(
      ModelDescription(
        architecture: architecture, options: ArchitectureOptions(classes: 5, width: width),
        classNames: (0..<5).map { "class \($0)" }, palette: Palette.voc(count: 5),
        preprocessing: .torchvision), seed: 4)
  }

  private static func picture(_ width: Int, _ height: Int, seed: UInt64 = 3) throws -> Image {
    var generator = SeededGenerator(seed: seed)
    let colours = (0..<12).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
    return try Image(
      width: width, height: height,
      pixels: (0..<3 * width * height).map { i in
        let (x, y) = (i / 3 % width, i / 3 / width)
        return colours[(x / 16 + y / 12) % 4 * 3 + i % 3] / 2 &+ UInt8(truncatingIfNeeded: x &* y)
          / 2
      })
  }

  private static func convolution(
    _ name: String, _ outputs: Int, of input: String, _ more: String = ""
  ) -> String {
    let kernel = more.contains("kernel") ? "" : #""kernel":1,"#
    return #"""
      {"name":"\#(name)","operation":"convolution","inputs":["\#(input)"],
       "attributes":{\#(kernel)"output_channels":\#(outputs)\#(more)}}
      """#
  }

  private static func model(layers: [String]) throws -> Model {
    try GraphFixture.model(
      #"{"input_channels":3,"stride":2,"layers":[\#(layers.joined(separator: ","))]}"#)
  }

  private static func scores(
    _ model: Model, _ pictures: [Image], _ options: Session.Options, classes: Int = 5
  ) throws -> [Float] {
    let session = try Session(model: model, options: options)
    try session.run(pictures)
    return try pictures.enumerated().flatMap { index, picture in
      let count = classes * picture.width * picture.height
      return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        try session.copyScores(index, to: buffer)
        initialized = count
      }
    }
  }

  private static func calibrated(_ model: Model, _ pictures: [Image]) throws -> Model {
    try model.calibrated(count: pictures.count) { try pictures[$0].withPixelView($1) }
  }

  /// Of each kind of network: with pools, residuals, concatenations, depthwise convolutions.
  @Test(arguments: [
    ("fcn-simple", Float(0.25)), ("fcn-resnet50", 0.25), ("unet-resnet18", 0.25), ("dabnet", 1),
    ("lraspp-mobilenet-v3-large", 0.5),
  ])
  func bytesDifferLittleAndNotWithThreads(_ architecture: String, _ width: Float) throws {
    let model = try Self.model(architecture, width: width)
    let pictures = [try Self.picture(64, 64), try Self.picture(64, 64, seed: 8)]
    let quantized = try Self.calibrated(model, pictures)
    let exact = try Self.scores(model, pictures, .init(threads: 2))
    let one = try Self.scores(quantized, pictures, .init(threads: 1, precision: .int8))
    let range = (exact.max() ?? 0) - (exact.min() ?? 0)
    let error = zip(exact, one).reduce(0) { max($0, abs($1.0 - $1.1)) } / range
    #expect(error > 0 && error < 0.08, "\(architecture): \(error)")
    let three = try Self.scores(quantized, pictures, .init(threads: 3, precision: .int8))
    #expect(one == three)
    let single = try Self.scores(
      quantized, pictures, .init(threads: 2, largestBatch: 1, precision: .int8))
    #expect(one == single)
    let session = try Session(model: quantized, options: .init(precision: .int8))
    #expect(!session.measuresRanges)
    try session.run(pictures)
    #expect(session.steps.contains { $0.form.hasSuffix("_int8") })
  }

  /// Few pixels of many channels are multiplied as they are; what pools them is then a step of its own.
  @Test func poolingIsAStepOfItsOwnWhereThatIsCheaper() throws {
    let model = try Self.model("fcn-simple")
    let session = try Session(model: model, options: .init(precision: .int8))
    try session.run([try Self.picture(64, 64)])
    let steps = session.steps
    let loops = try Loops.chosen()
    if loops.multipliesBytes {
      let form = loops.multipliesTiles ? "shifted" : "unfolded"
      #expect(steps.contains { $0.form == "convolution.\(form)_int8" })
      #expect(steps.contains { $0.form == "max_pool.bytes" })
    }
    // Tiles make more of a layer than its pooling costs.
    if loops.multipliesTiles { return }
    let first = try #require(steps.first { $0.layers.hasSuffix("+ pool1") })
    #expect(first.form == "convolution.winograd4_int8")
  }

  /// What squeeze-and-excite makes of a picture's means is a gate for all its pixels.
  @Test func gatesAreMadeOfFloats() throws {
    let model = try Self.model("lraspp-mobilenet-v3-large", width: 0.5)
    let session = try Session(model: model, options: .init(precision: .int8))
    try session.run([try Self.picture(64, 64), try Self.picture(64, 64, seed: 8)])
    let gates = session.steps.filter { $0.layers.contains(".fc") || $0.layers.contains("scale.1") }
    #expect(gates.count > 10)
    for step in gates { #expect(!step.form.hasSuffix("_int8"), "\(step.layers)") }
    #expect(session.steps.contains { $0.form.hasSuffix("_int8") })
  }

  /// Lines that are repeated for a wide border are copied as bytes, and what follows them reads these.
  @Test func bordersAreRepeatedAsBytes() throws {
    let model = try Self.model("fcn8s", width: 0.25)
    let pictures = [try Self.picture(48, 40), try Self.picture(48, 40, seed: 8)]
    let quantized = try Self.calibrated(model, pictures)
    func scores(_ disabled: Set<String>) throws -> [Float] {
      try Self.scores(
        quantized, pictures, .init(threads: 2, disabledForms: disabled, precision: .int8))
    }
    let (made, whole) = (try scores([]), try scores([BorderReduction.name]))
    let range = (whole.max() ?? 0) - (whole.min() ?? 0)
    for (made, whole) in zip(made, whole) { #expect(abs(made - whole) < 0.02 * range) }
    let session = try Session(model: quantized, options: .init(precision: .int8))
    try session.run(pictures)
    let steps = session.steps
    #expect(steps.contains { $0.form == "repeat_lines.bytes" })
    #expect(!steps.contains { $0.form == "repeat_lines.blocked" })
    for name in ["conv2_1", "conv3_1"] {
      let step = try #require(steps.first { $0.layers.hasPrefix(name) })
      #expect(step.form.hasSuffix("_int8"), "\(name): \(step.form)")
    }
  }

  /// What makes scores may be told by its place alone, and be done with a convolution that is not last.
  @Test(
    arguments: ["sum", "relu", "sigmoid", "clip", "dropout", "concatenation", "two dropouts"],
    [3, 16, 32])
  func scoresAreFloatsWhateverMakesThem(_ ending: String, channels: Int) throws {
    let last = ending == "two dropouts" ? "dropout" : ending
    let settings = ["clip": #""low":0,"high":9"#, "dropout": #""rate":0.5"#][last] ?? ""
    let attributes = #""attributes":{\#(settings)},"#
    let inputs = [
      "sum": #""c","b""#, "concatenation": #""b","c""#, "two dropouts": #""d""#,
    ][ending, default: #""b""#]
    // Of as many channels as fill blocks, bytes are what layers make.
    let classes = last == "concatenation" ? 2 * channels : channels
    var layers = [
      Self.convolution("a", channels, of: "input"), Self.convolution("c", channels, of: "a"),
      Self.convolution("b", channels, of: "c"),
    ]
    if ending == "two dropouts" {
      layers.append(
        #"{"name":"d","operation":"dropout","attributes":{"rate":0.5},"inputs":["b"]}"#)
    }
    layers.append(#"{"name":"z","operation":"\#(last)",\#(attributes)"inputs":[\#(inputs)]}"#)
    let model = try Self.model(layers: layers)
    let pictures = [try Self.picture(40, 24), try Self.picture(40, 24, seed: 8)]
    let quantized = try Self.calibrated(model, pictures)
    let exact = try Self.scores(model, pictures, .init(threads: 2), classes: classes)
    let bytes = try Self.scores(
      quantized, pictures, .init(threads: 2, precision: .int8), classes: classes)
    let range = (exact.max() ?? 0) - (exact.min() ?? 0)
    let error = zip(exact, bytes).reduce(0) { max($0, abs($1.0 - $1.1)) }
    #expect(error < 0.03 * range)
  }

  /// Scores smaller than the picture get a resize of the plan's, which is no layer of the model.
  @Test func networksOfSmallScoresCanBeCalibrated() throws {
    let model = try Self.model(
      layers: [
        Self.convolution("a", 16, of: "input", #","stride":2"#),
        #"{"name":"r","operation":"relu","inputs":["a"]}"#,
        Self.convolution("z", 3, of: "r", #","makes_scores":true"#),
      ])
    let picture = try Self.picture(32, 32)
    let ranges = try #require(try Self.calibrated(model, [picture]).ranges)
    #expect(Set(ranges.layers.keys) == ["a", "r", "z"])
  }

  /// Of values that lie planar none is part of another, for of several pictures none could be.
  @Test func batchesDoNotChangeBitsOfConcatenations() throws {
    let model = try Self.model(
      layers: [
        Self.convolution("a", 16, of: "input"),
        #"{"name":"r","operation":"silu","inputs":["a"]}"#,
        #"{"name":"n","operation":"batch_norm","inputs":["r"]}"#,
        #"{"name":"k","operation":"concatenation","inputs":["r","n"]}"#,
        Self.convolution("d", 32, of: "k", #","kernel":7,"padding":3"#),
        #"{"name":"s","operation":"sum","inputs":["d","k"]}"#,
        Self.convolution("z", 3, of: "s", #","makes_scores":true"#),
      ])
    let pictures = [try Self.picture(40, 24), try Self.picture(40, 24, seed: 8)]
    let quantized = try Self.calibrated(model, pictures)
    for precision in [Precision.float32, .int16, .int8] {
      let alone = try Self.scores(
        quantized, pictures, .init(threads: 2, largestBatch: 1, precision: precision), classes: 3)
      let together = try Self.scores(
        quantized, pictures, .init(threads: 2, largestBatch: 2, precision: precision), classes: 3)
      #expect(alone == together, "\(precision)")
    }
  }

  @Test func channelsThatWereAlwaysZeroTakeNoBits() {
    let scaling = ByteScaling([0...255, 0...0, 0...2.55])
    #expect(scaling.scales[1] == scaling.scales[2])
    #expect(ByteScaling([0...0]).scales[0] > 0)
  }

  @Test func rangesAreMeasuredOnTheFirstPicturesWhereAModelHasNone() throws {
    let model = try Self.model("fcn-simple", width: 0.25)
    let (first, second) = (try Self.picture(64, 64), try Self.picture(80, 48, seed: 9))
    let session = try Session(model: model, options: .init(precision: .int8))
    #expect(session.measuresRanges)
    try session.run([first])
    try session.run([second])
    let found = try session.labelMap(0)
    let quantized = try Session(
      model: try Self.calibrated(model, [first]), options: .init(precision: .int8))
    try quantized.run([second])
    #expect(try quantized.labelMap(0) == found)
    #expect(!(try Session(model: model).measuresRanges))
  }

  @Test func rangesStayInAFile() throws {
    let folder = try TemporaryFolder()
    let model = try Self.calibrated(
      Self.model("fcn-simple", width: 0.1), [try Self.picture(64, 64)])
    let ranges = try #require(model.ranges)
    #expect(ranges.layers["relu1_1"]?.count == 6)
    for type in [nil, ElementType.float16] {
      let path = folder.file("m.safetensors")
      try model.write(to: path, elementType: type)
      let again = try Model(contentsOf: path)
      #expect(again.ranges == ranges)
      #expect(again.parameterCount == model.parameterCount)
    }
  }

  @Test func rangesThatAreNoneAreRefused() throws {
    let model = try Self.model("fcn-simple", width: 0.1)
    func refuses(_ words: String, _ shape: [Int], _ floats: [Float], _ layer: String = "relu1_1") {
      expectError(.corrupt, saying: layer, words) {
        let ranges = try ValueRanges([
          WeightTensor(name: "fcn.range.\(layer)", shape: shape, floats: floats)
        ])
        _ = try Model(
          description: model.description, weights: model.orderedWeights, ranges: ranges)
      }
    }
    let six = [Float](repeating: 0, count: 6)
    refuses("[6]", [6], six)
    refuses("not finite", [2, 6], six + [1, 1, 1, .nan, 1, 1])
    refuses("channel 2 goes from 1.0", [2, 6], [0, 0, 1, 0, 0, 0] + six)
    refuses("4 channels, and it has 6", [2, 4], [Float](repeating: 0, count: 8))
    refuses("no more than", [2, 6], six + [1, 1, 1, 3e38, 1, 1])
    refuses("no such layer", [2, 6], six + six, "nothing")
  }

  @Test func calibrationWithoutPicturesOrWithBrokenWeightsIsRefused() throws {
    let model = try Self.model("fcn-simple", width: 0.1)
    expectError(.invalidArgument, saying: "no pictures") { _ = try Self.calibrated(model, []) }
    let picture = try Self.picture(64, 64)
    var told = 0
    expectError(.aborted, saying: "ranges") {
      _ = try model.calibrated(
        count: 2,
        progress: { _, total in
          told += 1
          return told < total
        }
      ) { try picture.withPixelView($1) }
    }
    #expect(told == 4)
    expectError(.invalidArgument, saying: "batch_norm.folding", "int8") {
      _ = try Session(
        model: model, options: .init(disabledForms: ["batch_norm.folding"], precision: .int8))
    }
  }

  /// Outliers are let go where the others gain by it, and 0 is always a byte.
  @Test func theRangeOfLeastErrorIsTaken() throws {
    let shape = Shape(1, 3, 400, 400)
    let tensor = try Tensor(shape)
    var generator = SeededGenerator(seed: 2)
    for i in 0..<shape.planeCount {
      tensor.plane(0, 0)[i] = abs(generator.normal())
      tensor.plane(0, 1)[i] = Float(i % 7) + 1
      tensor.plane(0, 2)[i] = 0
    }
    tensor.plane(0, 0)[77] = 40
    let ranges = try RangeMeasurement.measure(1, WorkerPool(threads: 2)) { _, measurement in
      try measurement.add("layer", tensor)
    }
    let found = try #require(ranges.layers["layer"])
    #expect(found[0].lowerBound == 0 && found[0].upperBound < 39 && found[0].upperBound > 10)
    #expect(found[1] == 0...7)
    #expect(found[2] == 0...0)
    let scaling = ByteScaling(found)
    #expect(scaling.zeros == [0, 0, 0])
    #expect(scaling.scales.allSatisfy { $0 > 0 })
    #expect(ByteScaling([-1...3, -2...0]).zeros == [64, 255])
  }
}
