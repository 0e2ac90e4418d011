import Glibc
import Synchronization

/// A kernel that a device has loaded.
struct DeviceFunction: @unchecked Sendable {
  /// Threads of a block; FCN_THREADS in the kernels.
  static let threads = 256

  let name: String
  fileprivate(set) var handle: CUDADriver.Handle
  /// Bytes of dynamic shared memory that each block has.
  let sharedByteCount: Int
}

extension DeviceContext {
  /// The kernel `name`, compiled with `definitions`.
  func function(
    _ name: String, of file: DeviceSource, _ definitions: [String] = [], sharedByteCount: Int = 0
  ) throws -> DeviceFunction {
    try functions.function(name, of: file, definitions, sharedByteCount: sharedByteCount, self)
  }
}

/// The files that kernels stand in.
enum DeviceSource: String, CaseIterable, Sendable {
  case axis_reductions, batch_norm, convolution, gradients, loss, normalization, optimizer, packing
  case pointwise, pooling, preprocess, reductions, resizing, scores, shaping, unpooling, values
  case weight_gradient

  var source: [UInt8] {
    switch self {
    case .axis_reductions: PackageResources.axis_reductions_cu
    case .batch_norm: PackageResources.batch_norm_cu
    case .convolution: PackageResources.convolution_cu
    case .gradients: PackageResources.gradients_cu
    case .loss: PackageResources.loss_cu
    case .normalization: PackageResources.normalization_cu
    case .optimizer: PackageResources.optimizer_cu
    case .packing: PackageResources.packing_cu
    case .pointwise: PackageResources.pointwise_cu
    case .pooling: PackageResources.pooling_cu
    case .preprocess: PackageResources.preprocess_cu
    case .reductions: PackageResources.reductions_cu
    case .resizing: PackageResources.resizing_cu
    case .scores: PackageResources.scores_cu
    case .shaping: PackageResources.shaping_cu
    case .unpooling: PackageResources.unpooling_cu
    case .values: PackageResources.values_cu
    case .weight_gradient: PackageResources.weight_gradient_cu
    }
  }

  /// What they include.
  static let headers: [(name: String, text: [UInt8])] = [
    ("calls.h", PackageResources.calls_h), ("kernel.cuh", PackageResources.kernel_cuh),
    ("layer_calls.h", PackageResources.layer_calls_h),
    ("ptx.cuh", PackageResources.ptx_cuh), ("tile.cuh", PackageResources.tile_cuh),
    ("training_calls.h", PackageResources.training_calls_h),
  ]
}

/// The kernels of a context: compiled when somebody first wants them, and kept.
final class DeviceFunctions: Sendable {
  private let compiler: DeviceCompiler
  private let target: String
  private let cache: DeviceFunctionCache?
  private let driver: CUDADriver
  private let modules = Mutex<[String: Module]>([:])

  private struct Module: @unchecked Sendable {
    let handle: CUDADriver.Handle
  }

  init(compiler: DeviceCompiler, target: String, cache: String?, driver: CUDADriver) {
    self.compiler = compiler
    self.target = target
    self.cache = cache.map(DeviceFunctionCache.init)
    self.driver = driver
  }

  /// The kernel `name` of `file`, compiled with `definitions`. To be called with `context`, whose
  /// library this is, current.
  func function(
    _ name: String, of file: DeviceSource, _ definitions: [String], sharedByteCount: Int = 0,
    _ context: DeviceContext
  ) throws -> DeviceFunction {
    let module = try modules.withLock { modules in
      let key = ([file.rawValue] + definitions).joined(separator: " ")
      if let module = modules[key] { return module }
      var handle: CUDADriver.Handle = nil
      let image = try image(of: file, definitions)
      // Intermediate code is text, which must end.
      let status = (image + [0]).withUnsafeBytes { bytes -> CUDADriver.Status in
        guard let base = bytes.baseAddress else { return -1 }
        return driver.cuModuleLoadData(&handle, base)
      }
      try context.check(status, "cuModuleLoadData of \(key)")
      let module = Module(handle: handle)
      modules[key] = module
      return module
    }
    var function: CUDADriver.Handle = nil
    try context.check(
      driver.cuModuleGetFunction(&function, module.handle, name), "cuModuleGetFunction of \(name)")
    // 48 KB is what every kernel may have unasked.
    if sharedByteCount > 48 << 10 {
      // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
      try context.check(
        driver.cuFuncSetAttribute(function, 8, Int32(sharedByteCount)),
        "cuFuncSetAttribute of \(name): \(sharedByteCount) bytes of shared memory")
    }
    return DeviceFunction(name: name, handle: function, sharedByteCount: sharedByteCount)
  }

  private func image(of file: DeviceSource, _ definitions: [String]) throws -> [UInt8] {
    func compile() throws -> [UInt8] {
      try compiler.compile(
        file.source, named: "\(file.rawValue).cu", headers: DeviceSource.headers,
        definitions: definitions, target: target)
    }
    guard let cache else { return try compile() }
    let key = DeviceFunctionCache.key(
      file, definitions, "\(target), NVRTC \(compiler.versionText), driver \(driver.version)")
    if let image = cache.image(key) { return image }
    let image = try compile()
    cache.keep(image, key)
    return image
  }
}

/// Compiled kernels in a folder, a file each, that begins with what it was compiled from and a hash of
/// the image: drivers are not told how long that is, and follow a damaged one beyond its end.
struct DeviceFunctionCache: Sendable {
  let folder: String

  /// What an image follows from, as text of several lines that ends with an empty one.
  static func key(_ file: DeviceSource, _ definitions: [String], _ target: String) -> [UInt8] {
    let sources = ([file.source] + DeviceSource.headers.map(\.text)).map { "\(fnv1a($0))" }
    let lines = ["FCN kernel", file.rawValue, target] + definitions + sources
    return Array((lines.joined(separator: "\n") + "\n\n").utf8)
  }

  /// nil where there is none, or not of exactly this key.
  func image(_ key: [UInt8]) -> [UInt8]? {
    guard let bytes = try? File.read(path(key)), bytes.starts(with: key) else { return nil }
    let rest = bytes.dropFirst(key.count)
    let image = Array(rest.dropFirst(DeviceFunctionCache.hashByteCount))
    return rest.starts(with: DeviceFunctionCache.hashBytes(of: image)) ? image : nil
  }

  /// A cache that cannot be written to is none, and no reason to fail.
  func keep(_ image: [UInt8], _ key: [UInt8]) {
    try? File.makeFolder(folder)
    try? File.write(key + DeviceFunctionCache.hashBytes(of: image) + image, to: path(key))
  }

  private func path(_ key: [UInt8]) -> String {
    "\(folder)/fcn-\(String(DeviceFunctionCache.fnv1a(key), radix: 16)).kernel"
  }

  private static let hashByteCount = 8

  private static func hashBytes(of image: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: fnv1a(image).littleEndian) { Array($0) }
  }

  /// The 64-bit FNV-1a hash (Fowler, Noll and Vo).
  private static func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
  }
}
