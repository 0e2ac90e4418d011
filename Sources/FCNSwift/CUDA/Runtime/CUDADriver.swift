/// The functions of NVIDIA's driver library that the engine calls, by their names there, as the
/// CUDA driver API's reference declares them. Handles are pointers to what only the driver knows;
/// addresses on a device are 64-bit numbers.
final class CUDADriver: Sendable {
  typealias Status = Int32
  typealias Handle = OpaquePointer?
  typealias HandleOut = UnsafeMutablePointer<OpaquePointer?>
  typealias Address = UInt64

  let library: SharedLibrary
  /// 12040 for CUDA 12.4: the newest that the driver serves.
  let version: Int32

  let cuGetErrorName: GetErrorText
  let cuGetErrorString: GetErrorText
  let cuDeviceGetCount: @convention(c) (UnsafeMutablePointer<Int32>) -> Status
  let cuDeviceGet: @convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Status
  let cuDeviceGetName: @convention(c) (UnsafeMutablePointer<CChar>, Int32, Int32) -> Status
  let cuDeviceGetAttribute: @convention(c) (UnsafeMutablePointer<Int32>, Int32, Int32) -> Status
  let cuDeviceTotalMem: @convention(c) (UnsafeMutablePointer<Int>, Int32) -> Status
  let cuCtxCreate: @convention(c) (HandleOut, UInt32, Int32) -> Status
  let cuCtxDestroy: @convention(c) (Handle) -> Status
  let cuCtxPushCurrent: @convention(c) (Handle) -> Status
  let cuCtxPopCurrent: @convention(c) (HandleOut) -> Status
  let cuMemAlloc: @convention(c) (UnsafeMutablePointer<Address>, Int) -> Status
  let cuMemFree: @convention(c) (Address) -> Status
  let cuMemHostAlloc:
    @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, Int, UInt32) -> Status
  let cuMemFreeHost: @convention(c) (UnsafeMutableRawPointer?) -> Status
  let cuMemcpyHtoDAsync: @convention(c) (Address, UnsafeRawPointer?, Int, Handle) -> Status
  let cuMemcpyDtoHAsync: @convention(c) (UnsafeMutableRawPointer?, Address, Int, Handle) -> Status
  let cuMemsetD8Async: @convention(c) (Address, UInt8, Int, Handle) -> Status
  let cuStreamCreate: @convention(c) (HandleOut, UInt32) -> Status
  let cuStreamDestroy: @convention(c) (Handle) -> Status
  let cuStreamSynchronize: @convention(c) (Handle) -> Status
  let cuStreamBeginCapture: @convention(c) (Handle, Int32) -> Status
  let cuEventCreate: @convention(c) (HandleOut, UInt32) -> Status
  let cuEventDestroy: @convention(c) (Handle) -> Status
  let cuEventRecord: @convention(c) (Handle, Handle) -> Status
  let cuEventSynchronize: @convention(c) (Handle) -> Status
  let cuEventElapsedTime: @convention(c) (UnsafeMutablePointer<Float>, Handle, Handle) -> Status
  let cuStreamEndCapture: @convention(c) (Handle, HandleOut) -> Status
  let cuGraphInstantiate: @convention(c) (HandleOut, Handle, UInt64) -> Status
  let cuGraphLaunch: @convention(c) (Handle, Handle) -> Status
  let cuGraphDestroy: @convention(c) (Handle) -> Status
  let cuGraphExecDestroy: @convention(c) (Handle) -> Status
  let cuModuleLoadData: @convention(c) (HandleOut, UnsafeRawPointer) -> Status
  let cuModuleUnload: @convention(c) (Handle) -> Status
  let cuModuleGetFunction: @convention(c) (HandleOut, Handle, UnsafePointer<CChar>) -> Status
  let cuFuncSetAttribute: @convention(c) (Handle, Int32, Int32) -> Status
  let cuLaunchKernel:
    @convention(c) (
      Handle, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, Handle,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>,
      UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Status

  typealias GetErrorText =
    @convention(c) (Status, UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Status

  /// Opens and starts the driver. Throws `unavailable` where there is none, or it does not start.
  init(_ search: LibrarySearch) throws {
    let library = try SharedLibrary(search.candidates(["libcuda.so.1"]), having: "cuInit")
    self.library = library
    cuGetErrorName = try library.function("cuGetErrorName")
    cuGetErrorString = try library.function("cuGetErrorString")
    cuDeviceGetCount = try library.function("cuDeviceGetCount")
    cuDeviceGet = try library.function("cuDeviceGet")
    cuDeviceGetName = try library.function("cuDeviceGetName")
    cuDeviceGetAttribute = try library.function("cuDeviceGetAttribute")
    cuDeviceTotalMem = try library.function("cuDeviceTotalMem_v2")
    cuCtxCreate = try library.function("cuCtxCreate_v2")
    cuCtxDestroy = try library.function("cuCtxDestroy_v2")
    cuCtxPushCurrent = try library.function("cuCtxPushCurrent_v2")
    cuCtxPopCurrent = try library.function("cuCtxPopCurrent_v2")
    cuMemAlloc = try library.function("cuMemAlloc_v2")
    cuMemFree = try library.function("cuMemFree_v2")
    cuMemHostAlloc = try library.function("cuMemHostAlloc")
    cuMemFreeHost = try library.function("cuMemFreeHost")
    cuMemcpyHtoDAsync = try library.function("cuMemcpyHtoDAsync_v2")
    cuMemcpyDtoHAsync = try library.function("cuMemcpyDtoHAsync_v2")
    cuMemsetD8Async = try library.function("cuMemsetD8Async")
    cuStreamCreate = try library.function("cuStreamCreate")
    cuStreamDestroy = try library.function("cuStreamDestroy_v2")
    cuStreamSynchronize = try library.function("cuStreamSynchronize")
    cuEventCreate = try library.function("cuEventCreate")
    cuEventDestroy = try library.function("cuEventDestroy_v2")
    cuEventRecord = try library.function("cuEventRecord")
    cuEventSynchronize = try library.function("cuEventSynchronize")
    cuEventElapsedTime = try library.function("cuEventElapsedTime")
    cuStreamBeginCapture = try library.function("cuStreamBeginCapture_v2")
    cuStreamEndCapture = try library.function("cuStreamEndCapture")
    cuGraphInstantiate = try library.function("cuGraphInstantiateWithFlags")
    cuGraphLaunch = try library.function("cuGraphLaunch")
    cuGraphDestroy = try library.function("cuGraphDestroy")
    cuGraphExecDestroy = try library.function("cuGraphExecDestroy")
    cuModuleLoadData = try library.function("cuModuleLoadData")
    cuModuleUnload = try library.function("cuModuleUnload")
    cuModuleGetFunction = try library.function("cuModuleGetFunction")
    cuFuncSetAttribute = try library.function("cuFuncSetAttribute")
    cuLaunchKernel = try library.function("cuLaunchKernel")

    let cuInit: @convention(c) (UInt32) -> Status = try library.function("cuInit")
    let status = cuInit(0)
    guard status == 0 else {
      throw FCNError(
        .unavailable,
        "\(library.path) does not start: cuInit: "
          + CUDADriver.describe(status, cuGetErrorName, cuGetErrorString))
    }
    let cuDriverGetVersion: @convention(c) (UnsafeMutablePointer<Int32>) -> Status =
      try library.function("cuDriverGetVersion")
    var version: Int32 = 0
    _ = cuDriverGetVersion(&version)
    self.version = version
  }

  /// `12.4` for 12040.
  var versionText: String { "\(version / 1000).\(version % 1000 / 10)" }

  /// The name and the text that the driver has for `status`.
  func describe(_ status: Status) -> String {
    CUDADriver.describe(status, cuGetErrorName, cuGetErrorString)
  }

  private static func describe(
    _ status: Status, _ getName: GetErrorText, _ getText: GetErrorText
  ) -> String {
    var (name, text): (UnsafePointer<CChar>?, UnsafePointer<CChar>?) = (nil, nil)
    guard getName(status, &name) == 0, let name else { return "error \(status)" }
    guard getText(status, &text) == 0, let text else { return String(cString: name) }
    return "\(String(cString: name)) (\(String(cString: text)))"
  }
}
