/// The input of a graph that pictures go into.
struct ONNXInput {
  let name: String
  let channels: Int
  /// Height and width, where the graph fixes them.
  let size: Extent?
  /// Whether it is N×H×W×C, as TensorFlow's networks have it.
  let isChannelsLast: Bool

  init(_ file: ONNXModelFile) throws {
    guard file.inputs.count == 1, let input = file.inputs.first else {
      throw FCNError(
        .unsupported,
        "the graph has \(file.inputs.count) inputs ("
          + listed(file.inputs.map { quoted($0.name) }) + "); wanted one, which pictures go into")
    }
    name = input.name
    // float32, float16, float64, bfloat16, or not said.
    guard [0, 1, 10, 11, 16].contains(input.kind) else {
      throw FCNError(
        .unsupported,
        "the graph's input \(quoted(name)) takes integers (type \(input.kind)); wanted floats: export the "
          + "network without what makes them of bytes")
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
    isChannelsLast =
      [1, 3, 4].contains(extents[3] ?? 0) && !([1, 3, 4].contains(extents[1] ?? 0))
      && file.nodes.contains { $0.operation == "Transpose" && $0.inputs.first == input.name }
    let axes = isChannelsLast ? [3, 1, 2] : [1, 2, 3]
    guard let channels = extents[axes[0]] ?? Self.channels(of: input.name, file) else {
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

  /// As many as the convolution that reads the input wants.
  private static func channels(of name: String, _ file: ONNXModelFile) -> Int? {
    let reader = file.nodes.first { $0.operation == "Conv" && $0.inputs.first == name }
    guard let reader, reader.inputs.count > 1,
      let extents = file.constants[reader.inputs[1]]?.extents,
      extents.count == 4, let groups = try? reader.integer("group", else: 1), groups == 1
    else { return nil }
    return extents[1]
  }
}
