/// The input of a graph that pictures go into.
struct ONNXInput {
  let name: String
  let channels: Int
  /// Height and width, where the graph fixes them.
  let size: Extent?
  /// Whether it is N×H×W×C, as TensorFlow's networks have it.
  let isChannelsLast: Bool
  /// Whether it is bytes, of which the graph makes floats.
  let takesBytes: Bool

  init(_ file: ONNXModelFile) throws {
    // What an exporter took out of a graph may still be listed.
    let read = Set(file.nodes.flatMap(\.inputs))
    let inputs = file.inputs.filter { read.contains($0.name) || file.inputs.count == 1 }
    guard inputs.count == 1, let input = inputs.first else {
      throw FCNError(
        .unsupported,
        "the graph has \(file.inputs.count) inputs ("
          + listed(file.inputs.map { quoted($0.name) }) + "); wanted one, which pictures go into")
    }
    name = input.name
    // float32, uint8, float16, float64, bfloat16, or not said.
    guard [0, 1, 2, 10, 11, 16].contains(input.kind) else {
      throw FCNError(
        .unsupported,
        "the graph's input \(quoted(name)) has values of type \(input.kind); wanted floats, or bytes: export "
          + "the network without what makes them of other integers")
    }
    takesBytes = input.kind == 2
    guard !takesBytes || Self.becomesFloats(name, file) else {
      throw FCNError(
        .unsupported,
        "the graph computes with the bytes of its input \(quoted(name)); wanted a Cast to floats before that"
      )
    }
    let extents = input.extents ?? [nil, nil, nil, nil]
    guard extents.count == 4 else {
      throw FCNError(
        .unsupported,
        "the graph's input \(quoted(name)) has \(extents.count) axes; wanted N×C×H×W")
    }
    if let pictures = extents[0], pictures != 1 {
      throw FCNError(
        .unsupported,
        "the graph takes \(pictures) pictures at once and no other number; export it for one, or with an "
          + "open first axis")
    }
    let reader = Self.reader(of: name, file)
    isChannelsLast = Self.isChannelsLast(extents, reader)
    let axes = isChannelsLast ? [3, 1, 2] : [1, 2, 3]
    guard let channels = extents[axes[0]] ?? Self.channels(wantedBy: reader, file) else {
      throw FCNError(
        .unsupported,
        "the graph does not say how many channels its input \(quoted(name)) has; export it with an input "
          + "of a fixed number of channels")
    }
    guard OperationLimits.channels.contains(channels) else {
      throw FCNError(
        .unsupported,
        "the graph's input \(quoted(name)) has \(channels) channels; pictures have 3 colours, or 1 as grey "
          + "values")
    }
    self.channels = channels
    switch (extents[axes[1]], extents[axes[2]]) {
    case (let h?, let w?): size = Extent(h, w)
    case (nil, nil): size = nil
    // One side is open: the other serves for both.
    case (let h?, nil): size = Extent(h, h)
    case (nil, let w?): size = Extent(w, w)
    }
  }

  /// Whether the bytes `name` are made floats before anything is computed of them.
  private static func becomesFloats(_ name: String, _ file: ONNXModelFile) -> Bool {
    var bytes: Set<String> = [name]
    for node in file.orderedNodes(for: file.outputs.map(\.name))
    where !bytes.isDisjoint(with: node.inputs) {
      switch node.operation {
      case "Shape": break
      case "Cast":
        guard let kind = try? node.integer("to", else: 0), [1, 10, 11, 16].contains(kind) else {
          return false
        }
      case "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze": bytes.formUnion(node.outputs)
      default: return false
      }
    }
    return true
  }

  /// Operations after which a value has the axes that it had before.
  private static let keepingAxes: Set<String> = [
    "Add", "Cast", "Clip", "Concat", "Div", "Dropout", "Identity", "Mul", "Pad", "Slice", "Split",
    "Sub",
  ]

  /// The first node on the way from the input `name` that may do something else with its axes.
  private static func reader(of name: String, _ file: ONNXModelFile) -> ONNXNode? {
    var reached: Set<String> = [name]
    for node in file.orderedNodes(for: file.outputs.map(\.name))
    where !reached.isDisjoint(with: node.inputs) && node.operation != "Shape" {
      guard keepingAxes.contains(node.operation) else { return node }
      reached.formUnion(node.outputs)
    }
    return nil
  }

  /// TensorFlow's networks move the channels to where ONNX's convolutions want them; where there is one, a
  /// reshape does.
  private static func isChannelsLast(_ extents: [Int?], _ reader: ONNXNode?) -> Bool {
    switch reader?.operation {
    case "Transpose": (try? reader?.integers("perm")) == [0, 3, 1, 2]
    case "Reshape", "Unsqueeze", "Squeeze": extents[3] == 1 && extents[1] != 1
    default: false
    }
  }

  /// As many as `reader`, a convolution, wants.
  private static func channels(wantedBy reader: ONNXNode?, _ file: ONNXModelFile) -> Int? {
    guard let reader, reader.operation == "Conv", reader.inputs.count > 1,
      let extents = file.constants[reader.inputs[1]]?.extents,
      extents.count == 4, let groups = try? reader.integer("group", else: 1), groups == 1
    else { return nil }
    return extents[1]
  }
}
