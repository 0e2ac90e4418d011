import FCNTestSupport
import Testing

@testable import FCNSwift

/// What is wrong with a network in a file is told with the layer, the attribute and what was wanted.
struct NetworkGraphErrorTests {
  /// A network of one wrong layer, `attributes` being what its operation is given.
  private static func text(
    _ operation: String, _ attributes: String, inputs: String = "[\"input\"]"
  ) -> String {
    """
    {"input_channels":3,"stride":1,"layers":[{"name":"odd","operation":"\(operation)",\
    "inputs":\(inputs),"attributes":\(attributes)},\
    {"name":"score","operation":"convolution","inputs":["odd"],\
    "attributes":{"output_channels":2,"kernel":1}}]}
    """
  }

  @Test(
    arguments: [
      ("convolution", #"{"kernel":3}"#, "output_channels is missing; wanted an integer of 1…65536"),
      ("convolution", #"{"output_channels":4}"#, "kernel is missing; wanted 1…4096, or two"),
      ("convolution", #"{"output_channels":0,"kernel":3}"#, "output_channels is 0"),
      ("convolution", #"{"output_channels":65537,"kernel":3}"#, "output_channels is 65537"),
      ("convolution", #"{"output_channels":1.5,"kernel":3}"#, "output_channels is 1.5"),
      ("convolution", #"{"output_channels":"4","kernel":3}"#, "output_channels is \"4\""),
      ("convolution", #"{"output_channels":4,"kernel":0}"#, "kernel is 0; wanted 1…4096"),
      ("convolution", #"{"output_channels":4,"kernel":[3]}"#, "kernel is [3]"),
      ("convolution", #"{"output_channels":4,"kernel":[3,3,3]}"#, "kernel is [3,3,3]"),
      ("convolution", #"{"output_channels":4,"kernel":[3,"3"]}"#, "kernel is an array of 2"),
      ("convolution", #"{"output_channels":4,"kernel":[3,[3]]}"#, "kernel is an array of 2"),
      ("convolution", #"{"output_channels":4,"kernel":4097}"#, "kernel is 4097"),
      ("convolution", #"{"output_channels":4,"kernel":3,"stride":0}"#, "stride is 0"),
      ("convolution", #"{"output_channels":4,"kernel":3,"padding":-1}"#, "padding is -1"),
      ("convolution", #"{"output_channels":4,"kernel":3,"dilation":[1,0]}"#, "dilation is [1,0]"),
      ("convolution", #"{"output_channels":4,"kernel":3,"groups":2}"#, "divide into 2 groups"),
      ("convolution", #"{"output_channels":4,"kernel":3,"bias":1}"#, "bias is 1; wanted true"),
      ("convolution", #"{"output_channels":4,"kernel":3,"makes_scores":null}"#, "makes_scores is"),
      ("transposed_convolution", #"{"output_channels":4,"kernel":1e3000}"#, "beyond the range"),
      ("transposed_convolution", #"{"output_channels":4,"kernel":4,"fixed":0}"#, "fixed is 0"),
      (
        "transposed_convolution", #"{"output_channels":4,"kernel":1,"padding":4096}"#,
        "not positive"
      ),
      ("batch_norm", #"{"epsilon":0}"#, "epsilon is 0; wanted a number above 0"),
      ("batch_norm", #"{"momentum":1.5}"#, "momentum is 1.5; wanted a number of 0…1"),
      ("max_pool", #"{"kernel":2}"#, "stride is missing"),
      ("max_pool", #"{"kernel":2,"stride":2,"padding":2}"#, "at most half its kernel"),
      ("max_pool", #"{"kernel":2,"stride":2,"ceil_mode":"yes"}"#, "ceil_mode is \"yes\""),
      ("dropout", "{}", "rate is missing"),
      ("dropout", #"{"rate":1}"#, "rate is 1; wanted a number of 0 or more, below 1"),
      ("local_response_normalization", #"{"size":4}"#, "size is 4; wanted an odd integer"),
      ("local_response_normalization", #"{"alpha":-1}"#, "alpha is -1"),
      ("local_response_normalization", #"{"bias":0}"#, "bias is 0"),
      ("scale", #"{"factor":1e300}"#, "factor is 1e+300; wanted a number"),
      ("resize", #"{"factor":2,"size":4}"#, "factor and size are both given"),
      ("resize", #"{"size":[0,4]}"#, "size is [0,4]; wanted 1…65536"),
      ("resize", "{}", "takes 2 inputs; found 1"),
      ("crop", #"{"offset":-1}"#, "offset is -1; wanted 0…65536"),
      ("sum", "{}", "takes 2 to 16 inputs; found 1"),
      ("relu", "[]", "attributes is []; wanted an object"),
    ])
  func aWrongAttributeIsNamed(operation: String, attributes: String, reason: String) {
    let isText = reason.contains("beyond the range")
    expectError(.corrupt, saying: isText ? "JSON" : "layer odd", reason) {
      _ = try NetworkGraph(parsing: Self.text(operation, attributes))
    }
  }

  @Test func whatANewerVersionWroteIsSaid() {
    expectError(
      .unsupported, saying: "layer odd", "\"deformable_convolution\" is unknown", "convolution",
      "a newer version"
    ) { _ = try NetworkGraph(parsing: Self.text("deformable_convolution", "{}")) }
    expectError(
      .unsupported, saying: "layer odd: relu: the attribute \"slope\" is unknown",
      "none of this operation"
    ) { _ = try NetworkGraph(parsing: Self.text("relu", #"{"slope":0.1}"#)) }
    expectError(.unsupported, saying: "batch_norm: the attribute \"eps\"", "epsilon, momentum") {
      _ = try NetworkGraph(parsing: Self.text("batch_norm", #"{"eps":0.1}"#))
    }
    // What a plan alone makes is no file's.
    expectError(.unsupported, saying: "\"repeat_lines\" is unknown") {
      _ = try NetworkGraph(parsing: Self.text("repeat_lines", "{}"))
    }
  }

  @Test(
    arguments: [
      ("{", "JSON", FCNError.Kind.corrupt),
      ("[]", "wanted an object of input_channels", .corrupt),
      ("{}", "input_channels is missing", .corrupt),
      (#"{"input_channels":3,"stride":1}"#, "layers is missing", .corrupt),
      (#"{"input_channels":3,"stride":1,"layers":[]}"#, "needs a layer", .corrupt),
      (#"{"input_channels":3,"stride":1,"layers":{}}"#, "layers is an object; wanted", .corrupt),
      (#"{"input_channels":0,"stride":1,"layers":[]}"#, "input_channels is 0", .corrupt),
      (#"{"input_channels":3,"stride":0,"layers":[]}"#, "stride is 0; wanted", .corrupt),
      (#"{"input_channels":3,"stride":1,"layers":[3]}"#, "layer number 1", .corrupt),
      (
        #"{"input_channels":3,"stride":1,"layers":[{"name":"a","operation":"relu"}]}"#,
        "layer number 1: inputs is missing", .corrupt
      ),
      (
        #"{"input_channels":3,"stride":1,"layers":[],"width":2}"#, "\"width\" is unknown",
        .unsupported
      ),
      (
        #"{"input_channels":3,"stride":1,"layers":[],"auxiliary_scores":[]}"#,
        "auxiliary_scores is []", .corrupt
      ),
    ])
  func aWrongWholeIsTold(text: String, reason: String, kind: FCNError.Kind) {
    expectError(kind, saying: reason) { _ = try NetworkGraph(parsing: text) }
  }

  /// The quarter-size network with a part of its text replaced.
  @Test(
    arguments: [
      (#""name":"relu1""#, #""name":"conv1""#, "two layers are named conv1"),
      (#""name":"relu1""#, #""name":"input""#, "two layers are named input"),
      (#""name":"relu1""#, #""name":"a layer""#, "the name \"a layer\" is not one for a layer"),
      (#""name":"relu1""#, #""name":"""#, "is not one for a layer"),
      (#""name":"relu1""#, #""name":7"#, "name is no string"),
      (#""inputs":["bn1"]"#, #""inputs":["nowhere"]"#, "takes nowhere, which no layer"),
      (#""inputs":["bn1"]"#, #""inputs":["relu1"]"#, "takes relu1, which no layer before"),
      (#""inputs":["bn1"]"#, #""inputs":[]"#, "inputs is no array of strings"),
      (#""inputs":["bn1"]"#, #""inputs":[1]"#, "inputs is no array of strings"),
      (#""inputs":["relu2"]"#, #""inputs":["relu1"]"#, "nothing takes what layer relu2 makes"),
      (#"{"aux":0.5}"#, #"{"else":0.5}"#, "no layer else that makes auxiliary scores"),
      (#"{"aux":0.5}"#, #"{"aux":0}"#, "factor on the loss of layer aux is 0"),
      (#"{"aux":0.5}"#, #"{"aux":"0.5"}"#, "\"aux\" is \"0.5\"; wanted a number"),
      (#"{"aux":0.5}"#, #"{"aux":0.5,"score":1}"#, "layer score comes last"),
      (#"{"aux":0.5}"#, #"{"aux":0.5,"relu1":1}"#, "relu1 makes auxiliary scores of 6 classes"),
      (
        #""name":"aux","operation":"convolution","inputs":["relu1"],"#
          + #""attributes":{"output_channels":2,"kernel":1,"makes_scores":true}"#,
        #""name":"aux","operation":"softmax","inputs":["relu1"]"#, "layer aux is a softmax"
      ),
    ])
  func aNetworkThatMakesNoSenseIsCorrupt(part: String, other: String, reason: String) throws {
    #expect(GraphFixture.quarter.contains(part))
    let text = GraphFixture.quarter.replacing(part, with: other)
    expectError(.corrupt, saying: reason) { _ = try NetworkGraph(parsing: text) }
  }

  @Test func namesOfTensorsAreNoLayers() throws {
    for name in ["conv1.weight", "optimizer.momentum.conv1"] {
      let text = GraphFixture.quarter.replacing("\"relu2\"", with: "\"\(name)\"")
      expectError(.corrupt, saying: "the layer's name \(name) is that of a tensor") {
        _ = try NetworkGraph(parsing: text)
      }
    }
  }

  @Test func scoresThatDoNotLieOverThePictureAreRefused() throws {
    let layers = [
      Layer("conv1", Convolution(4, kernel: 5), [Network.inputName]),
      Layer("score", Convolution(2, kernel: 1), ["conv1"]),
    ]
    expectError(
      .unsupported, saying: "layer score makes scores of 4×4 for an input of 8×8 and 12×12"
    ) {
      _ = try NetworkGraph(Network(inputChannels: 3, stride: 1, layers: layers))
    }
  }

  @Test func whatCannotBeWrittenIsSaid() throws {
    func graph(_ operation: any Operation) throws -> NetworkGraph {
      try NetworkGraph(
        Network(
          inputChannels: 3, stride: 1,
          layers: [Layer("odd", operation, [Network.inputName])]))
    }
    let axis = RepeatLines.Axis(first: 1, second: 3, copies: 1)
    expectError(.unsupported, saying: "layer odd", "repeat_lines") {
      _ = try graph(RepeatLines(rows: axis, columns: axis))
    }
    expectError(.invalidArgument, saying: "layer odd", "epsilon is 2") {
      _ = try graph(BatchNorm(epsilon: 2))
    }
    expectError(.invalidArgument, saying: "layer odd", "factor is null") {
      _ = try graph(Scale(by: .infinity))
    }
  }

  @Test func limitsAreTold() throws {
    let chain = (0...4096).map { index in
      Layer("l\(index)", ReLU(), [index == 0 ? Network.inputName : "l\(index - 1)"])
    }
    let network = try Network(inputChannels: 3, stride: 1, layers: chain)
    expectError(.invalidArgument, saying: "4097 layers", "4096") { _ = try NetworkGraph(network) }
    let line = #"{"name":"a","operation":"relu","inputs":["input"]}"#
    let many = [String](repeating: line, count: 4097).joined(separator: ",")
    expectError(.unsupported, saying: "4097 layers; the limit is 4096") {
      _ = try NetworkGraph(
        parsing: #"{"input_channels":3,"stride":1,"layers":[\#(many)]}"#)
    }
    expectError(.unsupported, saying: "bytes of text; the limit is") {
      _ = try NetworkGraph(parsing: String(repeating: " ", count: 5 << 20))
    }
    let wide = [
      Layer("wide", Convolution(65536, kernel: 1), [Network.inputName]),
      Layer("wider", Convolution(65536, kernel: 4095, padding: 2047), ["wide"]),
    ]
    expectError(.unsupported, saying: "up to wider.weight", "parameters; the limit is") {
      _ = try NetworkGraph(Network(inputChannels: 3, stride: 1, layers: wide))
    }
  }
}
