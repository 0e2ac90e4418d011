/// What a pickle names: the classes and functions that files of tensors are made with, and others.
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
  /// `_rebuild_from_type_v2`: what another function makes of its arguments, with a class and
  /// attributes.
  case rebuildFromType
  /// `numpy.dtype`.
  case arrayType
  /// `_reconstruct`: a NumPy array, whose contents come later.
  case array
  /// `_frombuffer`: a NumPy array of its bytes.
  case arrayOfBytes
  /// `_codecs.encode`: the bytes that protocols before 3 hold as text.
  case encode
  /// `copy_reg._reconstructor` and `__newobj__`: an object of the class that is its first argument.
  case newObject
  /// Something whose value no tensor needs.
  case inert
  /// A class or function that is not known, by its number in the heap. What it makes is an object that
  /// does nothing.
  case unknown(Int)

  /// The global `name` of `module`, nil where it is not known and harmless.
  ///
  /// Throws `unsupported`, with both, where it could do something, or makes a tensor of a kind that is
  /// not read.
  static func named(_ module: String, _ name: String) throws -> PickleGlobal? {
    if let global = global(module, name) { return global }
    // Whatever else these make could be a tensor, which must not be missing without a word.
    guard module != "torch", !PickleRefusals.contains(module, name) else {
      throw FCNError(
        .unsupported,
        "the pickle asks for \(quoted("\(module).\(name)")), which is not among what tensors need; "
          + "nothing of it was run. Save a state_dict() of tensors and nothing else")
    }
    return nil
  }

  private static func global(_ module: String, _ name: String) -> PickleGlobal? {
    switch module {
    case "torch":
      if name == "Size" { return .size }
      if inertOfTorch.contains(name) { return .inert }
      return storage(name) ?? TorchElement.named(name).map { .type($0) }
    case "torch.storage": return storage(name)
    default: return others["\(module).\(name)"]
    }
  }

  private static let inertOfTorch: Set<String> = [
    "device", "Tensor", "Generator", "strided", "contiguous_format", "channels_last",
    "channels_last_3d", "preserve_format", "finfo", "iinfo", "memory_format", "layout", "dtype",
  ]

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
      "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
      "torch.serialization._get_layout": .inert,
      "_codecs.encode": .encode, "copy_reg._reconstructor": .newObject,
      "copyreg._reconstructor": .newObject, "copy_reg.__newobj__": .newObject,
      "copyreg.__newobj__": .newObject,
      "numpy.dtype": .arrayType, "numpy.ndarray": .inert,
    ]
    for module in ["numpy.core", "numpy._core"] {
      others["\(module).multiarray.scalar"] = .inert
      others["\(module).multiarray._reconstruct"] = .array
      others["\(module).numeric._frombuffer"] = .arrayOfBytes
    }
    // Python 2, and protocol 2 of Python 3, say __builtin__.
    for module in ["builtins", "__builtin__"] {
      for name in [
        "set", "frozenset", "int", "long", "float", "bool", "complex", "str", "bytes", "bytearray",
        "list", "tuple", "dict", "object", "type", "slice", "range", "xrange", "unicode",
      ] {
        others["\(module).\(name)"] = .inert
      }
    }
    return others
  }()
}
