/// A product of matrices as cuBLASLt is asked for it: output = input · weightsᵀ + residual + bias,
/// rectified. A row of input, residual and output is a pixel; in the library's order of columns they
/// are all turned: a column is a pixel.
struct CUBLASLtProblem: Hashable {
  let pixels: Int
  /// Channels, whole groups.
  let inputs, outputs: Int
  let element, outputElement: DeviceElement
  let strides: Strides
  let rectifies: Bool
  let precision: Precision

  /// Elements from a pixel to the next, more than channels in windows; no residual without one.
  struct Strides: Hashable {
    let input, output: Int
    let residual: Int?

    /// nil where pixels do not follow each other in even steps.
    init?(_ request: DeviceRequest) {
      guard let input = request.inputs[0].evenStride, let output = request.output.evenStride
      else { return nil }
      (self.input, self.output) = (input, output)
      guard request.epilogue.addsResidual else {
        residual = nil
        return
      }
      guard let stride = request.inputs[1].evenStride else { return nil }
      residual = stride
    }
  }
}

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

/// A product and its matrices, described, and what the heuristics propose for it. To be used with the
/// context current.
final class CUBLASLtProduct {
  let handle: CUBLASLtHandle
  private let problem: CUBLASLtProblem
  private var cublasLt: CUBLASLt { handle.cublasLt }
  private var product: CUBLASLt.Descriptor = nil
  private var weights: CUBLASLt.Descriptor = nil
  private var input: CUBLASLt.Descriptor = nil
  private var output: CUBLASLt.Descriptor = nil
  /// Of what is added; the output, times zero, where nothing is.
  private var residual: CUBLASLt.Descriptor = nil

  /// A way to carry it out: cublasLtMatmulAlgo_t, which is plain memory.
  struct Algorithm {
    fileprivate let words: [UInt64]
    let workspaceByteCount: Int
  }

  /// What it works on.
  struct Addresses {
    let weights, bias, input, residual, output, workspace: CUDADriver.Address
  }

  init(_ problem: CUBLASLtProblem, _ handle: CUBLASLtHandle) throws {
    self.problem = problem
    self.handle = handle
    let cublasLt = handle.cublasLt
    let computeType: Int32 =
      problem.precision == .tf32 ? Value.float32ByTF32 : Value.float32
    try cublasLt.check(
      cublasLt.cublasLtMatmulDescCreate(&product, computeType, DeviceElement.float32.cudaType),
      "cublasLtMatmulDescCreate")
    // Weights are [outputs][inputs] by rows, so inputs×outputs by columns, and turned.
    let strides = problem.strides
    weights = try layout(problem.inputs, problem.outputs, problem.element, problem.inputs)
    input = try layout(problem.inputs, problem.pixels, problem.element, strides.input)
    output = try layout(problem.outputs, problem.pixels, problem.outputElement, strides.output)
    residual = try layout(
      problem.outputs, problem.pixels, problem.outputElement, strides.residual ?? strides.output)
    try set("TRANSA", Value.turnsFirst, Value.turned)
    try set("TRANSB", Value.turnsSecond, Value.plain)
    try set("EPILOGUE", Value.epilogue, problem.rectifies ? Value.biasAndRectify : Value.bias)
    try set("BIAS_DATA_TYPE", Value.biasType, problem.outputElement.cudaType)
  }

  deinit {
    for layout in [weights, input, output, residual] where layout != nil {
      _ = cublasLt.cublasLtMatrixLayoutDestroy(layout)
    }
    if product != nil { _ = cublasLt.cublasLtMatmulDescDestroy(product) }
  }

  private func layout(
    _ rows: Int, _ columns: Int, _ element: DeviceElement, _ stride: Int
  ) throws -> CUBLASLt.Descriptor {
    var layout: CUBLASLt.Descriptor = nil
    try cublasLt.check(
      cublasLt.cublasLtMatrixLayoutCreate(
        &layout, element.cudaType, UInt64(rows), UInt64(columns), Int64(stride)),
      "cublasLtMatrixLayoutCreate of \(rows)×\(columns)")
    return layout
  }

  private func set<Setting>(_ name: String, _ attribute: Int32, _ value: Setting) throws {
    let status = withUnsafeBytes(of: value) {
      cublasLt.cublasLtMatmulDescSetAttribute(product, attribute, $0.baseAddress, $0.count)
    }
    try cublasLt.check(
      status, "cublasLtMatmulDescSetAttribute of CUBLASLT_MATMUL_DESC_\(name)")
  }

  /// Best first, at most eight. Throws `unsupported` where there is none.
  func algorithms() throws -> [Algorithm] {
    // Heuristics look at its alignment, not behind it.
    try set("BIAS_POINTER", Value.biasAddress, UInt64(DeviceTrial.alignment))
    var preference: CUBLASLt.Descriptor = nil
    try cublasLt.check(
      cublasLt.cublasLtMatmulPreferenceCreate(&preference), "cublasLtMatmulPreferenceCreate")
    defer { _ = cublasLt.cublasLtMatmulPreferenceDestroy(preference) }
    func prefer<Setting>(_ name: String, _ attribute: Int32, _ value: Setting) throws {
      let status = withUnsafeBytes(of: value) {
        cublasLt.cublasLtMatmulPreferenceSetAttribute(
          preference, attribute, $0.baseAddress, $0.count)
      }
      try cublasLt.check(
        status, "cublasLtMatmulPreferenceSetAttribute of CUBLASLT_MATMUL_PREF_\(name)")
    }
    try prefer("MAX_WORKSPACE_BYTES", Value.mostWorkspace, DeviceTrial.mostWorkspace)
    // Parts of a sum are added as float32.
    try prefer("REDUCTION_SCHEME_MASK", Value.reductionSchemes, Value.reducesInFloat32)
    for (letter, attribute) in zip(["A", "B", "C", "D"], Value.leastAlignments) {
      try prefer("MIN_ALIGNMENT_\(letter)_BYTES", attribute, UInt32(16))
    }
    let most = 8
    let results = UnsafeMutableRawBufferPointer.allocate(
      byteCount: most * Value.resultByteCount, alignment: 8)
    defer { results.deallocate() }
    results.initializeMemory(as: UInt8.self, repeating: 0)
    guard let base = results.baseAddress else { return [] }
    var count: Int32 = 0
    try cublasLt.check(
      cublasLt.cublasLtMatmulAlgoGetHeuristic(
        handle.handle, product, weights, input, residual, output, preference, Int32(most), base,
        &count), "cublasLtMatmulAlgoGetHeuristic")
    return (0..<min(max(Int(count), 0), most)).compactMap { index in
      // cublasLtMatmulHeuristicResult_t: the algorithm, bytes of workspace, a status, and more.
      let result = base + index * Value.resultByteCount
      guard result.load(fromByteOffset: 72, as: Int32.self) == 0 else { return nil }
      return Algorithm(
        words: (0..<8).map { result.load(fromByteOffset: 8 * $0, as: UInt64.self) },
        workspaceByteCount: result.load(fromByteOffset: 64, as: Int.self))
    }
  }

  /// Hands it over.
  func enqueue(_ algorithm: Algorithm, _ addresses: Addresses) throws {
    try set("BIAS_POINTER", Value.biasAddress, addresses.bias)
    let addsResidual = problem.strides.residual != nil
    let (one, factor): (Float, Float) = (1, addsResidual ? 1 : 0)
    let status = withUnsafePointer(to: one) { one in
      withUnsafePointer(to: factor) { factor in
        algorithm.words.withUnsafeBytes { words -> CUBLASLt.Status in
          guard let words = words.baseAddress else { return -1 }
          return cublasLt.cublasLtMatmul(
            handle.handle, product, one, addresses.weights, weights, addresses.input, input, factor,
            addsResidual ? addresses.residual : addresses.output, residual, addresses.output,
            output, words, algorithm.workspaceByteCount == 0 ? 0 : addresses.workspace,
            algorithm.workspaceByteCount, handle.queue.handle)
        }
      }
    }
    try cublasLt.check(status, "cublasLtMatmul")
  }

  /// Numbers of cublasLt.h.
  private enum Value {
    /// CUBLAS_COMPUTE_32F and CUBLAS_COMPUTE_32F_FAST_TF32.
    static let (float32, float32ByTF32): (Int32, Int32) = (68, 77)
    static let (plain, turned): (Int32, Int32) = (0, 1)
    static let (bias, biasAndRectify): (UInt32, UInt32) = (4, 6)
    // CUBLASLT_MATMUL_DESC_TRANSA, …_TRANSB, …_EPILOGUE, …_BIAS_POINTER, …_BIAS_DATA_TYPE.
    static let turnsFirst: Int32 = 3
    static let turnsSecond: Int32 = 4
    static let epilogue: Int32 = 7
    static let biasAddress: Int32 = 8
    static let biasType: Int32 = 26
    // CUBLASLT_MATMUL_PREF_…; CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE.
    static let mostWorkspace: Int32 = 1
    static let reductionSchemes: Int32 = 3
    static let leastAlignments: [Int32] = [5, 6, 7, 8]
    static let reducesInFloat32: UInt32 = 2
    static let resultByteCount = 96
  }
}

extension DeviceElement {
  /// cudaDataType.
  fileprivate var cudaType: Int32 {
    switch self {
    case .float32: 0
    case .float16: 2
    case .bfloat16: 14
    }
  }
}
