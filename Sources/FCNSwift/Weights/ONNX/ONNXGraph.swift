/// A GraphProto that is being put together: nodes in execution order, and the constants that they
/// take. Values are known by name, every name once.
///
/// Field numbers are those of `onnx.proto`; comments give their names.
struct ONNXGraph {
  /// The graph's one input: 1…N×channels×height×width.
  static let input = "input"
  /// The graph's one output: 1…N×classes×height×width.
  static let output = "scores"
  /// The value that is the input, padded.
  static let padding = "padding"

  /// The version of ONNX's operators that is written, one that runtimes have known since 2022.
  private static let operatorSet = 17
  /// The version of the file format that came with it.
  private static let formatVersion = 8

  /// TensorProto's numbers for element types.
  private enum DataType {
    static let float32 = 1
    static let int64 = 7
  }

  private var nodes = ProtobufMessage()
  private var initializers = ProtobufMessage()
  /// The values that hold the height and width of others.
  private var sizes: [String: String] = [:]
  /// The values that are places of maxima, integers counted over the whole of what was pooled, and the
  /// windows of their pools.
  private(set) var places: [String: Window] = [:]

  /// A graph without nodes.
  init() {}

  /// Adds a node called `name` and returns the name of its one output, which is the same.
  mutating func add(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [ONNXAttribute] = []
  ) -> String {
    addNode(type, name, inputs, more: [], attributes)
    return name
  }

  /// Adds a pool called `name` with a second output, the places of its maxima.
  mutating func addPool(
    _ name: String, places: String, of window: Window, _ inputs: [String],
    _ attributes: [ONNXAttribute]
  ) {
    addNode("MaxPool", name, inputs, more: [places], attributes)
    self.places[places] = window
  }

  /// Adds a node called `name`, as its first output is; `more` are the others.
  private mutating func addNode(
    _ type: String, _ name: String, _ inputs: [String], more: [String],
    _ attributes: [ONNXAttribute]
  ) {
    // NodeProto: input, output, name, op_type, attribute.
    var node = ProtobufMessage()
    for input in inputs { node.append(1, input) }
    for output in [name] + more { node.append(2, output) }
    node.append(3, name)
    node.append(4, type)
    for attribute in attributes { node.append(5, attribute.message) }
    nodes.append(1, node)
  }

  /// Adds integers called `name`, a list unless other extents are given, and returns the name.
  mutating func constant(_ name: String, _ values: [Int], extents: [Int]? = nil) -> String {
    // TensorProto: dims, data_type, name, raw_data.
    var tensor = ProtobufMessage()
    for extent in extents ?? [values.count] { tensor.append(1, extent) }
    tensor.append(2, DataType.int64)
    tensor.append(8, name)
    tensor.append(9, bytesOf: values)
    initializers.append(5, tensor)
    return name
  }

  /// Adds weights under their own name and returns that. They are borrowed, not copied.
  mutating func constant(_ weights: WeightTensor) -> String {
    var tensor = ProtobufMessage()
    for extent in weights.shape { tensor.append(1, extent) }
    tensor.append(2, DataType.float32)
    tensor.append(8, weights.name)
    tensor.append(9, bytesOf: weights)
    initializers.append(5, tensor)
    return weights.name
  }

  /// The value that holds height and width of the pictures in `value`.
  mutating func size(of value: String) -> String {
    if let known = sizes[value] { return known }
    let size = add("Shape", "\(value)/size", [value], [.integer("start", 2), .integer("end", 4)])
    sizes[value] = size
    return size
  }

  /// Adds nodes that take of `value` the part that has `size`, a value, from `offset` on.
  mutating func crop(
    _ value: String, _ name: String, to size: String, offset: Extent
  ) -> String {
    let first = constant("\(name)/first", [offset.h, offset.w])
    let end = offset == 0 ? size : add("Add", "\(name)/end", [size, first])
    let axes = constant("\(name)/axes", [2, 3])
    return add("Slice", name, [value, first, end, axes])
  }

  /// The ModelProto with this graph, `channels` into it and `classes` out of it; pictures may have
  /// any number and, unless it is given, any size.
  func file(
    named name: String, channels: Int, classes: Int, size: Extent? = nil, documentation: String,
    metadata: [String: String]
  ) -> ProtobufMessage {
    // OperatorSetIdProto: domain, version.
    var operators = ProtobufMessage()
    operators.append(1, "")
    operators.append(2, Self.operatorSet)
    // ModelProto: ir_version, producer_name, doc_string, graph, opset_import, metadata_props.
    var model = ProtobufMessage()
    model.append(1, Self.formatVersion)
    model.append(2, "FCNSwift")
    model.append(6, documentation)
    model.append(7, message(name, channels: channels, classes: classes, size))
    model.append(8, operators)
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      var property = ProtobufMessage()
      property.append(1, key)
      property.append(2, value)
      model.append(14, property)
    }
    return model
  }

  /// The GraphProto.
  private func message(
    _ name: String, channels: Int, classes: Int, _ size: Extent?
  ) -> ProtobufMessage {
    // GraphProto: node, name, initializer, input, output.
    var graph = nodes
    graph.append(2, name)
    graph.append(initializers)
    graph.append(11, Self.pictures(Self.input, channels: channels, size))
    graph.append(12, Self.pictures(Self.output, channels: classes, size))
    return graph
  }

  /// A ValueInfoProto: float32 of batch×`channels`×height×width.
  private static func pictures(
    _ name: String, channels: Int, _ size: Extent?
  ) -> ProtobufMessage {
    // TensorShapeProto.dim: dim_value, dim_param.
    var shape = ProtobufMessage()
    for (name, extent) in [
      ("batch", nil), ("channels", channels), ("height", size?.h), ("width", size?.w),
    ] {
      var dimension = ProtobufMessage()
      if let extent { dimension.append(1, extent) } else { dimension.append(2, name) }
      shape.append(1, dimension)
    }
    // TypeProto.tensor_type: elem_type, shape.
    var tensor = ProtobufMessage()
    tensor.append(1, DataType.float32)
    tensor.append(2, shape)
    var type = ProtobufMessage()
    type.append(1, tensor)
    var value = ProtobufMessage()
    value.append(1, name)
    value.append(2, type)
    return value
  }
}

/// A setting of a node.
enum ONNXAttribute {
  case integer(String, Int)
  case integers(String, [Int])
  case float(String, Float)
  case text(String, String)

  /// The AttributeProto: name, f, i, s, ints, type.
  fileprivate var message: ProtobufMessage {
    var message = ProtobufMessage()
    switch self {
    case .integer(let name, let value):
      message.append(1, name)
      message.append(3, value)
      message.append(20, 2)
    case .integers(let name, let values):
      message.append(1, name)
      for value in values { message.append(8, value) }
      message.append(20, 7)
    case .float(let name, let value):
      message.append(1, name)
      message.append(2, value)
      message.append(20, 1)
    case .text(let name, let value):
      message.append(1, name)
      message.append(4, value)
      message.append(20, 3)
    }
    return message
  }
}
