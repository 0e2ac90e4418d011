/// Memory on a device, freed with its last reference.
final class DeviceMemory: @unchecked Sendable {
  let address: CUDADriver.Address
  let byteCount: Int
  private let context: DeviceContext

  /// Throws `outOfMemory` where the device has none. Its contents are whatever was there.
  init(_ byteCount: Int, in context: DeviceContext) throws {
    self.byteCount = max(byteCount, 1)
    self.context = context
    var address: CUDADriver.Address = 0
    let driver = context.driver
    let wanted = self.byteCount
    try context.run {
      try context.check(
        driver.cuMemAlloc(&address, wanted),
        "cuMemAlloc of \(wanted) bytes on device \(context.device.index), which has "
          + "\(context.device.memoryByteCount) in all")
    }
    self.address = address
  }

  deinit { try? context.run { _ = context.driver.cuMemFree(address) } }
}

/// Memory of the host that a device reads and writes by itself, freed with its last reference.
final class PinnedMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let context: DeviceContext

  /// Throws `outOfMemory` where the system has none to pin.
  init(_ byteCount: Int, in context: DeviceContext) throws {
    let wanted = max(byteCount, 1)
    var base: UnsafeMutableRawPointer?
    try context.run {
      try context.check(
        context.driver.cuMemHostAlloc(&base, wanted, 0), "cuMemHostAlloc of \(wanted) bytes")
    }
    guard let base else {
      throw FCNError(.deviceFailure, "cuMemHostAlloc of \(wanted) bytes gave none")
    }
    self.base = base
    self.byteCount = wanted
    self.context = context
  }

  deinit { try? context.run { _ = context.driver.cuMemFreeHost(base) } }
}
