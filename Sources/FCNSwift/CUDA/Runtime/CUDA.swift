import Synchronization

/// What this process knows of CUDA. Libraries are looked for once, when something first asks.
public enum CUDA {
  /// A library or a device: what it is, and what was found of it.
  public struct Finding: Sendable, Hashable {
    /// `driver`, `compiler`, `cuDNN`, `cuBLASLt`, `device 0`.
    public let name: String
    /// Version and file, or the device's name and size.
    public let description: String
  }

  /// What was found on this machine.
  public struct Report: Sendable {
    /// Whether sessions can run on a device.
    public var isAvailable: Bool { problem == nil }
    /// What is missing; nil where nothing is.
    public let problem: String?
    /// In the order in which they are needed.
    public let findings: [Finding]
    /// Devices that the driver has.
    public let deviceCount: Int

    /// One line for people.
    public var summary: String {
      problem ?? findings.map { "\($0.name): \($0.description)" }.joined(separator: "; ")
    }
  }

  /// The environment variable that names a folder to look for libraries in first.
  public static let librariesVariable = "FCN_CUDA_LIBRARIES"
  /// The environment variable that names the folder where compiled kernels may be kept.
  public static let cacheVariable = "FCN_KERNEL_CACHE"

  private struct Folders: Sendable {
    var libraries: String?
    var kernelCache: String?
    /// Whether they have been looked into.
    var areUsed = false
  }

  private static let folders = Mutex(Folders())

  /// Names a folder where NVIDIA's libraries are looked for before all others, and one where kernels,
  /// once compiled, are kept for later processes (nowhere unless somebody names it); nil leaves it to
  /// the environment variables `FCN_CUDA_LIBRARIES` and `FCN_KERNEL_CACHE`.
  ///
  /// Throws `invalidState` once CUDA has been asked for.
  public static func configure(libraries: String?, kernelCache: String?) throws {
    try folders.withLock { folders in
      guard !folders.areUsed else {
        throw FCNError(
          .invalidState,
          "CUDA's libraries have been looked for already; name folders before the first session or "
            + "report")
      }
      (folders.libraries, folders.kernelCache) = (libraries, kernelCache)
    }
  }

  /// What can be used here.
  public static var report: Report {
    do {
      let runtime = try runtime()
      let compiler = runtime.compiler
      return Report(
        problem: nil,
        findings: [
          Finding(
            name: "driver",
            description: "CUDA \(runtime.driver.versionText), \(runtime.driver.library.path)"),
          Finding(
            name: "compiler",
            description: "NVRTC \(compiler.versionText), \(compiler.library.path)"),
        ]
          + runtime.libraries.findings
          + runtime.devices.map { Finding(name: "device \($0.index)", description: $0.text) },
        deviceCount: runtime.devices.count)
    } catch let error as FCNError {
      return Report(problem: error.message, findings: [], deviceCount: 0)
    } catch {
      return Report(problem: "\(error)", findings: [], deviceCount: 0)
    }
  }

  /// The libraries; throws `unavailable` where one is missing.
  static func runtime() throws -> CUDARuntime { try found.get() }

  private static let found: Result<CUDARuntime, any Error> = {
    let (libraries, cache) = folders.withLock { folders in
      folders.areUsed = true
      return (
        folders.libraries ?? environmentVariable(librariesVariable),
        folders.kernelCache ?? environmentVariable(cacheVariable)
      )
    }
    return Result { try CUDARuntime(LibrarySearch(folder: libraries), kernelCache: cache) }
  }()
}
