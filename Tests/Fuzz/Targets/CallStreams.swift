import CFCN
import Glibc

/// A picture that is handed over some rows at a time.
private final class StreamState {
  let width: Int
  let bytesPerPixel: Int
  var readRows = 0
  var writtenRows = 0
  var patience = -1

  init(width: Int, bytesPerPixel: Int) { (self.width, self.bytesPerPixel) = (width, bytesPerPixel) }

  func stops() -> Int32 {
    if patience == 0 { return 1 }
    patience -= 1
    return 0
  }

  static func of(_ data: UnsafeMutableRawPointer?) -> StreamState {
    hosts(StreamState.self, data)
  }
}

extension CallState {
  func stream() {
    guard let session = any(sessions.map(\.handle)) else { return }
    let (stream, size) = grown(fcn_stream.self)
    // A smaller one has no room for what is read and written here.
    let isWhole = Int(size) >= MemoryLayout<fcn_stream>.stride
    if isWhole { fill(stream) }
    let state = StreamState(
      width: isWhole ? Int(max(0, stream.pointee.width)) : 0,
      bytesPerPixel: isWhole ? [1: 3, 2: 3, 3: 4, 4: 4, 5: 1][stream.pointee.format] ?? 1 : 1)
    if input.seldom(4) { state.patience = input.number(below: 12) }
    if isWhole { stream.pointee.user_data = Unmanaged.passUnretained(state).toOpaque() }
    let status = withExtendedLifetime(state) {
      fcn_segment_stream(session, input.seldom(32) ? nil : stream)
    }
    if check(status, "fcn_segment_stream"), isWhole {
      require(
        state.writtenRows == Int(stream.pointee.height), "\(state.writtenRows) rows were written")
    }
    var count: Int32 = -1
    check(fcn_result_count(&count, session), "fcn_result_count")
    if let index = sessions.firstIndex(where: { $0.handle == session }) {
      sessions[index].pictures = []
    }
  }

  private func fill(_ stream: UnsafeMutablePointer<fcn_stream>) {
    stream.pointee.format = input.seldom(16) ? input.wild() : Int32(1 + input.number(below: 5))
    stream.pointee.width = Int32(1 + input.number(below: 90))
    stream.pointee.height = Int32(1 + input.number(below: 90))
    if input.seldom(16) { stream.pointee.width = input.one(of: [0, -1, .max, .min]) }
    if input.seldom(16) { stream.pointee.height = input.one(of: [0, -1, .max, .min]) }
    stream.pointee.tile_side = input.one(of: [0, 0, 64, 100, 256, 1, -1, .max, 96])
    stream.pointee.reserved = input.seldom(32) ? 1 : 0
    stream.pointee.memory_limit = input.one(of: [0, 0, 1 << 20, 1 << 24, 1, .max])
    stream.pointee.read_rows = input.seldom(32) ? nil : readRows
    stream.pointee.write_rows = input.seldom(32) ? nil : writeRows
  }

  private var readRows: fcn_read_rows_callback {
    { first, count, pixels, data in
      let state = StreamState.of(data)
      require(Int(first) == state.readRows && count > 0, "rows are asked for out of order")
      state.readRows += Int(count)
      let size = Int(count) * state.width * state.bytesPerPixel
      UnsafeMutableRawBufferPointer(start: pixels, count: size)
        .initializeMemory(as: UInt8.self, repeating: UInt8(first % 251))
      return state.stops()
    }
  }

  private var writeRows: fcn_write_rows_callback {
    { first, count, labels, data in
      let state = StreamState.of(data)
      require(Int(first) == state.writtenRows && count > 0, "rows are written out of order")
      state.writtenRows += Int(count)
      let labels = UnsafeBufferPointer(start: labels, count: Int(count) * state.width)
      require(labels.allSatisfy { $0 < 3 }, "a label that is no class")
      return state.stops()
    }
  }
}
