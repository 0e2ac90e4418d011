/// The functions of cuBLASLt, NVIDIA's library of matrix products, that the engine calls, by their
/// names there, as its header cublasLt.h declares them.
final class CUBLASLt: VersionedLibrary, Sendable {
  typealias Status = Int32
  typealias Handle = OpaquePointer?
  /// A descriptor of a product, a matrix or a preference.
  typealias Descriptor = OpaquePointer?
  typealias DescriptorOut = UnsafeMutablePointer<OpaquePointer?>
  /// Descriptor, attribute, value, bytes of it.
  typealias SetAttribute = @convention(c) (Descriptor, Int32, UnsafeRawPointer?, Int) -> Status

  let library: SharedLibrary
  /// 120903 for 12.9.3.
  let version: Int

  let cublasLtCreate: @convention(c) (UnsafeMutablePointer<Handle>) -> Status
  let cublasLtDestroy: @convention(c) (Handle) -> Status
  /// Product, compute type, type of the factors.
  let cublasLtMatmulDescCreate: @convention(c) (DescriptorOut, Int32, Int32) -> Status
  let cublasLtMatmulDescDestroy: @convention(c) (Descriptor) -> Status
  let cublasLtMatmulDescSetAttribute: SetAttribute
  /// Matrix, type, rows, columns, elements from a column to the next.
  let cublasLtMatrixLayoutCreate:
    @convention(c) (DescriptorOut, Int32, UInt64, UInt64, Int64) -> Status
  let cublasLtMatrixLayoutDestroy: @convention(c) (Descriptor) -> Status
  let cublasLtMatmulPreferenceCreate: @convention(c) (DescriptorOut) -> Status
  let cublasLtMatmulPreferenceDestroy: @convention(c) (Descriptor) -> Status
  let cublasLtMatmulPreferenceSetAttribute: SetAttribute
  /// Product, A, B, C, D, preference, room, results, count.
  let cublasLtMatmulAlgoGetHeuristic:
    @convention(c) (
      Handle, Descriptor, Descriptor, Descriptor, Descriptor, Descriptor, Descriptor, Int32,
      UnsafeMutableRawPointer, UnsafeMutablePointer<Int32>
    ) -> Status
  /// Product, alpha, A, B, beta, C, D, algorithm, workspace, stream; matrices as address and layout.
  let cublasLtMatmul:
    @convention(c) (
      Handle, Descriptor, UnsafeRawPointer, CUDADriver.Address, Descriptor, CUDADriver.Address,
      Descriptor, UnsafeRawPointer, CUDADriver.Address, Descriptor, CUDADriver.Address, Descriptor,
      UnsafeRawPointer, CUDADriver.Address, Int, CUDADriver.Handle
    ) -> Status
  private let cublasLtGetStatusString: @convention(c) (Status) -> UnsafePointer<CChar>?

  /// Opens the library. Throws `unavailable` where there is none.
  init(_ search: LibrarySearch) throws {
    let library = try SharedLibrary(
      search.candidates(["libcublasLt.so.13", "libcublasLt.so.12"]), having: "cublasLtMatmul")
    self.library = library
    cublasLtCreate = try library.function("cublasLtCreate")
    cublasLtDestroy = try library.function("cublasLtDestroy")
    cublasLtMatmulDescCreate = try library.function("cublasLtMatmulDescCreate")
    cublasLtMatmulDescDestroy = try library.function("cublasLtMatmulDescDestroy")
    cublasLtMatmulDescSetAttribute = try library.function("cublasLtMatmulDescSetAttribute")
    cublasLtMatrixLayoutCreate = try library.function("cublasLtMatrixLayoutCreate")
    cublasLtMatrixLayoutDestroy = try library.function("cublasLtMatrixLayoutDestroy")
    cublasLtMatmulPreferenceCreate = try library.function("cublasLtMatmulPreferenceCreate")
    cublasLtMatmulPreferenceDestroy = try library.function("cublasLtMatmulPreferenceDestroy")
    cublasLtMatmulPreferenceSetAttribute =
      try library.function("cublasLtMatmulPreferenceSetAttribute")
    cublasLtMatmulAlgoGetHeuristic = try library.function("cublasLtMatmulAlgoGetHeuristic")
    cublasLtMatmul = try library.function("cublasLtMatmul")
    cublasLtGetStatusString = try library.function("cublasLtGetStatusString")
    let cublasLtGetVersion: @convention(c) () -> Int = try library.function("cublasLtGetVersion")
    version = cublasLtGetVersion()
  }

  var versionText: String { "\(version / 10000).\(version % 10000 / 100).\(version % 100)" }

  /// Throws, with the call's name and the library's words, unless `status` is that of success:
  /// `unsupported` for what the library does not do, `outOfMemory`, else `deviceFailure`.
  func check(_ status: Status, _ call: @autoclosure () -> String) throws {
    guard status != 0 else { return }
    let kind: FCNError.Kind =
      switch status {
      // CUBLAS_STATUS_NOT_SUPPORTED, CUBLAS_STATUS_ARCH_MISMATCH.
      case 15, 8: .unsupported
      // CUBLAS_STATUS_ALLOC_FAILED.
      case 3: .outOfMemory
      default: .deviceFailure
      }
    let text = cublasLtGetStatusString(status).map { String(cString: $0) } ?? "no text"
    throw FCNError(kind, "\(call()): status \(status) (\(text))")
  }
}
