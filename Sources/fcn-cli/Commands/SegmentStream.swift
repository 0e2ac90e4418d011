import FCNSwift

/// One call of `fcn segment --raw`: frames in, frames out, one at a time.
final class SegmentStream {
  private let frames: FrameReader
  private let outputs: [(kind: SegmentKind, path: String)]
  private let settings: SegmentSettings
  private let session: Session
  private let isQuiet: Bool
  private var count = 0

  init(_ arguments: Arguments, width: Int, height: Int) throws {
    guard arguments.operands.count == 1, let path = arguments.operands.first else {
      throw UsageError("--raw is for one stream of frames; name one file, or - for standard input")
    }
    if arguments.has(.json) {
      throw UsageError("--json tells of pictures, and a video may have any number; leave it out")
    }
    var settings = try SegmentSettings(arguments)
    outputs = try SegmentKind.allCases.compactMap { kind in
      guard let path = arguments.text(kind.option) else { return nil }
      guard kind.isVideo else {
        throw UsageError(
          "--\(kind.option.name) has no frames; with --raw give "
            + SegmentKind.allCases.filter(\.isVideo).map { "--\($0.option.name)" }
            .joined(separator: ", "))
      }
      try OutputFormat.frames.check(path, of: kind.option)
      return (kind, path)
    }
    guard !outputs.isEmpty else {
      throw UsageError("say what is to be written of the frames: --labels - or --overlay -, say")
    }
    var files = OutputGuard()
    files.reads(path, as: "the video")
    files.reads(model: arguments.text(.model))
    for (kind, path) in outputs { files.writes(path, as: "--\(kind.option.name)") }
    try files.check()
    session = try Subcommand.segmentSession(arguments).session
    try settings.find(session.model)
    self.settings = settings
    frames = try FrameReader(path, width: width, height: height)
    isQuiet = arguments.has(.quiet)
  }

  /// Segments frame after frame. What was made of whole frames is kept where the last one is cut short.
  func segmentAll() throws {
    let start = monotonicSeconds()
    var failure: FCNError?
    try withOpenOutputs(outputs[...], []) { sinks in
      do {
        while let image = try frames.next() { try segment(image, sinks) }
      } catch let error as FCNError where error.kind == .corrupt {
        failure = error
      }
    }
    if let failure { throw failure }
    guard !isQuiet else { return }
    let rate = Double(count) / max(monotonicSeconds() - start, 1e-9)
    Terminal.log("\(counted(count, "frame")), \(rate.rounded(toPlaces: 1)) a second")
  }

  private typealias Sink = (SegmentKind, (_ bytes: [UInt8]) throws -> Void)

  private func segment(_ image: Image, _ sinks: [Sink]) throws {
    try session.run([image]) { _ in !Interrupt.isPending }
    let picture = SegmentedImage(
      image: image, map: try session.labelMap(0), session: session, settings: settings)
    for (kind, write) in sinks { try write(try kind.frame(of: picture)) }
    count += 1
  }

  /// Opens the outputs, one within the other, so that each is whole or not there in the end.
  private func withOpenOutputs(
    _ rest: ArraySlice<(kind: SegmentKind, path: String)>, _ sinks: [Sink],
    _ body: ([Sink]) throws -> Void
  ) throws {
    guard let (kind, path) = rest.first else { return try body(sinks) }
    guard path != "-" else {
      return try withOpenOutputs(
        rest.dropFirst(), sinks + [(kind, { try Terminal.write($0) })], body)
    }
    try File.write(to: path) { append in
      try withOpenOutputs(
        rest.dropFirst(), sinks + [(kind, { bytes in try bytes.withUnsafeBytes(append) })], body)
    }
  }
}
