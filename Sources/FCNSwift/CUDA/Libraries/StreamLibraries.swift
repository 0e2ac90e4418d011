/// What NVIDIA's libraries need to work on a stream: handles, which are made when somebody first asks.
/// One thread at a time, with the context current; unchecked, since streams are shared by nobody.
final class StreamLibraries: @unchecked Sendable {
  private let queue: DeviceQueue
  private var cudnnHandle: Result<CUDNNHandle, any Error>?
  private var cublasLtHandle: Result<CUBLASLtHandle, any Error>?

  init(_ queue: DeviceQueue) { self.queue = queue }

  /// Throws `unavailable` where there is no cuDNN, `deviceFailure`, the same each time, where it does
  /// not start.
  func cudnn() throws -> CUDNNHandle {
    let result =
      cudnnHandle ?? Result { try CUDNNHandle(queue.context.libraries.cudnn.get(), queue) }
    cudnnHandle = result
    return try result.get()
  }

  /// Throws `unavailable` where there is no cuBLASLt, `deviceFailure`, the same each time, where it
  /// does not start.
  func cublasLt() throws -> CUBLASLtHandle {
    let result =
      cublasLtHandle ?? Result { try CUBLASLtHandle(queue.context.libraries.cublasLt.get(), queue) }
    cublasLtHandle = result
    return try result.get()
  }
}

extension DeviceStream {
  /// What NVIDIA's libraries need to work on this stream, the same object every time.
  func libraries() throws -> StreamLibraries {
    try shared.object("libraries") { StreamLibraries(queue) }
  }
}

extension Epilogue {
  /// Whether NVIDIA's libraries are asked to do it with a convolution: a residual and a rectifier.
  var isDoneByLibraries: Bool {
    self == Epilogue(addsResidual: addsResidual)
      || self == Epilogue(addsResidual: addsResidual, activation: .relu)
  }
}
