import CFCN
import Glibc

/// What a host holds between its calls.
final class CallState {
  /// A session, and what is known of its results.
  struct Session {
    let handle: OpaquePointer
    /// Which of `CallFixtures.models`; nil where that cannot be told.
    let model: Int?
    /// What labels depend on beside model and picture; nil where they depend on more.
    let precision: Int32?
    let callback: CallbackState
    /// Pictures of the last run, as far as they have results.
    var pictures: [CallPicture] = []
  }

  struct Model {
    let handle: OpaquePointer
    let fixture: Int?
  }

  var input: CallInput
  var images: [OpaquePointer] = []
  var models: [Model] = []
  var sessions: [Session] = []
  /// Kept until everything is freed.
  var kept: [UnsafeMutableRawPointer] = []

  init(_ input: CallInput) { self.input = input }

  func run() {
    var count = 0
    while !input.isEmpty, count < 48 {
      count += 1
      switch input.number(below: 16) {
      case 0: about()
      case 1: makeImage()
      case 2: useImage()
      case 3, 4: openModel()
      case 5: askModel()
      case 6, 7: createSession()
      case 8, 9, 10: segment()
      case 11: results()
      case 12: stream()
      case 13: draw()
      case 14: calibrateOrImport()
      default: input.seldom(4) ? train() : free()
      }
    }
    for image in images { fcn_image_free(image) }
    // Sessions outlive their models.
    for model in models { fcn_model_free(model.handle) }
    for session in sessions { end(session) }
    for block in kept { Glibc.free(block) }
  }

  /// Frees something that lives, or nothing.
  private func free() {
    switch input.number(below: 4) {
    case 0: if let handle = take(&images) { fcn_image_free(handle) }
    case 1: if let model = take(&models) { fcn_model_free(model.handle) }
    case 2: if let session = take(&sessions) { end(session) }
    default:
      fcn_image_free(nil)
      fcn_model_free(nil)
      fcn_session_free(nil)
      fcn_trainer_free(nil)
    }
  }

  private func end(_ session: Session) {
    fcn_session_free(session.handle)
    session.callback.release()
  }

  private func take<Element>(_ elements: inout [Element]) -> Element? {
    elements.isEmpty ? nil : elements.remove(at: input.number(below: elements.count))
  }

  /// A live handle; now and then NULL.
  func any(_ handles: [OpaquePointer]) -> OpaquePointer? {
    handles.isEmpty || input.seldom(32) ? nil : input.one(of: handles)
  }

  /// Text in memory of its own, of exactly its size; now and then NULL.
  func text(_ choices: [String]) -> UnsafePointer<CChar>? {
    if input.seldom(16) { return nil }
    if input.seldom(16) { return keep([0xC3, 0x28, 0xFF, 0]) }
    if input.seldom(16) { return keep([UInt8](repeating: 97, count: 5000) + [0]) }
    return keep(Array(input.one(of: choices).utf8) + [0])
  }

  private func keep(_ bytes: [UInt8]) -> UnsafePointer<CChar>? {
    UnsafePointer(block(of: bytes).assumingMemoryBound(to: CChar.self))
  }

  /// A copy of `bytes` in memory of exactly their size.
  func block(of bytes: [UInt8]) -> UnsafeMutableRawPointer {
    let block = memory(bytes.count)
    UnsafeMutableRawBufferPointer(start: block, count: bytes.count).copyBytes(from: bytes)
    return block
  }

  /// Memory of exactly `size` bytes, so that a byte beyond it is noticed.
  func memory(_ size: Int) -> UnsafeMutableRawPointer {
    guard let block = malloc(max(1, size)) else { fatalError("no memory") }
    memset(block, 0xA5, max(1, size))
    kept.append(block)
    return block
  }

  /// A struct in memory of exactly the size that it says, and that size.
  func grown<Struct>(_ type: Struct.Type) -> (UnsafeMutablePointer<Struct>, UInt32) {
    let size = MemoryLayout<Struct>.stride
    let sizes = [size + 4, size + 64, size - 1, size - 8, 4, 0, 1 << 16]
    let chosen = input.seldom(4) ? input.one(of: sizes) : size
    // The room for the words that say it is always there.
    let block = memory(max(chosen, 8))
    block.storeBytes(of: UInt32(chosen), as: UInt32.self)
    return (block.assumingMemoryBound(to: Struct.self), UInt32(chosen))
  }

  // MARK: Promises

  /// Holds `status` against what the header says of every call.
  @discardableResult func check(_ status: fcn_status, _ what: StaticString) -> Bool {
    require((-14...0).contains(status), "\(what): the status is \(status)")
    guard status != 0 else { return true }
    let message = fcn_last_error_message().map { String(cString: $0) } ?? ""
    require(status != -12, "\(what): a defect: \(message)")
    require(!message.isEmpty, "\(what): status \(status) without a message")
    return false
  }

  /// What a call makes; now and then it has no place to put it.
  func made(
    _ what: StaticString, _ call: (UnsafeMutablePointer<OpaquePointer?>?) -> fcn_status
  ) -> OpaquePointer? {
    if input.seldom(64) {
      require(!check(call(nil), what), "\(what): something is made that nobody gets")
      return nil
    }
    // What stood there must not stay.
    var out = OpaquePointer(bitPattern: 0xDEAD)
    let isGood = check(call(&out), what)
    require(isGood == (out != nil), "\(what): out is \(String(describing: out))")
    return out
  }

  private func about() {
    _ = fcn_status_string(input.wild())
    _ = fcn_about(input.wild())
    let (info, _) = grown(fcn_backend_info.self)
    check(fcn_backend_get_info(info, input.wild()), "fcn_backend_get_info")
    let (rule, _) = grown(fcn_preprocessing.self)
    let name = text(["torchvision", "caffe", "grey", "unit", "", "x"])
    check(fcn_preprocessing_named(rule, name), "fcn_preprocessing_named")
    check(
      fcn_log_set(
        input.wild(),
        input.seldom(3)
          ? nil
          : { _, message, _ in
            require(message != nil, "a message that is NULL")
          }, nil), "fcn_log_set")
  }
}

extension FuzzTarget {
  /// Calls of the C interface, as the header allows them: which, in which order, with which values.
  static let calls = FuzzTarget(name: "calls") { CallState(CallInput($0)).run() }
}
