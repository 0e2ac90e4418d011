import FCNTestSupport
import Glibc

@testable import FCNSwift

/// The fakes of cuDNN and cuBLASLt beside those of the driver and the compiler, and what steers them.
enum FakeLibraries {
  /// Libraries that were found anew, all of them.
  static func makeRuntime() throws -> CUDARuntime {
    try CUDARuntime(
      LibrarySearch(folder: try FakeDevice.fake().allFolder, looksElsewhere: false),
      kernelCache: nil)
  }

  enum Library: String, Sendable {
    case cudnn = "libcudnn.so.9"
    case cublasLt = "libcublasLt.so.12"

    fileprivate var prefix: String {
      switch self {
      case .cudnn: "fake_cudnn"
      case .cublasLt: "fake_cublaslt"
      }
    }

    fileprivate func function<Function>(_ name: String, as type: Function.Type) throws -> Function {
      let handle = try dlopen("\(FakeDevice.fake().allFolder)/\(rawValue)", RTLD_NOW)
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
