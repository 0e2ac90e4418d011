/// The whole state of a training after an epoch: weights in float32, the optimizer's tensors, and
/// how far it is. A safetensors file, so that any tool can look into it; optimizer tensors are named
/// `optimizer.<state>.<parameter>`.
struct Checkpoint {
  /// Epochs that are done.
  var epoch: Int
  /// The best mean IU on the test pictures so far, and the epoch that had it; NaN before the first.
  var best: (meanIU: Double, epoch: Int)
  /// Seconds that training has taken so far, over all its runs.
  var seconds: Double
  /// `TrainingOptions.decisive` of the training.
  var options: [String: String]
  /// The model's description, which also says what its network is.
  var description: ModelDescription
  /// By parameter name.
  var parameters: [String: WeightTensor]
  /// By parameter name, in the order of `Optimizer.stateNames`.
  var optimizerState: [String: [WeightTensor]]

  static let prefix = "training."

  /// Writes it to `path` under a temporary name that is renamed once whole.
  func write(to path: String, _ optimizer: Optimizer) throws {
    var metadata = description.metadata
    metadata["fcn.kind"] = "checkpoint"
    metadata["\(Self.prefix)epoch"] = "\(epoch)"
    metadata["\(Self.prefix)best_epoch"] = "\(best.epoch)"
    metadata["\(Self.prefix)best_mean_iu"] = "\(best.meanIU)"
    metadata["\(Self.prefix)seconds"] = "\(seconds)"
    for (name, value) in options { metadata["\(Self.prefix)option.\(name)"] = value }
    var tensors = Array(parameters.values)
    for (name, state) in optimizerState {
      for (stateName, tensor) in zip(optimizer.stateNames, state) {
        tensors.append(tensor.named("optimizer.\(stateName).\(name)"))
      }
    }
    try naming(path) { try Safetensors.write(tensors, metadata: metadata, to: path) }
  }

  /// Reads the checkpoint at `path`.
  init(contentsOf path: String, _ optimizer: Optimizer) throws {
    let file = try Safetensors(contentsOf: path)
    self = try naming(path) { try Checkpoint(file, optimizer) }
  }

  private init(_ file: Safetensors, _ optimizer: Optimizer) throws {
    let metadata = file.metadata
    guard metadata["fcn.kind"] == "checkpoint" else {
      throw FCNError(
        .unsupported,
        "this is not a checkpoint; to train on from a model, name it as the one to start from")
    }
    func value<Value: LosslessStringConvertible>(_ name: String) throws -> Value {
      guard let text = metadata[Self.prefix + name], let value = Value(text) else {
        throw FCNError(.corrupt, "the checkpoint has no proper \(Self.prefix)\(name)")
      }
      return value
    }
    epoch = try value("epoch")
    best = (try value("best_mean_iu"), try value("best_epoch"))
    seconds = try value("seconds")
    options = Self.options(in: metadata)
    description = try ModelDescription(metadata: metadata)
    parameters = [:]
    optimizerState = [:]
    for parameter in try Architecture.named(description.architecture)
      .network(description.options).parameters
    {
      let tensor = try file.tensor(named: parameter.name)
      guard tensor.shape == parameter.shape else {
        throw FCNError(
          .corrupt,
          "tensor \(parameter.name) is \(tensor.shape); the network wants \(parameter.shape)")
      }
      parameters[parameter.name] = tensor
      let state = optimizer.stateNames.map { "optimizer.\($0).\(parameter.name)" }
      guard state.allSatisfy({ file.entry(named: $0) != nil }) else { continue }
      optimizerState[parameter.name] = try state.map { try file.tensor(named: $0) }
    }
  }

  /// The options that `metadata` holds.
  static func options(in metadata: [String: String]) -> [String: String] {
    let optionPrefix = "\(prefix)option."
    return metadata.reduce(into: [:]) {
      if $1.key.hasPrefix(optionPrefix) {
        $0[String($1.key.dropFirst(optionPrefix.count))] = $1.value
      }
    }
  }

  init(
    epoch: Int, best: (meanIU: Double, epoch: Int), seconds: Double, options: [String: String],
    description: ModelDescription, parameters: [String: WeightTensor],
    optimizerState: [String: [WeightTensor]]
  ) {
    self.epoch = epoch
    self.best = best
    self.seconds = seconds
    self.options = options
    self.description = description
    self.parameters = parameters
    self.optimizerState = optimizerState
  }

  /// Throws `invalidArgument` that names each option which differs from those of `other`. The length
  /// may differ where `mayExtend` says so.
  func checkOptions(_ other: [String: String], mayExtend: Bool) throws {
    let lengths: Set = ["epochs", "iterations"]
    var different = Set(options.keys).union(other.keys).sorted().filter { options[$0] != other[$0] }
    if mayExtend { different.removeAll { lengths.contains($0) } }
    guard !different.isEmpty else { return }
    let isLength = different.allSatisfy { lengths.contains($0) }
    throw FCNError(
      .invalidArgument,
      "the training to resume was started with other options: "
        + different.map {
          "\(spelledOut($0)) was \(options[$0] ?? "not set"), is \(other[$0] ?? "not set")"
        }.joined(separator: "; ")
        + (isLength
          ? ". Its learning rate falls to 0 over its whole length, so another length is another "
            + "training; resume with the same, or start a new one from its best model"
          : "; resume with the same, or start afresh in another folder"))
  }
}
