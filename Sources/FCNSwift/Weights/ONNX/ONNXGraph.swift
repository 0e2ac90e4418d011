/// A GraphProto that is being put together: nodes in execution order, and the constants that they
/// take. Values are known by name, every name once.
struct ONNXGraph {
  /// The graph's one input: 1…N×channels×height×width.
  static let input = "input"
  /// The graph's one output: 1…N×classes×height×width.
  static let output = "scores"

  /// Fields of GraphProto and of the messages in it.
  private enum Field {
    static let node = 1
    static let name = 2
    static let initializer = 5
    static let input = 11
    static let output = 12
  }

  /// TensorProto's numbers for element types.
  private enum DataType {
    static let float32 = 1
    static let int64 = 7
  }

  private var nodes = ProtobufMessage()
  private var initializers = ProtobufMessage()
  /// The values that hold the height and width of others.
  private var sizes: [String: String] = [:]

  /// A graph without nodes.
  init() {}

  /// Adds a node called `name` and returns the name of its one output, which is the same.
  mutating func add(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [ONNXAttribute] = []
  ) -> String {
    var node = ProtobufMessage()
    for input in inputs { node.append(1, input) }
    node.append(2, name)
    node.append(3, name)
    node.append(4, type)
    for attribute in attributes { node.append(5, attribute.message) }
    nodes.append(Field.node, node)
    return name
  }

  /// Adds a list of integers called `name` and returns the name.
  mutating func constant(_ name: String, _ values: [Int]) -> String {
    var tensor = ProtobufMessage()
    tensor.append(1, values.count)
    tensor.append(2, DataType.int64)
    tensor.append(8, name)
    tensor.append(9, bytesOf: values)
    initializers.append(Field.initializer, tensor)
    return name
  }

  /// Adds weights under their own name and returns that. They are borrowed, not copied.
  mutating func constant(_ weights: WeightTensor) -> String {
    var tensor = ProtobufMessage()
    for extent in weights.shape { tensor.append(1, extent) }
    tensor.append(2, DataType.float32)
    tensor.append(8, weights.name)
    tensor.append(9, bytesOf: weights)
    initializers.append(Field.initializer, tensor)
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

  /// The GraphProto, called `name`, with `channels` into it and `classes` out of it; pictures may
  /// have any size and number.
  func message(_ name: String, channels: Int, classes: Int) -> ProtobufMessage {
    var graph = nodes
    graph.append(Field.name, name)
    graph.append(initializers)
    graph.append(Field.input, Self.pictures(Self.input, channels: channels))
    graph.append(Field.output, Self.pictures(Self.output, channels: classes))
    return graph
  }

  /// A ValueInfoProto: float32 of batch×`channels`×height×width.
  private static func pictures(_ name: String, channels: Int) -> ProtobufMessage {
    var shape = ProtobufMessage()
    for extent in ["batch", nil, "height", "width"] {
      var dimension = ProtobufMessage()
      if let extent { dimension.append(2, extent) } else { dimension.append(1, channels) }
      shape.append(1, dimension)
    }
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

  /// The AttributeProto.
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
