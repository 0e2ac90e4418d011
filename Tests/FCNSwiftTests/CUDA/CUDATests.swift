import FCNTestSupport
import Testing

@testable import FCNSwift

/// Everything that runs on the fake device, one test after the other: failures that are ordered, and
/// what is counted, concern the whole process.
@Suite(.serialized) struct CUDATests {}

/// The fake device, and ways to run things on it.
enum FakeDevice {
  static func fake() throws -> FakeCUDA { try FakeCUDA.shared.get() }

  /// Libraries that were found anew, with contexts of their own.
  static func makeRuntime(kernelCache: String? = nil) throws -> CUDARuntime {
    try CUDARuntime(
      LibrarySearch(folder: try fake().folder, looksElsewhere: false), kernelCache: kernelCache)
  }

  /// One context with its compiled kernels for all tests that need none of their own.
  static func context() throws -> DeviceContext { try kept.get().context }

  /// A session in that context.
  static func session(
    _ model: Model, _ precision: Precision = .float32, largestBatch: Int = 8,
    without disabledForms: Set<String> = []
  ) throws -> Session {
    try session(
      model, precision, largestBatch: largestBatch, without: disabledForms,
      on: kept.get().runtime)
  }

  /// A session in a context of `runtime`.
  static func session(
    _ model: Model, _ precision: Precision = .float32, largestBatch: Int = 8,
    without disabledForms: Set<String> = [], device: Int = 0, on runtime: CUDARuntime
  ) throws -> Session {
    try Session(
      model: model,
      options: .init(
        threads: 1, largestBatch: largestBatch, disabledForms: disabledForms, precision: precision,
        device: .cuda(device)), findRuntime: { runtime })
  }

  private struct Kept: Sendable {
    let runtime: CUDARuntime
    let context: DeviceContext
  }

  private static let kept = Result {
    let runtime = try makeRuntime()
    return Kept(runtime: runtime, context: try runtime.context(0))
  }
}

extension Precision {
  /// Those that devices have.
  static let onDevices = allCases.filter { $0.deviceElement != nil }

  /// The largest relative error of rounding a number to what convolutions multiply.
  var roundingError: Float {
    switch self {
    case .float32: 0x1p-24
    case .tf32, .float16: 0x1p-11
    case .bfloat16, .int16, .int8: 0x1p-8
    }
  }

  /// `value` as convolutions multiply it.
  func rounded(_ value: Float) -> Float {
    switch self {
    case .float32, .int16, .int8: value
    case .tf32: value.roundedBits(droppingLast: 13)
    case .float16: Float(Float16(value))
    case .bfloat16: value.roundedBits(droppingLast: 16)
    }
  }
}

extension Float {
  /// The nearest number whose last `count` bits are zero; of two, the even one.
  fileprivate func roundedBits(droppingLast count: Int) -> Float {
    guard isFinite else { return self }
    let half = UInt32(1) << (count - 1)
    let odd = bitPattern >> UInt32(count) & 1
    return Float(bitPattern: (bitPattern + half - 1 + odd) & (.max << UInt32(count)))
  }
}

extension DeviceElement {
  /// `values` in this type, and back.
  func encode(_ values: [Float], _ loader: DeviceLoader) throws -> DeviceMemory {
    switch self {
    case .float32: try loader.upload(values)
    case .float16: try loader.upload(values.map { Float16($0).bitPattern })
    case .bfloat16:
      try loader.upload(
        values.map { value in
          let rounded = value.isNaN ? value : value.roundedBits(droppingLast: 16)
          return UInt16(truncatingIfNeeded: rounded.bitPattern >> 16)
        })
    }
  }

  func decode(_ bytes: UnsafeRawPointer, count: Int) -> [Float] {
    (0..<count).map { index in
      switch self {
      case .float32: return bytes.load(fromByteOffset: index * 4, as: Float.self)
      case .float16:
        return Float(Float16(bitPattern: bytes.load(fromByteOffset: index * 2, as: UInt16.self)))
      case .bfloat16:
        let high = bytes.load(fromByteOffset: index * 2, as: UInt16.self)
        return Float(bitPattern: UInt32(high) << 16)
      }
    }
  }
}
