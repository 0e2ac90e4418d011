/// The parameters of a training on a device, their gradients and the optimizer's tensors: float32, in
/// the model's own order, each followed by zeros up to a multiple of 64.
final class DeviceParameterStore {
  private let places: [String: Range<Int>]
  private let weights: DeviceMemory
  private let gradients: DeviceMemory
  /// One for each of the optimizer's tensors.
  private let states: [DeviceMemory]
  let context: DeviceContext

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
      try loader.copy(
        UnsafeBufferPointer(start: tensor.pointer, count: tensor.shape.count), to: weight(name))
    }
  }

  /// Elements of parameter `name`. This and what follows throw `internalDefect` where there is none.
  func count(_ name: String) throws -> Int { try place(name).count }

  /// Where parameter `name` begins.
  func weight(_ name: String) throws -> CUDADriver.Address { try address(name, in: weights) }

  /// Where its gradient begins.
  func gradient(_ name: String) throws -> CUDADriver.Address { try address(name, in: gradients) }

  /// Where the optimizer's tensor `index` of it begins.
  func state(_ index: Int, _ name: String) throws -> CUDADriver.Address {
    guard states.indices.contains(index) else {
      throw FCNError(.internalDefect, "the optimizer's tensor \(index) of \(name) was lost")
    }
    return try address(name, in: states[index])
  }

  private func address(_ name: String, in memory: DeviceMemory) throws -> CUDADriver.Address {
    memory.address + UInt64(try place(name).lowerBound * 4)
  }

  private func place(_ name: String) throws -> Range<Int> {
    guard let place = places[name] else {
      throw FCNError(.internalDefect, "the parameter \(name) was lost")
    }
    return place
  }
}
