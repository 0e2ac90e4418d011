/// NVIDIA's run-time compiler (NVRTC): CUDA C++ in, machine code of one kind of device out.
final class DeviceCompiler: Sendable {
  typealias Status = Int32
  typealias Program = OpaquePointer?

  let library: SharedLibrary
  /// As the library tells it.
  let version: (major: Int32, minor: Int32)
  /// Compute capabilities that it makes machine code for, 80 for 8.0, ascending.
  let architectures: [Int32]

  private let nvrtcGetErrorString: @convention(c) (Status) -> UnsafePointer<CChar>?
  private let nvrtcCreateProgram:
    @convention(c) (
      UnsafeMutablePointer<Program>, UnsafePointer<CChar>, UnsafePointer<CChar>, Int32,
      UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>
    ) -> Status
  private let nvrtcDestroyProgram: @convention(c) (UnsafeMutablePointer<Program>) -> Status
  private let nvrtcCompileProgram:
    @convention(c) (Program, Int32, UnsafePointer<UnsafePointer<CChar>?>) -> Status
  private let nvrtcGetProgramLogSize: GetSize
  private let nvrtcGetProgramLog: GetBytes
  private let nvrtcGetCUBINSize: GetSize
  private let nvrtcGetCUBIN: GetBytes
  private let nvrtcGetPTXSize: GetSize
  private let nvrtcGetPTX: GetBytes

  private typealias GetSize = @convention(c) (Program, UnsafeMutablePointer<Int>) -> Status
  private typealias GetBytes = @convention(c) (Program, UnsafeMutablePointer<CChar>) -> Status

  /// Opens the compiler. Throws `unavailable` where there is none.
  init(_ search: LibrarySearch) throws {
    let library = try SharedLibrary(
      search.candidates(["libnvrtc.so.13", "libnvrtc.so.12"]), having: "nvrtcVersion")
    self.library = library
    nvrtcGetErrorString = try library.function("nvrtcGetErrorString")
    nvrtcCreateProgram = try library.function("nvrtcCreateProgram")
    nvrtcDestroyProgram = try library.function("nvrtcDestroyProgram")
    nvrtcCompileProgram = try library.function("nvrtcCompileProgram")
    nvrtcGetProgramLogSize = try library.function("nvrtcGetProgramLogSize")
    nvrtcGetProgramLog = try library.function("nvrtcGetProgramLog")
    nvrtcGetCUBINSize = try library.function("nvrtcGetCUBINSize")
    nvrtcGetCUBIN = try library.function("nvrtcGetCUBIN")
    nvrtcGetPTXSize = try library.function("nvrtcGetPTXSize")
    nvrtcGetPTX = try library.function("nvrtcGetPTX")

    let nvrtcVersion:
      @convention(c) (UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>) -> Status =
        try library.function("nvrtcVersion")
    var version: (major: Int32, minor: Int32) = (0, 0)
    _ = nvrtcVersion(&version.major, &version.minor)
    self.version = version

    let nvrtcGetNumSupportedArchs: @convention(c) (UnsafeMutablePointer<Int32>) -> Status =
      try library.function("nvrtcGetNumSupportedArchs")
    let nvrtcGetSupportedArchs: @convention(c) (UnsafeMutablePointer<Int32>) -> Status =
      try library.function("nvrtcGetSupportedArchs")
    var count: Int32 = 0
    _ = nvrtcGetNumSupportedArchs(&count)
    var architectures = [Int32](repeating: 0, count: max(1, Int(count)))
    _ = nvrtcGetSupportedArchs(&architectures)
    self.architectures = architectures.filter { $0 > 0 }.sorted()
  }

  /// `12.4` for one.
  var versionText: String { "\(version.major).\(version.minor)" }

  /// What the compiler is asked for, for a device of `capability` (80 for 8.0): its machine code, or,
  /// where the compiler is older than the device, an intermediate form that the driver translates.
  ///
  /// Throws `unavailable` for devices older than the compiler makes code for.
  func target(for capability: Int32) throws -> String {
    if architectures.contains(capability) { return "sm_\(capability)" }
    guard let newest = architectures.last(where: { $0 < capability }) else {
      throw FCNError(
        .unavailable,
        "the device has compute capability \(capability / 10).\(capability % 10), for which "
          + "\(library.name) \(versionText) makes no code; install an older one")
    }
    return "compute_\(newest)"
  }

  /// Compiles `source` for `target`; `headers` are what it may include, by name, `definitions` macros
  /// as NAME=VALUE. Returns an image for the driver to load. Throws `deviceFailure` with the compiler's
  /// words.
  func compile(
    _ source: [UInt8], named name: String, headers: [(name: String, text: [UInt8])],
    definitions: [String], target: String
  ) throws -> [UInt8] {
    var program: Program = nil
    let status = withCStrings(headers.map(\.text)) { texts in
      withCStrings(headers.map { Array($0.name.utf8) }) { names in
        withCStrings([source]) { source -> Status in
          guard let source = source[0] else { return -1 }
          return nvrtcCreateProgram(&program, source, name, Int32(headers.count), texts, names)
        }
      }
    }
    try check(status, "nvrtcCreateProgram", program)
    defer { _ = nvrtcDestroyProgram(&program) }
    let options =
      ["--gpu-architecture=\(target)", "--std=c++17"] + definitions.map { "-D\($0)" }
    let compiled = withCStrings(options.map { Array($0.utf8) }) {
      nvrtcCompileProgram(program, Int32(options.count), $0)
    }
    try check(compiled, "nvrtcCompileProgram of \(name) for \(target)", program)
    return target.hasPrefix("sm_")
      ? try bytes(program, nvrtcGetCUBINSize, nvrtcGetCUBIN)
      : try bytes(program, nvrtcGetPTXSize, nvrtcGetPTX)
  }

  private func bytes(_ program: Program, _ getSize: GetSize, _ get: GetBytes) throws -> [UInt8] {
    var size = 0
    try check(getSize(program, &size), "nvrtcGet…Size", nil)
    var result = [CChar](repeating: 0, count: max(size, 1))
    try check(get(program, &result), "nvrtcGet…", nil)
    return result.prefix(size).map { UInt8(bitPattern: $0) }
  }

  private func check(_ status: Status, _ call: String, _ program: Program) throws {
    guard status != 0 else { return }
    let text = nvrtcGetErrorString(status).map { String(cString: $0) } ?? "error \(status)"
    let log = program == nil ? nil : try? bytes(program, nvrtcGetProgramLogSize, nvrtcGetProgramLog)
    let words = log.map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } ?? ""
    throw FCNError(
      .deviceFailure, "\(call): \(text)" + (words.isEmpty ? "" : "; it said:\n\(words)"))
  }
}

/// Calls `body` with pointers to copies of `strings` that end with a NUL, as C wants them.
private func withCStrings<Result>(
  _ strings: [[UInt8]], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  let copies = strings.map { string -> UnsafeMutablePointer<CChar> in
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: string.count + 1)
    for (i, byte) in string.enumerated() { copy[i] = CChar(bitPattern: byte) }
    copy[string.count] = 0
    return copy
  }
  defer { copies.forEach { $0.deallocate() } }
  let pointers = copies.map { UnsafePointer<CChar>?($0) } + [nil]
  return body(pointers)
}
