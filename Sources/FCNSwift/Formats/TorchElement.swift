/// What a PyTorch tensor or storage is made of.
enum TorchElement: Hashable, Sendable {
  /// Floats that are read.
  case float(ElementType)
  /// Integers and all else, which are passed over: only their size matters.
  case other(byteCount: Int)

  /// Bytes of one element.
  var byteCount: Int {
    switch self {
    case .float(let type): type.byteCount
    case .other(let byteCount): byteCount
    }
  }

  /// The type of PyTorch's `name`, as in `torch.float32`.
  static func named(_ name: String) -> TorchElement? {
    switch name {
    case "float32", "float": .float(.float32)
    case "float16", "half": .float(.float16)
    case "bfloat16": .float(.bfloat16)
    case "float64", "double": .float(.float64)
    case "uint8", "int8", "bool", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
      "float8_e5m2fnuz", "float8_e8m0fnu":
      .other(byteCount: 1)
    case "int16", "short", "uint16": .other(byteCount: 2)
    case "int32", "int", "uint32": .other(byteCount: 4)
    case "int64", "long", "uint64", "complex64", "cfloat": .other(byteCount: 8)
    case "complex128", "cdouble": .other(byteCount: 16)
    default: nil
    }
  }
}
