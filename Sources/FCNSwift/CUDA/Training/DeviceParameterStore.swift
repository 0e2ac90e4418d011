/// The parameters of a training on a device, their gradients and the optimizer's tensors: float32, in
/// the model's own order, each followed by zeros up to a multiple of 64.
final class DeviceParameterStore {
  private let places: [String: Range<Int>]
  private let weights: DeviceMemory
  private let gradients: DeviceMemory
  /// One for each of the optimizer's tensors.
  private let states: [DeviceMemory]
  private let context: DeviceContext

  /// Copies what `state` holds.
  convenience init(_ state: LearnerState, stateCount: Int, in context: DeviceContext) throws {
    try self.init(state.parameters, stateCount: stateCount, in: context)
    try upload(state)
  }

  /// Copies `parameters`; the optimizer's tensors begin as zeros.
  init(_ parameters: ParameterTable, stateCount: Int = 0, in context: DeviceContext) throws {
    var places: [String: Range<Int>] = [:]
    var count = 0
    for (name, tensor) in parameters.sorted(by: { $0.key < $1.key }) {
      places[name] = count..<count + tensor.shape.count
      count = roundUp(count + tensor.shape.count, toMultipleOf: 64)
    }
    self.places = places
    self.context = context
    weights = try DeviceLoader.zeros(count, context)
    gradients = try DeviceLoader.zeros(count, context)
    states = try (0..<stateCount).map { _ in try DeviceLoader.zeros(count, context) }
    let loader = try DeviceLoader(context)
    for (name, tensor) in parameters {
      guard let address = weight(name) else { continue }
      try loader.copy(
        UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count), to: address)
    }
  }

  /// Elements of parameter `name`.
  func count(_ name: String) -> Int { places[name]?.count ?? 0 }

  /// Where parameter `name` begins; nil where there is none.
  func weight(_ name: String) -> CUDADriver.Address? { address(name, in: weights) }

  /// Where its gradient begins.
  func gradient(_ name: String) -> CUDADriver.Address? { address(name, in: gradients) }

  /// Where the optimizer's tensor `index` of it begins.
  func state(_ index: Int, _ name: String) -> CUDADriver.Address? {
    states.indices.contains(index) ? address(name, in: states[index]) : nil
  }

  private func address(_ name: String, in memory: DeviceMemory) -> CUDADriver.Address? {
    places[name].map { memory.address + UInt64($0.lowerBound * 4) }
  }

  /// Copies parameters and optimizer to the device.
  func upload(_ state: LearnerState) throws {
    let loader = try DeviceLoader(context)
    try forEach(state) { tensor, address in
      try loader.copy(
        UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count), to: address)
    }
  }

  /// Copies both back.
  func download(to state: LearnerState) throws {
    let loader = try DeviceLoader(context)
    try forEach(state) { tensor, address in
      try loader.fetch(
        address,
        to: UnsafeMutableBufferPointer(start: tensor.pointer, count: tensor.shape.count))
    }
  }

  private func forEach(
    _ state: LearnerState, _ body: (Tensor, CUDADriver.Address) throws -> Void
  ) throws {
    for (name, tensor) in state.parameters {
      if let address = weight(name) { try body(tensor, address) }
    }
    for parameter in state.learned {
      for (index, tensor) in parameter.state.enumerated() {
        if let address = self.state(index, parameter.name) { try body(tensor, address) }
      }
    }
  }
}
