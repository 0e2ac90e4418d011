/// Where plans get the parameters of layers from.
protocol ParameterSource {
  /// The tensors of layer `index` of `network`, in the order of its operation's parameters; what has to be
  /// computed for that the threads of `pool` do, if there are any.
  func tensors(of index: Int, in network: Network, _ pool: WorkerPool?) throws -> [Tensor]

  /// Says that the tensors of layer `index` will not be read for long.
  func forget(_ index: Int, in network: Network)

  /// Which tensor of layer `index` has an element that is not finite, in words; called where one has.
  func whatIsNotFinite(of index: Int, in network: Network) throws -> String
}

/// A parameter tensor for every name that a network wants.
typealias ParameterTable = [String: Tensor]

extension ParameterTable: ParameterSource {
  func tensors(of index: Int, in network: Network, _ pool: WorkerPool?) throws -> [Tensor] {
    try network.parametersByLayer[index].map { specification in
      guard let tensor = self[specification.name] else {
        throw FCNError(.notFound, "the model has no tensor \(specification.name)")
      }
      return tensor
    }
  }

  func forget(_ index: Int, in network: Network) {}
}

extension ParameterSource {
  func tensors(of index: Int, in network: Network) throws -> [Tensor] {
    try tensors(of: index, in: network, nil)
  }

  /// The tensors of layer `index`, for kernels to read or pack. Throws `notFinite`, with the layer and
  /// the tensor, where an element is NaN or infinite.
  func finiteTensors(
    of index: Int, in network: Network, _ pool: WorkerPool? = nil
  ) throws -> [Tensor] {
    let tensors = try tensors(of: index, in: network, pool)
    guard tensors.allSatisfy({ isFinite($0, pool) }) else {
      throw FCNError(
        .notFinite,
        "layer \(network.layers[index].name): \(try whatIsNotFinite(of: index, in: network)). "
          + "The model is damaged, or its training diverged; use another one")
    }
    return tensors
  }

  /// Which tensor of layer `index` has an element that is not finite, and which element that is.
  func whatIsNotFinite(of index: Int, in network: Network) throws -> String {
    try namedFault(
      zip(network.parametersByLayer[index].map(\.name), tensors(of: index, in: network)))
      ?? "a weight is not finite"
  }

  /// The first of `tensors` that is not finite, in words.
  func namedFault(_ tensors: some Sequence<(String, Tensor)>) -> String? {
    for (name, tensor) in tensors {
      if let fault = tensor.firstNotFinite { return "\(fault) in \(name)" }
    }
    return nil
  }
}
