public import CFCN
import FCNSwift

extension fcn_stream: GrowingStruct {
  static var name: StaticString { "fcn_stream" }

  /// Segments it with `session`.
  func run(_ session: Session, _ progress: ((Session.Progress) -> Bool)?) throws {
    guard let read_rows, let write_rows else {
      throw FCNError(
        .invalidArgument,
        "\(read_rows == nil ? "read_rows" : "write_rows") of fcn_stream is NULL; both must be set")
    }
    guard tile_side >= 0, reserved == 0 else {
      throw FCNError(
        .invalidArgument,
        "tile_side of fcn_stream is \(tile_side) and reserved \(reserved); tile_side must be 0 or more, "
          + "reserved 0")
    }
    let user = user_data
    try session.run(
      width: Int(width), height: Int(height), format: try PixelView.Format(code: format),
      tiles: Session.TileOptions(side: Int(tile_side), memory: Int(clamping: memory_limit)),
      read: { rows, pixels in
        guard
          read_rows(Int32(rows.lowerBound), Int32(rows.count), pixels.baseAddress, user) == 0
        else {
          throw FCNError(.aborted, "read_rows gave up at row \(rows.lowerBound)")
        }
      },
      write: { rows, labels in
        guard
          write_rows(Int32(rows.lowerBound), Int32(rows.count), labels.baseAddress, user) == 0
        else {
          throw FCNError(.aborted, "write_rows gave up at row \(rows.lowerBound)")
        }
      },
      progress: progress)
  }
}

@_cdecl("fcn_segment_stream")
public func fcn_segment_stream(
  _ session: OpaquePointer?, _ stream: UnsafePointer<fcn_stream>?
) -> fcn_status {
  attempt {
    let session = try SessionObject.from(session)
    guard let stream else { throw FCNError(.invalidArgument, "the fcn_stream is NULL") }
    try session.segment(try fcn_stream.read(stream, over: fcn_stream()))
  }
}
