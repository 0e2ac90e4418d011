import Foundation

/// The fake driver and the fake compiler of Tests/FakeCUDA, built once for this process.
///
/// What it counts and which calls fail is one state for the process, so tests that steer it must not
/// run beside others that use it.
public final class FakeCUDA: @unchecked Sendable {
  /// The libraries, made when somebody first asks.
  public static let shared = Result { try FakeCUDA() }

  /// Where the libraries are.
  public let folder: String
  /// Where they are together with cuDNN and cuBLASLt.
  public var allFolder: String { "\(folder)/all" }
  private let setFailure: @convention(c) (UnsafePointer<CChar>?, Int32, Int32) -> Void
  private let getLiveObjects: @convention(c) () -> Int
  private let getAllocatedBytes: @convention(c) () -> Int
  private let getCallCount: @convention(c) (UnsafePointer<CChar>) -> UInt
  private let clearCounts: @convention(c) () -> Void
  private let getLivePrograms: @convention(c) () -> Int

  /// What the environment tells the libraries at each call.
  public enum Setting: String, CaseIterable, Sendable {
    case devices = "FAKE_CUDA_DEVICES"
    case architecture = "FAKE_CUDA_SM"
    case memory = "FAKE_CUDA_MEMORY"
    case driverVersion = "FAKE_CUDA_DRIVER_VERSION"
    case compilerFails = "FAKE_NVRTC_FAIL"
  }

  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private init() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    let folder = "\(root)/build/fake-cuda"
    self.folder = folder
    try FakeCUDA.run("\(root)/Tests/FakeCUDA/build", folder)
    func open(_ name: String) throws -> UnsafeMutableRawPointer {
      if let library = dlopen("\(folder)/\(name)", RTLD_NOW) { return library }
      throw Failure(description: String(cString: dlerror()))
    }
    func function<Function>(
      _ name: String, of library: UnsafeMutableRawPointer
    ) throws -> Function {
      guard let symbol = dlsym(library, name) else {
        throw Failure(description: "the fake libraries have no function \(name)")
      }
      return unsafeBitCast(symbol, to: Function.self)
    }
    let driver = try open("libcuda.so.1")
    setFailure = try function("fake_cuda_fail", of: driver)
    getLiveObjects = try function("fake_cuda_live_objects", of: driver)
    getAllocatedBytes = try function("fake_cuda_allocated_bytes", of: driver)
    getCallCount = try function("fake_cuda_call_count", of: driver)
    clearCounts = try function("fake_cuda_reset_counts", of: driver)
    getLivePrograms = try function("fake_nvrtc_live_programs", of: open("libnvrtc.so.12"))
    // Present from now on, so that later changes leave the table of the environment, which other
    // threads may be reading, where it is.
    for setting in Setting.allCases where getenv(setting.rawValue) == nil {
      setenv(setting.rawValue, "", 1)
    }
  }

  private static func run(_ command: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: command[0])
    process.arguments = Array(command.dropFirst())
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let errors = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(command.joined(separator: " ")): \(errors)")
    }
  }

  /// The environment of a process that is to find the libraries, and none of the settings that are
  /// in force here.
  public var environment: [String: String] {
    Setting.allCases.reduce(into: ["FCN_CUDA_LIBRARIES": folder, "FCN_KERNEL_CACHE": ""]) {
      $0[$1.rawValue] = ""
    }
  }

  /// Of the calls of `call` that follow, the `nth` returns `result` and does nothing.
  public func fail(_ call: String, nth: Int = 1, result: Int32) {
    setFailure(call, Int32(nth), result)
  }

  /// Calls off every failure that was ordered.
  public func failNothing() { setFailure(nil, 0, 0) }

  /// Contexts, blocks of memory, streams, modules and graphs.
  public var liveObjectCount: Int { getLiveObjects() }

  /// Bytes of device memory.
  public var allocatedByteCount: Int { getAllocatedBytes() }

  /// Calls of `call` since the last `resetCounts`, those that failed among them.
  public func callCount(_ call: String) -> Int { Int(getCallCount(call)) }

  /// Programs that the compiler holds.
  public var liveProgramCount: Int { getLivePrograms() }

  /// Begins to count anew.
  public func resetCounts() { clearCounts() }

  /// Runs `body` with `setting` at `value`.
  public func with<Result>(
    _ setting: Setting, _ value: String, _ body: () throws -> Result
  ) rethrows -> Result {
    let old = getenv(setting.rawValue).map { String(cString: $0) } ?? ""
    setenv(setting.rawValue, value, 1)
    defer { setenv(setting.rawValue, old, 1) }
    return try body()
  }
}
