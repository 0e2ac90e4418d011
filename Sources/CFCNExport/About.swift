public import CFCN
import FCNSwift

@_cdecl("fcn_version")
public func fcn_version() -> UnsafePointer<CChar>? { About.version }

@_cdecl("fcn_version_number")
public func fcn_version_number() -> Int32 {
  FCN_VERSION_MAJOR * 1_000_000 + FCN_VERSION_MINOR * 1000 + FCN_VERSION_PATCH
}

@_cdecl("fcn_abi_version")
public func fcn_abi_version() -> Int32 { FCN_ABI_VERSION }

@_cdecl("fcn_about")
public func fcn_about(_ topic: Int32) -> UnsafePointer<CChar>? {
  switch Int(topic) {
  case FCN_ABOUT_BUILD: About.build
  case FCN_ABOUT_CPU: About.processor
  case FCN_ABOUT_BLAS: About.matrixLibrary
  case FCN_ABOUT_ARCHITECTURES: About.architectures
  default: permanentCString("")
  }
}

@_cdecl("fcn_cuda_set_folders")
public func fcn_cuda_set_folders(
  _ libraries: UnsafePointer<CChar>?, _ kernel_cache: UnsafePointer<CChar>?
) -> fcn_status {
  attempt {
    try CUDA.configure(
      libraries: try optionalString(libraries, "libraries"),
      kernelCache: try optionalString(kernel_cache, "kernel_cache"))
  }
}

@_cdecl("fcn_backend_count")
public func fcn_backend_count() -> Int32 { 2 }

@_cdecl("fcn_backend_get_info")
public func fcn_backend_get_info(
  _ out: UnsafeMutablePointer<fcn_backend_info>?, _ index: Int32
) -> fcn_status {
  attempt {
    switch Int(index) {
    case FCN_BACKEND_CPU: try About.processorBackend.fill(out)
    case FCN_BACKEND_CUDA: try About.cudaBackend.fill(out)
    default:
      throw FCNError(.notFound, "there is no backend \(index); there are \(fcn_backend_count())")
    }
  }
}

extension fcn_backend_info: GrowingStruct {
  static var name: StaticString { "fcn_backend_info" }
  static var firstSize: Int { offset(of: \.device_count) }
}

/// Strings that are made once and stay.
private enum About {
  // Unsafe only in name: pointers to memory that nobody changes.
  nonisolated(unsafe) static let version = permanentCString(copying: FCN_VERSION)
  nonisolated(unsafe) static let processor = permanentCString(copying: Capabilities.processor)
  nonisolated(unsafe) static let matrixLibrary = permanentCString(
    copying: Capabilities.matrixLibrary)
  nonisolated(unsafe) static let architectures = permanentCString(
    copying: Architecture.all.map(\.name).joined(separator: ","))
  nonisolated(unsafe) static let build = permanentCString(
    copying: "FCNSwift \(FCN_VERSION), ABI \(FCN_ABI_VERSION), \(Capabilities.build), "
      + Capabilities.system)

  nonisolated(unsafe) static let processorBackend = fcn_backend_info(
    struct_size: 0, available: 1, name: permanentCString("cpu"), description: processor,
    device_count: 1, reserved: 0)

  nonisolated(unsafe) static let cudaBackend = {
    let report = CUDA.report
    return fcn_backend_info(
      struct_size: 0, available: report.isAvailable ? 1 : 0, name: permanentCString("cuda"),
      description: permanentCString(copying: report.summary),
      device_count: Int32(report.deviceCount), reserved: 0)
  }()
}
