/// Work for a device, done in the order in which it is handed over. One thread at a time.
final class DeviceStream {
  let queue: DeviceQueue
  var context: DeviceContext { queue.context }
  /// What forms need to work on this stream, made when they first ask.
  let shared = SharedObjects()
  private var handle: CUDADriver.Handle { queue.handle }

  init(_ context: DeviceContext) throws { queue = try DeviceQueue(context) }

  /// Copies to the device; `memory` must be pinned and stay as it is until the copy is done.
  func upload(_ memory: UnsafeRawPointer, _ byteCount: Int, to address: CUDADriver.Address) throws {
    try context.check(
      context.driver.cuMemcpyHtoDAsync(address, memory, byteCount, handle),
      "cuMemcpyHtoDAsync of \(byteCount) bytes")
  }

  /// Copies to the host, into pinned memory.
  func download(
    _ address: CUDADriver.Address, _ byteCount: Int, to memory: UnsafeMutableRawPointer
  ) throws {
    try context.check(
      context.driver.cuMemcpyDtoHAsync(memory, address, byteCount, handle),
      "cuMemcpyDtoHAsync of \(byteCount) bytes")
  }

  /// Sets `byteCount` bytes to zero.
  func clear(_ address: CUDADriver.Address, _ byteCount: Int) throws {
    try context.check(
      context.driver.cuMemsetD8Async(address, 0, byteCount, handle), "cuMemsetD8Async")
  }

  /// Waits until everything that was handed over is done; what went wrong with it is thrown here.
  func synchronize() throws {
    try context.check(context.driver.cuStreamSynchronize(handle), "cuStreamSynchronize")
  }

  /// Hands over a kernel: `grid` blocks, `sharedByteCount` of dynamic shared memory each.
  func launch<Call>(
    _ function: DeviceFunction, grid: (Int, Int, Int), _ call: Call
  ) throws {
    var call = call
    let driver = context.driver
    let status = withUnsafeMutablePointer(to: &call) { call in
      var parameters: [UnsafeMutableRawPointer?] = [UnsafeMutableRawPointer(call)]
      return driver.cuLaunchKernel(
        function.handle, UInt32(grid.0), UInt32(grid.1), UInt32(grid.2),
        UInt32(DeviceFunction.threads), 1, 1, UInt32(function.sharedByteCount), handle, &parameters,
        nil)
    }
    try context.check(status, "cuLaunchKernel of \(function.name)")
  }

  /// Hands over a kernel that has a thread for every one of `count` things.
  func launch<Call>(_ function: DeviceFunction, over count: Int, _ call: Call) throws {
    let threads = DeviceFunction.threads
    try launch(function, grid: ((count + threads - 1) / threads, 1, 1), call)
  }

  /// Records what `body` hands over, without doing it, as one piece of work.
  func capture(_ body: () throws -> Void) throws -> DeviceGraph {
    let driver = context.driver
    // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads' calls do not disturb it.
    try context.check(driver.cuStreamBeginCapture(handle, 1), "cuStreamBeginCapture")
    var graph: CUDADriver.Handle = nil
    do {
      try body()
    } catch {
      _ = driver.cuStreamEndCapture(handle, &graph)
      if graph != nil { _ = driver.cuGraphDestroy(graph) }
      throw error
    }
    try context.check(driver.cuStreamEndCapture(handle, &graph), "cuStreamEndCapture")
    defer { _ = driver.cuGraphDestroy(graph) }
    var executable: CUDADriver.Handle = nil
    try context.check(
      driver.cuGraphInstantiate(&executable, graph, 0), "cuGraphInstantiateWithFlags")
    return DeviceGraph(executable, context)
  }

  /// Hands over everything that was recorded.
  func launch(_ graph: DeviceGraph) throws {
    try context.check(context.driver.cuGraphLaunch(graph.handle, handle), "cuGraphLaunch")
  }
}

/// Recorded work.
final class DeviceGraph {
  fileprivate let handle: CUDADriver.Handle
  private let context: DeviceContext

  fileprivate init(_ handle: CUDADriver.Handle, _ context: DeviceContext) {
    (self.handle, self.context) = (handle, context)
  }

  deinit { try? context.run { _ = context.driver.cuGraphExecDestroy(handle) } }
}

/// The driver's own stream, which lives as long as something refers to it.
final class DeviceQueue {
  let context: DeviceContext
  let handle: CUDADriver.Handle

  init(_ context: DeviceContext) throws {
    self.context = context
    var handle: CUDADriver.Handle = nil
    // CU_STREAM_NON_BLOCKING: it does not wait for the default stream, which is the host's.
    try context.run {
      try context.check(context.driver.cuStreamCreate(&handle, 1), "cuStreamCreate")
    }
    self.handle = handle
  }

  deinit { try? context.run { _ = context.driver.cuStreamDestroy(handle) } }
}
