public import CFCN
import FCNSwift

extension fcn_import_params: GrowingStruct {
  static var name: StaticString { "fcn_import_params" }

  /// What the engine takes.
  func options() throws -> ImportOptions {
    var options = ImportOptions()
    options.architecture = try optionalString(architecture, "architecture")
    options.note = try optionalString(note, "note") ?? ""
    if let preprocessing {
      options.preprocessing = try fcn_preprocessing.read(preprocessing, over: fcn_preprocessing())
        .rule()
    }
    guard let class_names else {
      guard class_count == 0 else {
        throw FCNError(.invalidArgument, "class_count is \(class_count) but class_names is NULL")
      }
      return options
    }
    guard (1...Int32(FCN_LARGEST_CLASS_COUNT)).contains(class_count) else {
      throw FCNError(
        .invalidArgument, "class_count is \(class_count); it must be 1…\(FCN_LARGEST_CLASS_COUNT)")
    }
    options.classNames = try (0..<Int(class_count)).map { index in
      try string(class_names[index], "a class name")
    }
    return options
  }
}

@_cdecl("fcn_import_params_init")
public func fcn_import_params_init(
  _ params: UnsafeMutablePointer<fcn_import_params>?, _ struct_size: UInt32
) -> fcn_status {
  attempt {
    try fcn_import_params.initialize(params, size: struct_size, to: fcn_import_params())
  }
}

@_cdecl("fcn_model_import")
public func fcn_model_import(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?,
  _ params: UnsafePointer<fcn_import_params>?
) -> fcn_status {
  attempt {
    try ModelObject.create(out) {
      let path = try pathString(path, "path")
      let options =
        try params.map { try fcn_import_params.read($0, over: fcn_import_params()).options() }
        ?? ImportOptions()
      return try .opened(from: path) {
        switch try Import.read(path, options) {
        case .model(let model): return model
        case .trunk(let trunk):
          throw FCNError(
            .unsupported,
            "\(path): holds a trunk's weights, without class scores, for \(trunk.architecture) to "
              + "start from; train a model with them (fcn_trainer_params.weights)")
        }
      }
    }
  }
}

@_cdecl("fcn_model_save")
public func fcn_model_save(
  _ model: OpaquePointer?, _ path: UnsafePointer<CChar>?, _ elements: Int32
) -> fcn_status {
  attempt {
    let path = try pathString(path, "path")
    try ModelObject.from(model).model.write(
      to: path,
      elementType: try choice(
        elements, "elements", [FCN_ELEMENTS_F32: .float32, FCN_ELEMENTS_F16: .float16]))
  }
}
