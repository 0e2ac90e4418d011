public import CFCN
import FCNSwift

extension fcn_import_params: GrowingStruct {
  static var name: StaticString { "fcn_import_params" }
  static var firstSize: Int { offset(of: \.renames) }

  /// What the engine takes.
  func options() throws -> ImportOptions {
    var options = ImportOptions()
    options.architecture = try optionalString(architecture, "architecture")
    options.note = try optionalString(note, "note") ?? ""
    if let preprocessing {
      options.preprocessing = try fcn_preprocessing.read(preprocessing, over: fcn_preprocessing())
        .rule()
    }
    options.renamings = try renamings()
    options.output = try optionalString(graph_output, "graph_output")
    if longest_list != 0 {
      guard (1...1_000_000).contains(longest_list) else {
        throw FCNError(
          .invalidArgument, "longest_list is \(longest_list); it must be 0, or 1…1000000")
      }
      options.longestList = Int(longest_list)
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
    let names = try (0..<Int(class_count)).map { index in
      try string(class_names[index], "a class name")
    }
    do {
      options.classNames = try ClassList(names: names).names
    } catch let error as FCNError {
      throw FCNError(.invalidArgument, "class_names: \(error.message)")
    }
    return options
  }
}

extension fcn_import_params {
  private func renamings() throws -> [Renaming] {
    guard (0...1024).contains(rename_count) else {
      throw FCNError(.invalidArgument, "rename_count is \(rename_count); it must be 0…1024")
    }
    guard let renames else {
      guard rename_count == 0 else {
        throw FCNError(.invalidArgument, "rename_count is \(rename_count) but renames is NULL")
      }
      return []
    }
    return try (0..<Int(rename_count)).map { try Renaming(string(renames[$0], "a renaming")) }
  }
}

extension fcn_import_info: GrowingStruct {
  static var name: StaticString { "fcn_import_info" }
}

@_cdecl("fcn_model_get_import_info")
public func fcn_model_get_import_info(
  _ out: UnsafeMutablePointer<fcn_import_info>?, _ model: OpaquePointer?
) -> fcn_status {
  attempt { try ModelObject.from(model).importInfo.fill(out) }
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
      let result = try Import.identify(path, options)
      let report = result.report
      if !report.leftOut.isEmpty {
        Log.send(
          report.leftOutLayers.isEmpty ? .info : .warning,
          "\(path): \(report.leftOut.count) tensors left out, \(report.leftOut[0]) for one")
      }
      if !report.ending.isEmpty {
        Log.send(.info, "\(path): left out at the end: \(report.ending.joined(separator: ", "))")
      }
      if let first = report.otherOutputs.first {
        Log.send(
          .info, "\(path): scores are the output \(report.output); \(first) for one is left out")
      }
      if !report.assumed.isEmpty {
        Log.send(
          .info,
          "\(path): taken to be as usual, since weights do not tell: "
            + report.assumed.joined(separator: "; "))
      }
      if let first = report.filledIn.first {
        Log.send(
          .warning,
          "\(path): \(report.filledIn.count) tensors are not there and were made bilinear, "
            + "\(first) for one")
      }
      return try .opened(from: path, report: report) {
        switch result.found {
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
