extension TranslatedWeights {
  /// The weights in the file at `path`, of any kind that `Import.read` reads; an ONNX file's with the network
  /// that it is. Errors as `Import.read` but that nothing need be recognised.
  public init(contentsOf path: String) throws {
    let storage = try ByteStorage(mapping: path)
    if case .onnx = WeightsFileKind(of: storage.bytes),
      case .model(let model) = try Import.read(path)
    {
      self.init(
        format: .safetensors, naming: .unknown, tensors: model.orderedWeights, others: [],
        besides: [], statedNames: [], statedPreprocessing: model.description.preprocessing,
        description: model.description)
    } else {
      self = try FCNSwift.naming(path) { try ForeignWeights(storage).translated() }
    }
  }

  /// The network that the weights belong to, as far as they say or names and shapes tell: of
  /// `architecture` where one is asked for, else of whichever it is; nil where it cannot be told.
  /// Nil of a graph too. Weights of one architecture may be a start for another, with the same width
  /// and the same batch normalisation.
  public func network(
    of architecture: Architecture? = nil
  ) throws -> (architecture: Architecture, options: ArchitectureOptions)? {
    if let description, description.graph == nil {
      let own = try Architecture.named(description.architecture)
      guard let architecture, architecture.name != own.name else {
        return (own, description.options)
      }
    }
    if let architecture {
      guard let guess = try ArchitectureGuess.best(architecture, withTrunk(of: architecture)),
        !guess.fitted.isEmpty
      else {
        return nil
      }
      return (architecture, guess.options)
    }
    guard case .model(let model)? = try? recognized(), model.description.graph == nil else {
      return nil
    }
    return (try Architecture.named(model.description.architecture), model.description.options)
  }

  /// The same with what is in a trunk called as in `architecture`.
  private func withTrunk(of architecture: Architecture) -> TranslatedWeights {
    guard let first = architecture.firstWeight, let within = TensorNames.inTrunk(first) else {
      return self
    }
    var renamed = self
    renamed.tensors = tensors.map { tensor in
      TensorNames.inTrunk(tensor.name).map { tensor.named(first.dropLast(within.count) + $0) }
        ?? tensor
    }
    return renamed
  }
}
