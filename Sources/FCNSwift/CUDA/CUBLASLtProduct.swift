/// A handle of cuBLASLt's. One thread at a time, with the context current.
final class CUBLASLtHandle {
  let cublasLt: CUBLASLt
  let queue: DeviceQueue
  let handle: CUBLASLt.Handle

  init(_ cublasLt: CUBLASLt, _ queue: DeviceQueue) throws {
    self.cublasLt = cublasLt
    self.queue = queue
    var handle: CUBLASLt.Handle = nil
    try cublasLt.check(cublasLt.cublasLtCreate(&handle), "cublasLtCreate")
    self.handle = handle
  }

  deinit { try? queue.context.run { _ = cublasLt.cublasLtDestroy(handle) } }
}
