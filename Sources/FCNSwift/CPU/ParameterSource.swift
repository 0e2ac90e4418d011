/// Where plans get the parameters of layers from.
protocol ParameterSource {
  /// The tensors of layer `index` of `network`, in the order of its operation's parameters.
  func tensors(of index: Int, in network: Network) throws -> [Tensor]

  /// Says that the tensors of layer `index` will not be read for long.
  func forget(_ index: Int, in network: Network)

  /// Which tensor of layer `index` has an element that is not finite, in words; called where one has.
  func whatIsNotFinite(of index: Int, in network: Network) throws -> String
}

/// A parameter tensor for every name that a network wants.
typealias ParameterTable = [String: Tensor]

extension ParameterTable: ParameterSource {
  func tensors(of index: Int, in network: Network) throws -> [Tensor] {
    try network.parametersByLayer[index].map { specification in
      guard let tensor = self[specification.name] else {
        throw FCNError(.notFound, "the model has no tensor \(specification.name)")
      }
      return tensor
    }
  }

  func forget(_ index: Int, in network: Network) {}
}
