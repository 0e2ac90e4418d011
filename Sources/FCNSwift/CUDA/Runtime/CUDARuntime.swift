import Glibc
import Synchronization

/// What a CUDA device is, as its driver tells.
struct DeviceDescription: Sendable {
  /// Counted from 0, in the driver's order.
  let index: Int
  let name: String
  /// 80 for compute capability 8.0.
  let capability: Int32
  let multiprocessorCount: Int
  /// Bytes of its memory.
  let memoryByteCount: Int
  /// Most bytes of shared memory that a block may ask for.
  let sharedMemoryPerBlock: Int

  /// The oldest that kernels are written for: matrix units came with 7.0.
  static let leastCapability: Int32 = 70

  fileprivate init(_ index: Int, _ driver: CUDADriver) throws {
    func check(_ status: CUDADriver.Status, _ call: String) throws {
      guard status == 0 else {
        throw FCNError(.unavailable, "device \(index): \(call): \(driver.describe(status))")
      }
    }
    var device: Int32 = 0
    try check(driver.cuDeviceGet(&device, Int32(index)), "cuDeviceGet")
    func attribute(_ number: Int32) throws -> Int32 {
      var value: Int32 = 0
      try check(driver.cuDeviceGetAttribute(&value, number, device), "cuDeviceGetAttribute")
      return value
    }
    var text = [CChar](repeating: 0, count: 256)
    try check(driver.cuDeviceGetName(&text, Int32(text.count), device), "cuDeviceGetName")
    var bytes = 0
    try check(driver.cuDeviceTotalMem(&bytes, device), "cuDeviceTotalMem")
    self.index = index
    name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR, _MULTIPROCESSOR_COUNT,
    // _MAX_SHARED_MEMORY_PER_BLOCK_OPTIN.
    capability = try attribute(75) * 10 + attribute(76)
    multiprocessorCount = Int(try attribute(16))
    sharedMemoryPerBlock = Int(try attribute(97))
    memoryByteCount = bytes
  }

  /// `NVIDIA H100 80GB HBM3, compute capability 9.0, 132 multiprocessors, 79 GiB`.
  var text: String {
    "\(name), compute capability \(capability / 10).\(capability % 10), "
      + "\(multiprocessorCount) multiprocessors, \(memoryByteCount >> 30) GiB"
  }
}

/// NVIDIA's libraries as they were found on this machine, and the contexts on its devices.
final class CUDARuntime: Sendable {
  let driver: CUDADriver
  let compiler: DeviceCompiler
  /// What it can do without.
  let libraries: DeviceLibraries
  let devices: [DeviceDescription]
  /// Where compiled kernels are kept for later processes; nil for nowhere.
  let kernelCache: String?
  private let contexts = Mutex<[Int: WeakContext]>([:])
  /// Who found them.
  private let process = getpid()

  private struct WeakContext {
    weak var context: DeviceContext?
  }

  /// Throws `unavailable` with what is missing.
  init(_ search: LibrarySearch, kernelCache: String?) throws {
    let driver: CUDADriver
    do {
      driver = try naming("NVIDIA's driver") { try CUDADriver(search) }
    } catch let error as FCNError {
      throw FCNError(error.kind, "\(error.message); install it, or \(FCNError.processorAdvice)")
    }
    self.driver = driver
    var count: Int32 = 0
    let status = driver.cuDeviceGetCount(&count)
    guard status == 0, count > 0 else {
      throw FCNError(
        .unavailable,
        status == 0
          ? "the driver has no device" : "cuDeviceGetCount: \(driver.describe(status))")
    }
    devices = try (0..<Int(count)).map { try DeviceDescription($0, driver) }
    compiler = try naming("the compiler of kernels, NVRTC") { try DeviceCompiler(search) }
    libraries = DeviceLibraries(search)
    self.kernelCache = kernelCache
  }

  /// The context on device `index` that its sessions share, made for the first of them.
  ///
  /// Throws `notFound` where there is no such device, `unavailable` where it is too old, and in a
  /// process that was forked after the libraries were found.
  func context(_ index: Int) throws -> DeviceContext {
    guard process == getpid() else {
      throw FCNError(
        .unavailable,
        "NVIDIA's driver was opened before this process was forked, and does not survive that; fork "
          + "before anything asks for a device, or start the child anew (exec)")
    }
    guard devices.indices.contains(index) else {
      throw FCNError(
        .notFound,
        "there is no CUDA device \(index); there are \(devices.count), counted from 0")
    }
    let device = devices[index]
    guard device.capability >= DeviceDescription.leastCapability else {
      throw FCNError(.unavailable, "\(device.text): compute capability 7.0 or later is wanted")
    }
    return try contexts.withLock { contexts in
      if let context = contexts[index]?.context, !context.isLost { return context }
      let context = try DeviceContext(self, device)
      contexts[index] = WeakContext(context: context)
      return context
    }
  }
}
