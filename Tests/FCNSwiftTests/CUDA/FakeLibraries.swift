import FCNTestSupport
import Foundation
import Glibc
import Synchronization

@testable import FCNSwift

/// The fakes of NVIDIA's libraries in Tests/FakeCUDA, built once for this process, and what steers
/// them. They are one for all tests, so those that steer them run one after the other.
enum FakeLibraries {
  private static let folder: Result<TemporaryFolder, any Error> = Result {
    let folder = try TemporaryFolder()
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let process = Process()
    process.executableURL = tests.appendingPathComponent("FakeCUDA/build")
    process.arguments = [folder.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw FCNError(.internalDefect, "FakeCUDA/build failed")
    }
    return folder
  }

  private static let parts = Mutex<[TemporaryFolder]>([])

  /// The libraries, of which some are left out.
  static func runtime(without missing: Set<String> = []) throws -> CUDARuntime {
    let whole = try folder.get()
    let part = try TemporaryFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: whole.path)
    where !missing.contains(name) {
      try FileManager.default.createSymbolicLink(
        atPath: part.file(name), withDestinationPath: whole.file(name))
    }
    // The compiler works in the folder that it was opened from.
    parts.withLock { $0.append(part) }
    return try CUDARuntime(
      LibrarySearch(folder: part.path, looksElsewhere: false), kernelCache: whole.file("kernels"))
  }

  enum Library: String {
    case driver = "libcuda.so.1"
    case cudnn = "libcudnn.so.9"
    case cublasLt = "libcublasLt.so.12"

    fileprivate var prefix: String {
      switch self {
      case .driver: "fake_cuda"
      case .cudnn: "fake_cudnn"
      case .cublasLt: "fake_cublaslt"
      }
    }

    fileprivate func function<Function>(_ name: String, as type: Function.Type) throws -> Function {
      let handle = try dlopen(FakeLibraries.folder.get().file(rawValue), RTLD_NOW)
      guard let symbol = dlsym(handle, "\(prefix)_\(name)") else {
        throw FCNError(.internalDefect, "no function \(prefix)_\(name)")
      }
      return unsafeBitCast(symbol, to: type)
    }

    /// Of the calls of `call` that follow, the nth fails.
    func fail(_ call: String, _ nth: Int32 = 1, with status: Int32) throws {
      try function("fail", as: (@convention(c) (UnsafePointer<CChar>?, Int32, Int32) -> Void).self)(
        call, nth, status)
    }

    func failNoMore() throws {
      try function("fail", as: (@convention(c) (UnsafePointer<CChar>?, Int32, Int32) -> Void).self)(
        nil, 0, 0)
    }

    /// How often `call` was called.
    func count(_ call: String) throws -> Int {
      Int(
        try function("call_count", as: (@convention(c) (UnsafePointer<CChar>) -> UInt).self)(call))
    }

    var liveObjectCount: Int {
      get throws { try function("live_objects", as: (@convention(c) () -> Int).self)() }
    }

    /// How often an engine or algorithm has computed.
    func runs(_ index: Int32) throws -> Int {
      Int(try function("runs", as: (@convention(c) (Int32) -> UInt).self)(index))
    }
  }
}
