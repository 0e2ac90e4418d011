public import CFCN
import FCNSwift
import Synchronization

/// What an fcn_model stands for: the model, and its strings in the form in which C borrows them.
final class ModelObject: HandledObject {
  static var handleName: StaticString { "fcn_model" }
  static var handleMark: UInt64 { 0x6661_6D6F_6465_6C31 }

  let model: Model
  /// What fcn_model_get_info tells.
  let info: fcn_model_info
  /// What fcn_model_get_import_info tells.
  let importInfo: fcn_import_info
  private let strings = CStrings()
  private let classNames: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>
  private let palette: UnsafeMutableBufferPointer<UInt8>
  private let importNames: UnsafeMutableBufferPointer<UnsafePointer<CChar>?>
  /// Held by who makes `graph`: threads share models.
  private let graphLock = Mutex<Void>(())
  private var graph: UnsafePointer<CChar>?

  init(_ model: Model, report: ImportReport? = nil) throws {
    self.model = model
    let description = model.description
    let strings = strings
    let classes = try description.classNames.map { try strings.add($0) }
    classNames = .allocate(capacity: classes.count)
    _ = classNames.initialize(fromContentsOf: classes.map { $0 })
    let colours = description.palette.flatMap { [$0.red, $0.green, $0.blue] }
    palette = .allocate(capacity: colours.count)
    _ = palette.initialize(fromContentsOf: colours)
    let (leftOut, filledIn) = (report?.leftOut ?? [], report?.filledIn ?? [])
    importNames = .allocate(capacity: leftOut.count + filledIn.count)
    _ = importNames.initialize(
      fromContentsOf: try (leftOut + filledIn).map { try strings.add($0) })
    let names = UnsafePointer(importNames.baseAddress)
    importInfo = fcn_import_info(
      struct_size: 0, left_out_count: Int32(clamping: leftOut.count),
      left_out: leftOut.isEmpty ? nil : names,
      filled_in: filledIn.isEmpty ? nil : names.map { $0 + leftOut.count },
      filled_in_count: Int32(clamping: filledIn.count),
      preprocessing_assumed: report?.preprocessingIsAssumed == true ? 1 : 0,
      normalised_range: report?.normalisedRange ?? 0)
    info = fcn_model_info(
      struct_size: 0, class_count: Int32(classes.count),
      class_names: UnsafePointer(classNames.baseAddress),
      palette: UnsafePointer(palette.baseAddress),
      architecture: try strings.add(description.architecture),
      note: try strings.add(description.note), parameter_count: Int64(model.parameterCount),
      width: description.options.width, batch_norm: model.hasBatchNorm ? 1 : 0,
      calibrated: model.ranges == nil ? 0 : 1, reserved: 0)
  }

  deinit {
    classNames.deallocate()
    palette.deallocate()
    importNames.deallocate()
  }

  /// The network as readable JSON, made when somebody first asks for it.
  func graphText() throws -> UnsafePointer<CChar> {
    try graphLock.withLock { _ in
      if graph == nil { graph = try strings.add(NetworkGraph(model.network).readableText) }
    }
    // From here on it stays.
    guard let graph else { throw FCNError(.internalDefect, "a model's graph was not made") }
    return graph
  }

  /// Opens with `open`, logs what was opened from `place`.
  static func opened(
    from place: String, report: ImportReport? = nil, _ open: () throws -> Model
  ) throws -> ModelObject {
    let object = try ModelObject(try open(), report: report)
    let description = object.model.description
    Log.send(
      .info,
      "opened \(place): \(description.architecture), \(description.classNames.count) classes, "
        + "\(object.model.parameterCount) parameters")
    return object
  }
}

extension fcn_model_info: GrowingStruct {
  static var name: StaticString { "fcn_model_info" }
  static var firstSize: Int { offset(of: \.calibrated) }
}

@_cdecl("fcn_model_open")
public func fcn_model_open(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    try ModelObject.create(out) {
      let path = try pathString(path, "path")
      return try .opened(from: path) { try Model(contentsOf: path) }
    }
  }
}

@_cdecl("fcn_model_open_default")
public func fcn_model_open_default(_ out: UnsafeMutablePointer<OpaquePointer?>?) -> fcn_status {
  attempt {
    try ModelObject.create(out) {
      let path = try DefaultModel.path()
      return try .opened(from: path) { try Model(contentsOf: path) }
    }
  }
}

@_cdecl("fcn_model_open_memory")
public func fcn_model_open_memory(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafeRawPointer?, _ size: Int
) -> fcn_status {
  attempt {
    try ModelObject.create(out) {
      let bytes = try hostBytes(bytes, size: size, "bytes")
      return try .opened(from: "\(size) bytes") { try Model(copying: bytes) }
    }
  }
}

@_cdecl("fcn_model_open_borrowed")
public func fcn_model_open_borrowed(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafeRawPointer?, _ size: Int,
  _ release: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
  _ user_data: UnsafeMutableRawPointer?
) -> fcn_status {
  attempt {
    let loan = Loan(release: release, userData: user_data)
    try ModelObject.create(out) {
      let bytes = try hostBytes(bytes, size: size, "bytes")
      return try .opened(from: "\(size) bytes") { try Model(borrowing: bytes, owner: loan) }
    }
    loan.isTaken = true
  }
}

@_cdecl("fcn_model_open_reader")
public func fcn_model_open_reader(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ read: fcn_read_callback?,
  _ user_data: UnsafeMutableRawPointer?
) -> fcn_status {
  attempt {
    try ModelObject.create(out) {
      guard let read else { throw FCNError(.invalidArgument, "read is NULL") }
      let file = try FileFromReader(read, user_data)
      return try .opened(from: "\(file.bytes.count) bytes from a reader") {
        try Model(borrowing: file.bytes, owner: file)
      }
    }
  }
}

@_cdecl("fcn_model_free")
public func fcn_model_free(_ model: OpaquePointer?) { ModelObject.free(model) }

@_cdecl("fcn_model_get_info")
public func fcn_model_get_info(
  _ out: UnsafeMutablePointer<fcn_model_info>?, _ model: OpaquePointer?
) -> fcn_status {
  attempt { try ModelObject.from(model).info.fill(out) }
}

@_cdecl("fcn_model_check")
public func fcn_model_check(_ model: OpaquePointer?) -> fcn_status {
  attempt { try ModelObject.from(model).model.checkFinite() }
}

@_cdecl("fcn_model_get_graph")
public func fcn_model_get_graph(
  _ json: UnsafeMutablePointer<UnsafePointer<CChar>?>?, _ model: OpaquePointer?
) -> fcn_status {
  attempt {
    let json = try required(json, "json")
    json.pointee = nil
    json.pointee = try ModelObject.from(model).graphText()
  }
}
