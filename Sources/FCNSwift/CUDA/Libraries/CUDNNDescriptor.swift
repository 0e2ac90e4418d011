/// A descriptor of cuDNN's, destroyed with its last reference, and what it was made of, which lives as
/// long. To be used with the context current.
final class CUDNNDescriptor {
  /// cudnnBackendDescriptorType_t.
  enum Kind: Int32 {
    case pointwise = 0
    case convolution = 1
    case engine = 2
    case configuration = 3
    case heuristics = 4
    case plan = 5
    case forward = 10
    case weightGradient = 11
    case inputGradient = 12
    case pointwiseOperation = 13
    case graph = 15
    case pack = 16
    case tensor = 17
  }

  private let handle: CUDNNHandle
  private let kind: Kind
  fileprivate let descriptor: CUDNN.Descriptor
  private var parts: [CUDNNDescriptor] = []
  private var cudnn: CUDNN { handle.cudnn }

  init(_ kind: Kind, _ handle: CUDNNHandle) throws {
    self.handle = handle
    self.kind = kind
    let cudnn = handle.cudnn
    var descriptor: CUDNN.Descriptor = nil
    try cudnn.check(
      cudnn.cudnnBackendCreateDescriptor(kind.rawValue, &descriptor),
      "cudnnBackendCreateDescriptor of \(kind)")
    self.descriptor = descriptor
  }

  deinit {
    let destroy = handle.cudnn.cudnnBackendDestroyDescriptor
    // What a plan has on the device goes too; of a context that is lost, there is nothing to go.
    let isDestroyed: ()? = try? handle.queue.context.run { _ = destroy(descriptor) }
    if isDestroyed == nil { _ = destroy(descriptor) }
  }

  // MARK: Setting

  func set(_ attribute: CUDNNAttribute, _ values: [Int]) throws {
    try set(attribute, of: values.map { Int64($0) })
  }

  func set(_ attribute: CUDNNAttribute, _ value: Int) throws { try set(attribute, [value]) }

  /// An enumeration's value.
  func set(_ attribute: CUDNNAttribute, _ value: Int32) throws { try set(attribute, of: [value]) }

  func set(_ attribute: CUDNNAttribute, _ value: Float) throws { try set(attribute, of: [value]) }

  func set(_ attribute: CUDNNAttribute, _ value: Bool) throws { try set(attribute, of: [value]) }

  /// The handle that it was made for.
  func setHandle(_ attribute: CUDNNAttribute) throws { try set(attribute, of: [handle.handle]) }

  func set(_ attribute: CUDNNAttribute, addresses: [CUDADriver.Address]) throws {
    try set(attribute, of: addresses)
  }

  func set(_ attribute: CUDNNAttribute, _ descriptors: [CUDNNDescriptor]) throws {
    parts += descriptors
    try set(attribute, of: descriptors.map(\.descriptor))
  }

  func set(_ attribute: CUDNNAttribute, _ descriptor: CUDNNDescriptor) throws {
    try set(attribute, [descriptor])
  }

  private func set<Value>(_ attribute: CUDNNAttribute, of values: [Value]) throws {
    let status = values.withUnsafeBytes {
      cudnn.cudnnBackendSetAttribute(
        descriptor, attribute.number, attribute.type.rawValue, Int64(values.count), $0.baseAddress)
    }
    try cudnn.check(status, "cudnnBackendSetAttribute of CUDNN_ATTR_\(attribute.name)")
  }

  /// Ends the setting, begins the getting.
  func finalize() throws {
    try cudnn.check(cudnn.cudnnBackendFinalize(descriptor), "cudnnBackendFinalize of \(kind)")
  }

  // MARK: Getting

  func integer(_ attribute: CUDNNAttribute) throws -> Int {
    var value: [Int64] = [0]
    return try get(attribute, &value) == 1 ? Int(value[0]) : 0
  }

  /// Values of an enumeration.
  func numbers(_ attribute: CUDNNAttribute, atMost room: Int) throws -> [Int32] {
    var values = [Int32](repeating: 0, count: room)
    let count = try get(attribute, &values)
    return Array(values.prefix(count))
  }

  /// How many values there are.
  func count(_ attribute: CUDNNAttribute) throws -> Int {
    var count: Int64 = 0
    let status = cudnn.cudnnBackendGetAttribute(
      descriptor, attribute.number, attribute.type.rawValue, 0, &count, nil)
    try cudnn.check(status, "cudnnBackendGetAttribute of CUDNN_ATTR_\(attribute.name)")
    return Int(count)
  }

  /// Descriptors of `kind`, at most so many. The library fills in descriptors that exist.
  func descriptors(
    _ attribute: CUDNNAttribute, of kind: Kind, atMost room: Int
  ) throws -> [CUDNNDescriptor] {
    let made = try (0..<room).map { _ in try CUDNNDescriptor(kind, handle) }
    var values = made.map(\.descriptor)
    let count = try get(attribute, &values)
    let filled = Array(made.prefix(count))
    filled.forEach { $0.parts.append(self) }
    return filled
  }

  private func get<Value>(_ attribute: CUDNNAttribute, _ values: inout [Value]) throws -> Int {
    let room = values.count
    var count: Int64 = 0
    let status = values.withUnsafeMutableBytes {
      cudnn.cudnnBackendGetAttribute(
        descriptor, attribute.number, attribute.type.rawValue, Int64(room), &count, $0.baseAddress)
    }
    try cudnn.check(status, "cudnnBackendGetAttribute of CUDNN_ATTR_\(attribute.name)")
    return min(max(Int(count), 0), room)
  }
}

/// A handle of cuDNN's, which works on one stream. One thread at a time, with the context current.
final class CUDNNHandle {
  let cudnn: CUDNN
  let queue: DeviceQueue
  let handle: CUDNN.Handle
  /// What was made with it and is alive.
  private(set) var plans: [CUDNNProblem: WeakPlan] = [:]

  struct WeakPlan {
    weak var plan: CUDNNPlan?
  }

  init(_ cudnn: CUDNN, _ queue: DeviceQueue) throws {
    self.cudnn = cudnn
    self.queue = queue
    var handle: CUDNN.Handle = nil
    try cudnn.check(cudnn.cudnnCreate(&handle), "cudnnCreate")
    // From here on it is destroyed with this object, whatever is thrown.
    self.handle = handle
    try cudnn.check(cudnn.cudnnSetStream(handle, queue.handle), "cudnnSetStream")
  }

  deinit { try? queue.context.run { _ = cudnn.cudnnDestroy(handle) } }

  /// Keeps `plan` at hand as long as somebody uses it.
  func remember(_ plan: CUDNNPlan, for problem: CUDNNProblem) {
    plans = plans.filter { $0.value.plan != nil }
    plans[problem] = WeakPlan(plan: plan)
  }

  /// Hands a plan over, with the addresses in `pack`.
  func execute(_ plan: CUDNNDescriptor, _ pack: CUDNNDescriptor) throws {
    try cudnn.check(
      cudnn.cudnnBackendExecute(handle, plan.descriptor, pack.descriptor), "cudnnBackendExecute")
  }
}
