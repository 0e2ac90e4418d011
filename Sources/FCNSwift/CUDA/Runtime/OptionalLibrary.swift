import Synchronization

/// A library that the engine can do without, looked for when something first asks.
final class OptionalLibrary<Library: Sendable>: Sendable {
  private let open: @Sendable () throws -> Library
  private let found = Mutex<Result<Library, any Error>?>(nil)

  init(_ open: @escaping @Sendable () throws -> Library) { self.open = open }

  /// The library. Throws `unavailable`, the same each time, where there is none.
  func get() throws -> Library {
    try found.withLock { found in
      let result = found ?? Result { try open() }
      found = result
      return try result.get()
    }
  }
}

/// NVIDIA's libraries of ready-made operations, as they were found on this machine.
final class DeviceLibraries: Sendable {
  let cudnn: OptionalLibrary<CUDNN>
  let cublasLt: OptionalLibrary<CUBLASLt>

  init(_ search: LibrarySearch) {
    cudnn = OptionalLibrary { try CUDNN(search) }
    cublasLt = OptionalLibrary { try CUBLASLt(search) }
  }

  /// What was found of each, for people.
  var findings: [CUDA.Finding] {
    [
      finding("cuDNN") { try cudnn.get() },
      finding("cuBLASLt") { try cublasLt.get() },
    ]
  }

  private func finding(_ name: String, _ open: () throws -> any VersionedLibrary) -> CUDA.Finding {
    do {
      let found = try open()
      return CUDA.Finding(
        name: name, description: "\(found.versionText), \(found.library.path)")
    } catch {
      let reason = (error as? FCNError)?.message ?? "\(error)"
      return CUDA.Finding(
        name: name, description: "not found: \(reason); our own kernels are used")
    }
  }
}

/// A library that tells its version.
protocol VersionedLibrary {
  var library: SharedLibrary { get }
  /// `9.28.0` for one.
  var versionText: String { get }
}
