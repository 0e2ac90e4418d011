public import CFCN
import FCNSwift

/// What an fcn_session stands for.
final class SessionObject: HandledObject {
  static var handleName: StaticString { "fcn_session" }
  static var handleMark: UInt64 { 0x6661_7365_7373_6E31 }

  private let session: Session
  private let turnstile = Turnstile()
  private var progress: (callback: fcn_segment_callback, userData: UnsafeMutableRawPointer?)?

  init(_ model: Model, _ params: fcn_session_params) throws {
    session = try Session(
      model: model, options: try params.options(),
      allocator: try params.allocator.map { try Allocator($0) } ?? .system)
    if session.measuresRanges {
      Log.send(
        .info,
        "the model was not calibrated: FCN_PRECISION_INT8 takes the ranges of values from the pictures that "
          + "the session sees first; fcn_model_calibrate takes them from more")
    }
  }

  /// Runs `body` with the session, which no other call uses meanwhile.
  func use<Result>(_ body: (Session) throws -> Result) throws -> Result {
    try turnstile.run("fcn_session") { try body(session) }
  }

  func setProgress(
    _ callback: fcn_segment_callback?, _ userData: UnsafeMutableRawPointer?
  ) throws {
    try turnstile.run("fcn_session") { progress = callback.map { ($0, userData) } }
  }

  /// Lets `supply` hand over pictures to be segmented. The results of the last run go first, whatever
  /// becomes of this one.
  func segment(_ supply: (_ run: ([PixelView]) throws -> Void) throws -> Void) throws {
    try use { session in
      try session.run([PixelView]())
      try supply { try run(session, $0) }
    }
  }

  /// The most pixels that a picture may have.
  var largestPicture: Int { session.largestPicture }

  private func run(_ session: Session, _ pictures: [PixelView]) throws {
    try session.run(pictures, progress: teller())
  }

  /// What tells the host of the progress of a call that begins now; nil where nobody wants to hear.
  private func teller() -> ((Session.Progress) -> Bool)? {
    guard let progress else { return nil }
    let clock = ContinuousClock()
    let start = clock.now
    return { state in
      var report = fcn_segment_progress(state, elapsed: clock.now - start)
      return progress.callback(&report, progress.userData) == 0
    }
  }

  /// Segments a picture in tiles.
  func segment(_ stream: fcn_stream) throws {
    try use { session in
      try session.run([PixelView]())
      try stream.run(session, teller())
    }
  }
}

extension fcn_session_params: GrowingStruct {
  static var name: StaticString { "fcn_session_params" }
  static var firstSize: Int { offset(of: \.backend) }

  static var defaults: fcn_session_params {
    let options = Session.Options()
    var params = fcn_session_params()
    params.threads = Int32(options.threads)
    params.largest_batch = Int32(options.largestBatch)
    return params
  }

  func options() throws -> Session.Options {
    try NumberRange.threads.check(Int(threads), "threads")
    try check(largest_batch, "largest_batch", 1...64)
    let forms = try optionalString(disabled_forms, "disabled_forms") ?? ""
    return Session.Options(
      threads: Int(threads), largestBatch: Int(largest_batch),
      disabledForms: Set(forms.split(separator: ",").map(String.init)),
      precision: try Precision(precision),
      device: try Device(backend: backend, device: device),
      largestPicture: largest_picture == 0
        ? Image.largestPixelCount : Int(clamping: largest_picture),
      largestMemory: largest_memory == 0 ? .max : Int(clamping: largest_memory))
  }
}

extension Precision {
  /// The precision that a constant of the header stands for.
  init(_ precision: Int32) throws {
    self = try choice(
      precision, "precision",
      [
        FCN_PRECISION_FLOAT32: .float32, FCN_PRECISION_INT16: .int16, FCN_PRECISION_TF32: .tf32,
        FCN_PRECISION_FLOAT16: .float16, FCN_PRECISION_BFLOAT16: .bfloat16,
        FCN_PRECISION_INT8: .int8,
      ])
  }
}

extension Device {
  /// The device that a backend of the header and an index stand for.
  init(backend: Int32, device: Int32) throws {
    guard Int(backend) != FCN_BACKEND_CPU || device == 0 else {
      throw FCNError(
        .invalidArgument,
        "device is \(device), but backend is FCN_BACKEND_CPU, whose only device is 0; set backend to "
          + "FCN_BACKEND_CUDA for another")
    }
    self = try choice(
      backend, "backend",
      [FCN_BACKEND_CPU: .processor, FCN_BACKEND_CUDA: .cuda(Int(device))])
  }
}

extension fcn_segment_progress: GrowingStruct {
  static var name: StaticString { "fcn_segment_progress" }

  init(_ state: Session.Progress, elapsed: Duration) {
    self = .sized
    pictures_done = Int32(clamping: state.picturesDone)
    picture_count = Int32(clamping: state.pictureCount)
    fraction = state.fraction
    elapsed_ms = elapsed / .milliseconds(1)
  }
}

@_cdecl("fcn_session_params_init")
public func fcn_session_params_init(
  _ params: UnsafeMutablePointer<fcn_session_params>?, _ struct_size: UInt32
) -> fcn_status {
  attempt { try fcn_session_params.initialize(params, size: struct_size, to: .defaults) }
}

@_cdecl("fcn_session_create")
public func fcn_session_create(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ model: OpaquePointer?,
  _ params: UnsafePointer<fcn_session_params>?
) -> fcn_status {
  attempt {
    try SessionObject.create(out) {
      let model = try ModelObject.from(model).model
      let params = try params.map { try fcn_session_params.read($0, over: .defaults) }
      return try SessionObject(model, params ?? .defaults)
    }
  }
}

@_cdecl("fcn_session_free")
public func fcn_session_free(_ session: OpaquePointer?) { SessionObject.free(session) }

@_cdecl("fcn_session_set_progress")
public func fcn_session_set_progress(
  _ session: OpaquePointer?, _ callback: fcn_segment_callback?,
  _ user_data: UnsafeMutableRawPointer?
) -> fcn_status {
  attempt { try SessionObject.from(session).setProgress(callback, user_data) }
}

@_cdecl("fcn_segment")
public func fcn_segment(
  _ session: OpaquePointer?, _ pictures: UnsafePointer<fcn_pixels>?, _ count: Int32
) -> fcn_status {
  attempt {
    try SessionObject.from(session).segment { run in
      let pictures = try required(pictures, "pictures")
      guard count > 0 else {
        throw FCNError(.invalidArgument, "count is \(count); it must be at least 1")
      }
      try run(try UnsafeBufferPointer(start: pictures, count: Int(count)).enumerated().map(view))
    }
  }
}

/// The view of picture `index`, which errors name.
func view(_ index: Int, _ pixels: fcn_pixels) throws -> PixelView {
  do {
    return try PixelView(pixels)
  } catch let error as FCNError {
    throw FCNError(error.kind, "picture \(index): \(error.message)")
  }
}

@_cdecl("fcn_segment_encoded")
public func fcn_segment_encoded(
  _ session: OpaquePointer?, _ bytes: UnsafeRawPointer?, _ size: Int
) -> fcn_status {
  attempt {
    let session = try SessionObject.from(session)
    try session.segment { run in
      let bytes = try hostBytes(bytes, size: size, "bytes")
      try Image(decoding: bytes, atMost: session.largestPicture).withPixelView { try run([$0]) }
    }
  }
}

@_cdecl("fcn_segment_file")
public func fcn_segment_file(
  _ session: OpaquePointer?, _ path: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    let session = try SessionObject.from(session)
    try session.segment { run in
      let path = try pathString(path, "path")
      try Image(contentsOf: path, atMost: session.largestPicture).withPixelView { try run([$0]) }
    }
  }
}
