/// The functions of cuDNN 9, NVIDIA's library of network operations, that the engine calls, by their
/// names there, as its header cudnn_graph.h declares them. Convolutions are made through the graph
/// API: descriptors, whose attributes are set by number, then finalized.
final class CUDNN: VersionedLibrary, Sendable {
  typealias Status = Int32
  typealias Handle = OpaquePointer?
  typealias Descriptor = UnsafeMutableRawPointer?

  let library: SharedLibrary
  /// 92800 for 9.28.0.
  let version: Int

  let cudnnCreate: @convention(c) (UnsafeMutablePointer<Handle>) -> Status
  let cudnnDestroy: @convention(c) (Handle) -> Status
  let cudnnSetStream: @convention(c) (Handle, CUDADriver.Handle) -> Status
  let cudnnBackendCreateDescriptor:
    @convention(c) (Int32, UnsafeMutablePointer<Descriptor>) -> Status
  let cudnnBackendDestroyDescriptor: @convention(c) (Descriptor) -> Status
  let cudnnBackendFinalize: @convention(c) (Descriptor) -> Status
  /// Descriptor, attribute, type, count, values.
  let cudnnBackendSetAttribute:
    @convention(c) (Descriptor, Int32, Int32, Int64, UnsafeRawPointer?) -> Status
  /// Descriptor, attribute, type, room, count, values.
  let cudnnBackendGetAttribute:
    @convention(c) (
      Descriptor, Int32, Int32, Int64, UnsafeMutablePointer<Int64>?, UnsafeMutableRawPointer?
    ) -> Status
  /// Handle, execution plan, variant pack.
  let cudnnBackendExecute: @convention(c) (Handle, Descriptor, Descriptor) -> Status
  private let cudnnGetErrorString: @convention(c) (Status) -> UnsafePointer<CChar>?
  private let cudnnGetLastErrorString: @convention(c) (UnsafeMutablePointer<CChar>, Int) -> Void

  /// Opens the library, which loads its parts, from its own folder, when they are first used. Throws
  /// `unavailable` where there is none.
  init(_ search: LibrarySearch) throws {
    let library = try SharedLibrary(
      search.candidates(["libcudnn.so.9"]), having: "cudnnBackendExecute")
    self.library = library
    cudnnCreate = try library.function("cudnnCreate")
    cudnnDestroy = try library.function("cudnnDestroy")
    cudnnSetStream = try library.function("cudnnSetStream")
    cudnnBackendCreateDescriptor = try library.function("cudnnBackendCreateDescriptor")
    cudnnBackendDestroyDescriptor = try library.function("cudnnBackendDestroyDescriptor")
    cudnnBackendFinalize = try library.function("cudnnBackendFinalize")
    cudnnBackendSetAttribute = try library.function("cudnnBackendSetAttribute")
    cudnnBackendGetAttribute = try library.function("cudnnBackendGetAttribute")
    cudnnBackendExecute = try library.function("cudnnBackendExecute")
    cudnnGetErrorString = try library.function("cudnnGetErrorString")
    cudnnGetLastErrorString = try library.function("cudnnGetLastErrorString")
    let cudnnGetVersion: @convention(c) () -> Int = try library.function("cudnnGetVersion")
    version = cudnnGetVersion()
  }

  var versionText: String { "\(version / 10000).\(version % 10000 / 100).\(version % 100)" }

  /// Throws, with the call's name and the library's words, unless `status` is that of success:
  /// `unsupported` for what the library does not do, `outOfMemory`, else `deviceFailure`.
  func check(_ status: Status, _ call: @autoclosure () -> String) throws {
    guard status != 0 else { return }
    let kind: FCNError.Kind =
      switch status {
      case 3000..<4000: .unsupported
      // CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED, _DEVICE_ALLOCATION_FAILED.
      case 4003, 4004: .outOfMemory
      default: .deviceFailure
      }
    throw FCNError(kind, "\(call()): \(describe(status))")
  }

  private func describe(_ status: Status) -> String {
    let name = cudnnGetErrorString(status).map { String(cString: $0) } ?? "status \(status)"
    var text = [CChar](repeating: 0, count: 1024)
    cudnnGetLastErrorString(&text, text.count)
    let detail = String(
      decoding: text.dropLast().prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return detail.isEmpty ? name : "\(name) (\(detail))"
  }
}
