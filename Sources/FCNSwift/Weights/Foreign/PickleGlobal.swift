/// What a pickle may name: the classes and functions that files of tensors are made with, and
/// nothing else.
///
/// None of them is Python's. They are instructions for `PickleMachine`, and most amount to «nobody
/// needs this value».
enum PickleGlobal: Equatable {
  /// `OrderedDict` and the like: an empty dictionary, or one of pairs.
  case dictionary
  /// `_rebuild_tensor`, `_v2`: a tensor of a storage's own type.
  case rebuildTensor
  /// `_rebuild_tensor_v3`: the type is an argument.
  case rebuildTypedTensor
  /// `_rebuild_parameter`, `Parameter`: the tensor that is its first argument.
  case parameter
  /// `torch.Size`: the tuple that is its argument.
  case size
  /// `FloatStorage` and the like, which only say what a storage holds.
  case storage(TorchElement)
  /// `torch.float16` and the like.
  case type(TorchElement)
  /// Something whose value no tensor needs.
  case inert

  /// The global `name` of `module`.
  ///
  /// Throws `unsupported`, with both, unless it is on the list.
  static func named(_ module: String, _ name: String) throws -> PickleGlobal {
    if let global = global(module, name) { return global }
    throw FCNError(
      .unsupported,
      "the pickle asks for \(quoted("\(module).\(name)")), which is not among what tensors need; "
        + "nothing of it was run. Save a state_dict() of tensors and nothing else")
  }

  private static func global(_ module: String, _ name: String) -> PickleGlobal? {
    switch module {
    case "torch":
      if name == "Size" { return .size }
      if name == "device" { return .inert }
      return storage(name) ?? TorchElement.named(name).map { .type($0) }
    case "torch.storage": return storage(name)
    default: return others["\(module).\(name)"]
    }
  }

  private static func storage(_ name: String) -> PickleGlobal? {
    // Bytes that say nothing of their type; what a tensor makes of them is `rebuildTypedTensor`'s.
    if name == "UntypedStorage" { return .storage(.other(byteCount: 1)) }
    guard name.hasSuffix("Storage") else { return nil }
    return storageElements[String(name.dropLast("Storage".count))].map { .storage($0) }
  }

  private static let storageElements: [String: TorchElement] = [
    "Float": .float(.float32), "Half": .float(.float16), "BFloat16": .float(.bfloat16),
    "Double": .float(.float64), "Long": .other(byteCount: 8), "Int": .other(byteCount: 4),
    "Short": .other(byteCount: 2), "Char": .other(byteCount: 1), "Byte": .other(byteCount: 1),
    "Bool": .other(byteCount: 1), "ComplexFloat": .other(byteCount: 8),
    "ComplexDouble": .other(byteCount: 16),
  ]

  private static let others: [String: PickleGlobal] = {
    var others: [String: PickleGlobal] = [
      "collections.OrderedDict": .dictionary, "collections.defaultdict": .dictionary,
      "torch._utils._rebuild_tensor": .rebuildTensor,
      "torch._utils._rebuild_tensor_v2": .rebuildTensor,
      "torch._utils._rebuild_tensor_v3": .rebuildTypedTensor,
      "torch._utils._rebuild_parameter": .parameter,
      "torch._utils._rebuild_parameter_with_state": .parameter,
      // As the first releases of PyTorch wrote parameters.
      "torch.nn.parameter.Parameter": .parameter,
      // What training scripts keep beside their weights.
      "argparse.Namespace": .inert, "collections.Counter": .inert, "_codecs.encode": .inert,
      "numpy.dtype": .inert, "numpy.ndarray": .inert,
      "numpy.core.multiarray.scalar": .inert, "numpy._core.multiarray.scalar": .inert,
      "numpy.core.multiarray._reconstruct": .inert, "numpy._core.multiarray._reconstruct": .inert,
      "numpy.core.numeric._frombuffer": .inert, "numpy._core.numeric._frombuffer": .inert,
    ]
    // Python 2, and protocol 2 of Python 3, say __builtin__.
    for module in ["builtins", "__builtin__"] {
      for name in [
        "set", "frozenset", "int", "long", "float", "bool", "complex", "str", "bytes", "bytearray",
        "list", "tuple", "dict",
      ] {
        others["\(module).\(name)"] = .inert
      }
    }
    return others
  }()
}
