extension DeviceParameterStore {
  /// Copies what `state` holds.
  convenience init(_ state: LearnerState, stateCount: Int, in context: DeviceContext) throws {
    try self.init(state.parameters, stateCount: stateCount, in: context)
    try upload(state)
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
      try body(tensor, try weight(name))
    }
    for parameter in state.learned {
      for (index, tensor) in parameter.state.enumerated() {
        try body(tensor, try self.state(index, parameter.name))
      }
    }
  }
}
