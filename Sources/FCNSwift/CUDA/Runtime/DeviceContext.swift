import Glibc
import Synchronization

/// Our own context on a device, apart from what else in the process uses the device. Shared by the
/// sessions on it; any thread may use it.
///
/// Some errors of a device, an illegal address for one, end a context: every later call in it fails.
/// Then it `isLost`, and sessions that did not cause it go on in a new one.
final class DeviceContext: @unchecked Sendable {
  let driver: CUDADriver
  let device: DeviceDescription
  let functions: DeviceFunctions
  let libraries: DeviceLibraries
  /// What the forms on it have found out and want to know again.
  let shared = SharedObjects()
  private let handle: CUDADriver.Handle
  private let lost = Atomic(false)
  /// Whose it is: the driver does not survive a fork.
  private let process = getpid()

  init(_ runtime: CUDARuntime, _ device: DeviceDescription) throws {
    driver = runtime.driver
    libraries = runtime.libraries
    self.device = device
    // Before there is a context, which nobody would destroy if this threw.
    functions = DeviceFunctions(
      compiler: runtime.compiler, target: try runtime.compiler.target(for: device.capability),
      cache: runtime.kernelCache, driver: driver)
    var number: Int32 = 0
    var handle: CUDADriver.Handle = nil
    var popped: CUDADriver.Handle = nil
    _ = driver.cuDeviceGet(&number, Int32(device.index))
    let status = driver.cuCtxCreate(&handle, 0, number)
    guard status == 0 else {
      throw DeviceContext.error(status, "cuCtxCreate on device \(device.index)", driver)
    }
    _ = driver.cuCtxPopCurrent(&popped)
    self.handle = handle
  }

  deinit {
    // Its modules go with it.
    guard process == getpid() else { return }
    _ = driver.cuCtxDestroy(handle)
  }

  /// Whether an error has ended it.
  var isLost: Bool { lost.load(ordering: .relaxed) }

  /// Throws `invalidState` in a process that was forked from the one that made it.
  func checkProcess() throws {
    guard process == getpid() else {
      throw FCNError(
        .invalidState,
        "this was made on a device before the process was forked, which NVIDIA's driver does not "
          + "survive; make it in the process that is to use it, before anything there has asked for a "
          + "device")
    }
  }

  /// Runs `body` with the context current on this thread.
  func run<Result>(_ body: () throws -> Result) throws -> Result {
    try checkProcess()
    try check(driver.cuCtxPushCurrent(handle), "cuCtxPushCurrent")
    defer {
      var popped: CUDADriver.Handle = nil
      _ = driver.cuCtxPopCurrent(&popped)
    }
    return try body()
  }

  /// Throws `outOfMemory` or `deviceFailure`, with the call's name and the driver's words, unless
  /// `status` is that of success.
  func check(_ status: CUDADriver.Status, _ call: @autoclosure () -> String) throws {
    guard status != 0 else { return }
    if DeviceContext.endsContext.contains(status) { lost.store(true, ordering: .relaxed) }
    throw DeviceContext.error(status, call(), driver)
  }

  private static func error(
    _ status: CUDADriver.Status, _ call: String, _ driver: CUDADriver
  ) -> FCNError {
    FCNError(
      status == outOfMemory ? .outOfMemory : .deviceFailure,
      "\(call): \(driver.describe(status))")
  }

  /// CUDA_ERROR_OUT_OF_MEMORY.
  private static let outOfMemory: CUDADriver.Status = 2
  /// The errors after which the driver API's reference says that the process, or the context, cannot
  /// go on: ECC_UNCORRECTABLE, ILLEGAL_ADDRESS, LAUNCH_TIMEOUT, ASSERT, HARDWARE_STACK_ERROR,
  /// ILLEGAL_INSTRUCTION, MISALIGNED_ADDRESS, INVALID_ADDRESS_SPACE, INVALID_PC, LAUNCH_FAILED.
  private static let endsContext: Set<CUDADriver.Status> = [
    214, 700, 702, 710, 714, 715, 716, 717, 718, 719,
  ]
}
