extension Model {
  /// Throws `notFinite`, with the tensor's name, where a weight is NaN or infinite. Reads all of them.
  public func checkFinite() throws {
    for weight in orderedWeights { try weight.checkFinite() }
  }
}

extension WeightTensor {
  /// Throws `notFinite` where an element is NaN or infinite as float32. Reads all of them.
  func checkFinite() throws {
    let index = try withFloats { floats -> Int? in
      guard let base = floats.baseAddress, !areFinite(base, floats.count) else { return nil }
      return floats.firstIndex { !$0.isFinite }
    }
    forgetPages()
    guard let index else { return }
    let value = try withFloats { $0[index] }
    throw FCNError(
      .notFinite,
      "tensor \(quoted(name)): element \(index) is \(value). The file is damaged, "
        + "or its training diverged; use another one")
  }
}
