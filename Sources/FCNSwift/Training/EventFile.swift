import Glibc

/// A file of numbers over steps, as TensorBoard reads it: TFRecords, each an `Event` of TensorFlow's
/// protocol buffers.
///
/// TensorBoard follows a file as it grows, so it is appended to, a whole record with each call of the
/// system, and never renamed. A process that is killed leaves whole records, and at worst a part of the
/// last one, which readers pass over. A training that goes on writes a file of its own beside those before
/// it, and says at which step it begins: what came later in them does not count any more.
package final class EventFile {
  /// Where it is.
  package let path: String
  private let descriptor: Int32

  /// Makes a new file in `folder`, which is made too, for numbers after `step`. Throws `inputOutput` with
  /// the system's reason.
  package init(folder: String, from step: Int) throws {
    try File.makeFolder(folder)
    let time = EventFile.now()
    var number = 0
    while true {
      let seconds = String(Int(time))
      let name =
        "events.out.tfevents.\(String(repeating: "0", count: max(0, 10 - seconds.count)))\(seconds)."
        + "fcn.\(getpid()).\(number)"
      let path = "\(folder)/\(name)"
      let descriptor = File.retried {
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
      }
      if descriptor >= 0 {
        (self.path, self.descriptor) = (path, descriptor)
        break
      }
      guard errno == EEXIST, number < 1000 else { throw File.cannotWrite(path) }
      number += 1
    }
    try append(EventFile.version(time: time))
    try append(EventFile.start(step: step, time: time))
  }

  deinit { close(descriptor) }

  /// Appends numbers that were measured after `step`; those that are not finite are left out.
  package func append(_ scalars: [(tag: String, value: Double)], step: Int) throws {
    let finite = scalars.filter { $0.value.isFinite }
    guard !finite.isEmpty else { return }
    try append(EventFile.scalars(finite, step: step, time: EventFile.now()))
  }

  private func append(_ event: ProtobufMessage) throws {
    let record = try EventFile.record(event)
    try record.withUnsafeBytes {
      try File.write($0, descriptor: descriptor, named: path)
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  // MARK: Records

  /// The first event of a file: how it is to be read.
  static func version(time: Double) -> ProtobufMessage {
    var event = ProtobufMessage()
    event.append(1, time)
    event.append(3, "brain.Event:2")
    return event
  }

  /// That a run begins at `step`: what files before it have from there on is not of it.
  static func start(step: Int, time: Double) -> ProtobufMessage {
    var status = ProtobufMessage()
    status.append(1, 1)
    var event = ProtobufMessage()
    event.append(1, time)
    if step != 0 { event.append(2, step) }
    event.append(7, status)
    return event
  }

  /// Numbers at a step.
  static func scalars(
    _ scalars: [(tag: String, value: Double)], step: Int, time: Double
  ) -> ProtobufMessage {
    var summary = ProtobufMessage()
    for (tag, number) in scalars {
      var value = ProtobufMessage()
      value.append(1, tag)
      value.append(2, Float(number))
      summary.append(1, value)
    }
    var event = ProtobufMessage()
    event.append(1, time)
    // As every writer of these files does, what is zero anyway is left out.
    if step != 0 { event.append(2, step) }
    event.append(5, summary)
    return event
  }

  /// An event between its length and checksums.
  static func record(_ event: ProtobufMessage) throws -> [UInt8] {
    var data: [UInt8] = []
    try event.write { data += $0 }
    func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    let length = bytes(UInt64(data.count))
    return length + bytes(CastagnoliChecksum.masked(length)) + data
      + bytes(CastagnoliChecksum.masked(data))
  }
}
