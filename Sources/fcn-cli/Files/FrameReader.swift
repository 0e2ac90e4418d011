import FCNSwift
import Glibc

/// Video without a format: RGB frames of one size, one after another.
final class FrameReader {
  private let name: String
  private let width: Int
  private let height: Int
  private let frameLength: Int
  private let descriptor: Int32
  private var count = 0

  /// Opens `path`, a file or a pipe, or standard input for `-`. Throws for a size that no picture has.
  init(_ path: String, width: Int, height: Int) throws {
    (self.width, self.height) = (width, height)
    // Checks the size, before anything waits for a frame.
    frameLength = try Image(width: width, height: height).pixels.count
    name = path == "-" ? "standard input" : path
    descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw FCNError(
        errno == ENOENT ? .notFound : .inputOutput,
        "\(path): cannot be opened: \(String(cString: strerror(errno)))")
    }
  }

  deinit { if descriptor > STDIN_FILENO { close(descriptor) } }

  /// The next frame; nil where the stream ends between two. Throws `corrupt` where it ends within one, or
  /// holds none, `aborted` where a signal wants the work to stop.
  func next() throws -> Image? {
    try requireMemory(frameLength)
    var length = 0
    let bytes = try [UInt8](unsafeUninitializedCapacity: frameLength) { buffer, initialized in
      while length < frameLength {
        let taken = try read(buffer.baseAddress.map { $0 + length }, frameLength - length)
        guard taken > 0 else { break }
        length += taken
      }
      initialized = length
    }
    guard length == frameLength else {
      guard length > 0 || count == 0 else { return nil }
      throw FCNError(
        .corrupt,
        (length == 0
          ? "\(name): it is empty; "
          : "\(name): it ends within frame \(count + 1), after "
            + "\(length) of its bytes; ")
          + "frames of \(width)×\(height) pixels were wanted, \(frameLength) bytes each, red, green and "
          + "blue (rgb24)"
          + (count > 0 ? "; \(counted(count, "whole frame")) came before it" : ""))
    }
    count += 1
    return try Image(width: width, height: height, pixels: bytes)
  }

  /// Reads some bytes; 0 at the end. Looks up now and then whether somebody wants the work to stop.
  private func read(_ target: UnsafeMutablePointer<UInt8>?, _ most: Int) throws -> Int {
    var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      guard !Interrupt.isPending else {
        throw FCNError(.aborted, "stopped after \(counted(count, "frame"))")
      }
      guard poll(&waited, 1, 200) > 0 else { continue }
      let taken = Glibc.read(descriptor, target, most)
      if taken >= 0 { return taken }
      guard errno == EINTR || errno == EAGAIN else {
        throw FCNError(
          .inputOutput, "\(name): cannot be read: \(String(cString: strerror(errno)))")
      }
    }
  }
}
