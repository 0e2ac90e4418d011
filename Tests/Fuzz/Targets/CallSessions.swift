import CFCN
import Glibc
import Synchronization

/// The object that a callback's `user_data` is.
func hosts<Object: AnyObject>(_ type: Object.Type, _ data: UnsafeMutableRawPointer?) -> Object {
  guard let data else { fatalError("a callback without its user_data") }
  return Unmanaged<Object>.fromOpaque(data).takeUnretainedValue()
}

/// What a callback does: goes on, stops, or makes calls of its own.
final class CallbackState {
  let isCalled: Bool
  /// Calls until it stops; −1 for never.
  private var patience: Int
  private let callsBack: Bool
  /// The session whose call is running.
  var session: OpaquePointer?

  init(_ input: inout CallInput) {
    isCalled = input.seldom(2)
    patience = input.seldom(4) ? input.number(below: 20) : -1
    callsBack = input.seldom(3)
  }

  private lazy var reference = Unmanaged.passRetained(self)
  var pointer: UnsafeMutableRawPointer { reference.toOpaque() }
  func release() {
    _ = pointer
    reference.release()
  }

  static let progress: fcn_segment_callback = { progress, data in
    let state = hosts(CallbackState.self, data)
    let fraction = progress?.pointee.fraction ?? -1
    require((0...1).contains(fraction), "\(fraction) of the work is done")
    return state.called()
  }

  /// What the callback returns.
  func called() -> Int32 {
    if callsBack, let session {
      var count: Int32 = 0
      require(fcn_result_count(&count, session) == -11, "a call on a session that runs is answered")
      require(fcn_segment_file(session, "/x") == -11, "a session that runs runs again")
      var image: OpaquePointer?
      require(fcn_image_decode(&image, "x", 1) != 0 && image == nil, "\"x\" is a picture")
    }
    guard patience != 0 else { return 1 }
    patience -= 1
    return 0
  }
}

/// The host's own allocator: it counts its blocks, and gives none at some point.
final class CallAllocator: Sendable {
  private let state: Mutex<(patience: Int, blocks: Int)>

  init(patience: Int) { state = Mutex((patience, 0)) }

  var liveBlocks: Int { state.withLock { $0.blocks } }

  func allocate(_ size: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
    require(
      size > 0 && alignment.nonzeroBitCount == 1, "\(size) bytes at \(alignment) are asked for")
    let mayHave = state.withLock { state in
      if state.patience == 0 { return false }
      state.patience -= 1
      state.blocks += 1
      return true
    }
    var block: UnsafeMutableRawPointer?
    guard mayHave, posix_memalign(&block, max(alignment, 8), size) == 0, let block else {
      return nil
    }
    memset(block, 0xFF, size)
    return block
  }

  func release(_ block: UnsafeMutableRawPointer?) {
    state.withLock { $0.blocks -= 1 }
    free(block)
  }
}

extension CallState {
  /// Allocators live as long as the process: blocks may outlive their session.
  nonisolated(unsafe) private static var allocators: [CallAllocator] = []

  func createSession() {
    let index = models.isEmpty ? nil : Int?.some(input.number(below: models.count))
    let model = index.map { models[$0] }
    let (params, size) = grown(fcn_session_params.self)
    guard check(fcn_session_params_init(params, size), "fcn_session_params_init") else { return }
    var precision: Int32? = 0
    let isWhole = Int(size) >= MemoryLayout<fcn_session_params>.stride
    let usesParams = !input.seldom(16)
    if isWhole, usesParams {
      params.pointee.threads =
        input.seldom(8)
        ? input.one(of: [-1, 1025, .max, .min]) : 1 + Int32(input.number(below: 2))
      if input.seldom(4) { params.pointee.largest_batch = input.one(of: [0, 1, 2, 3, 64, 65, -1]) }
      params.pointee.precision = input.seldom(8) ? input.wild() : input.one(of: [0, 0, 1, 5])
      precision = params.pointee.precision
      if input.seldom(8) {
        params.pointee.disabled_forms = text([
          "convolution.winograd6", "batch_norm.folding", "", ",",
          "convolution.winograd4,convolution.winograd6", "border.reduction,concatenation.joining",
          "none",
        ])
        precision = nil
      }
      if input.seldom(16) { params.pointee.backend = input.wild() }
      if input.seldom(16) { params.pointee.device = input.wild() }
      if input.seldom(2) { params.pointee.allocator = UnsafePointer(allocator()) }
    }
    let modelHandle = input.seldom(32) ? nil : model?.handle
    let session = made("fcn_session_create") {
      fcn_session_create($0, modelHandle, usesParams ? params : nil)
    }
    guard let handle = session else { return }
    let callback = CallbackState(&input)
    callback.session = handle
    check(
      fcn_session_set_progress(
        handle, callback.isCalled ? CallbackState.progress : nil, callback.pointer),
      "fcn_session_set_progress")
    // Ranges that a session measures depend on its first pictures.
    let isRepeatable = precision != 5 || model?.fixture == 1
    sessions.append(
      Session(
        handle: handle, model: model?.fixture, precision: isRepeatable ? precision : nil,
        callback: callback))
  }

  private func allocator() -> UnsafeMutablePointer<fcn_allocator> {
    let (allocator, size) = grown(fcn_allocator.self)
    guard Int(size) >= MemoryLayout<fcn_allocator>.stride else { return allocator }
    let state = CallAllocator(patience: input.seldom(3) ? input.number(below: 40) : -1)
    Self.allocators.append(state)
    allocator.pointee.allocate = { size, alignment, data in
      hosts(CallAllocator.self, data).allocate(size, alignment)
    }
    allocator.pointee.release = { block, _, data in
      hosts(CallAllocator.self, data).release(block)
    }
    allocator.pointee.user_data = Unmanaged.passUnretained(state).toOpaque()
    if input.seldom(16) { allocator.pointee.allocate = nil }
    if input.seldom(16) { allocator.pointee.release = nil }
    return allocator
  }

  // MARK: Segmenting

  func segment() {
    guard !sessions.isEmpty else { return }
    let index = input.number(below: sessions.count)
    let session = sessions[index].handle
    sessions[index].pictures = []
    let status: fcn_status
    var pictures: [CallPicture] = []
    switch input.number(below: 8) {
    case 0:
      status = fcn_segment_file(
        session, text([CallFixtures.picturePath, "/nowhere", "", "/dev/null"]))
    case 1:
      let bytes = CallFixtures.pictures[input.number(below: 2)]
      let size = input.seldom(4) ? input.number(below: bytes.count) : bytes.count
      status = bytes.withUnsafeBytes { fcn_segment_encoded(session, $0.baseAddress, size) }
    default:
      pictures = (0..<1 + input.number(below: 4)).map { _ in picture() }
      if input.seldom(2), pictures.count > 1 { pictures[1] = pictures[0] }
      let count = input.seldom(16) ? input.one(of: [0, -1, .min]) : Int32(pictures.count)
      let pixels = pictures.map(\.pixels)
      status = fcn_segment(session, input.seldom(32) ? nil : pixels, count)
    }
    let isGood = check(status, "a segmentation")
    var count: Int32 = -1
    check(fcn_result_count(&count, session), "fcn_result_count")
    require(isGood == (count > 0), "status \(status), and \(count) results")
    guard isGood, !pictures.isEmpty else { return }
    require(Int(count) == pictures.count, "\(count) results of \(pictures.count) pictures")
    sessions[index].pictures = pictures
    compareLabels(sessions[index])
  }

  private struct Asked: Hashable {
    let model: Int
    let precision: Int32
    let picture: CallPicture
  }

  nonisolated(unsafe) private static var known: [Asked: [UInt8]] = [:]

  /// The same picture, model and precision make the same labels, whatever has happened before.
  private func compareLabels(_ session: Session) {
    for (index, picture) in session.pictures.enumerated() {
      let count = Int(picture.width) * Int(picture.height)
      let buffer = memory(count).assumingMemoryBound(to: UInt8.self)
      let status = fcn_result_labels(buffer, count, nil, session.handle, Int32(index))
      guard check(status, "fcn_result_labels"), let model = session.model,
        let precision = session.precision
      else { continue }
      let labels = Array(UnsafeBufferPointer(start: buffer, count: count))
      require(labels.allSatisfy { $0 < 3 }, "a label that is no class")
      let asked = Asked(model: model, precision: precision, picture: picture)
      if Self.known.count > 20_000 { Self.known = [:] }
      let other = Self.known.updateValue(labels, forKey: asked)
      require(
        other == nil || other == labels,
        "model \(model), precision \(precision), \(picture.width)×\(picture.height): labels differ")
    }
  }

  func results() {
    let handles = sessions.map(\.handle)
    guard let session = any(handles) else { return }
    let index = input.seldom(4) ? input.wild() : Int32(input.number(below: 3))
    var (width, height): (Int32, Int32) = (0, 0)
    let hasSize = check(fcn_result_size(&width, &height, session, index), "fcn_result_size")
    let pixels = Int(width) * Int(height)
    func ask<Element>(
      _ type: Element.Type, _ wanted: Int,
      _ call: (UnsafeMutablePointer<Element>?, Int, UnsafeMutablePointer<Int>?) -> fcn_status
    ) {
      var needed = -7
      let isKnown = check(call(nil, 0, &needed), "a result's size")
      require(isKnown == hasSize, "one result is there, another is not")
      if isKnown { require(needed == wanted, "\(needed) elements are needed; \(wanted) are there") }
      let room = input.seldom(2) ? wanted : max(0, wanted - 1 - input.number(below: 3))
      let buffer = memory(room * MemoryLayout<Element>.stride).assumingMemoryBound(to: type)
      let isGood = check(
        input.seldom(2) ? call(buffer, room, nil) : call(buffer, room, &needed), "a result")
      require(!isGood || room >= wanted, "a result in too small a buffer")
      let bytes = UnsafeRawBufferPointer(
        start: buffer, count: isGood ? 0 : room * MemoryLayout<Element>.stride)
      require(bytes.allSatisfy { $0 == 0xA5 }, "a call that failed wrote to the buffer")
    }
    ask(UInt8.self, pixels) { fcn_result_labels($0, $1, $2, session, index) }
    let (info, classes) = (3, 3 * pixels)
    ask(Float.self, classes) { fcn_result_scores($0, $1, $2, session, index) }
    ask(Float.self, classes) { fcn_result_probabilities($0, $1, $2, session, index) }
    ask(Int64.self, info) { fcn_result_areas($0, $1, $2, session, index) }
  }
}
