/// A training as far as nobody names how it is to be: one that goes on is what its checkpoint says,
/// another what its recipe has, which for `modern` is what suits the facts.
public struct UsualTraining: Sendable {
  /// What it follows from.
  public let facts: TrainingFacts
  /// The training that goes on; nil where one begins.
  public let saved: SavedTraining?
  /// Whose settings count where nobody names one.
  public let recipe: Recipe

  /// What a fresh network has.
  public struct Network: Sendable {
    /// Width, batch normalisation, heads; its numbers of classes and input channels do not count.
    public var options = ArchitectureOptions(classes: 1)
    /// How pictures are prepared: that of a training which goes on. It comes before that of weights to
    /// begin with; nil leaves it to those.
    public var preprocessing: Preprocessing?
    /// The size rule, where the preprocessing leaves pictures as they are; nil for none.
    public var size: Preprocessing.SizeRule?

    /// A whole network without batch normalisation.
    public init() {}
  }

  /// A training of `facts`, or that of `saved` going on.
  public init(_ facts: TrainingFacts, saved: SavedTraining?, recipe: Recipe = .modern) {
    (self.facts, self.saved, self.recipe) = (facts, saved, recipe)
  }

  /// A fresh network of `architecture`.
  public func network(_ architecture: Architecture) -> Network {
    var network = Network()
    if let description = saved?.description {
      (network.options, network.preprocessing) = (description.options, description.preprocessing)
      return network
    }
    // A published recipe's network is whole.
    guard recipe.isSuited else { return network }
    var facts = facts
    facts.offersWidth = architecture.choices.contains(.width) && !architecture.isSmall
    facts.offersBatchNorm = architecture.choices.contains(.batchNorm)
    let suited = SuitedTraining(facts)
    (network.options.width, network.options.batchNorm) = (suited.width, suited.batchNorm)
    network.size = suited.longestSide.map { .atMost($0) }
    return network
  }

  /// How `model` is trained. Of a published recipe that goes on what decides the numbers is the recipe's
  /// too: what differs is told by name.
  public func options(of model: Model) -> TrainingOptions {
    guard recipe.isSuited else {
      var options = recipe.options
      saved.map { options.takeKept(of: $0.options) }
      return options
    }
    let suited = SuitedTraining(facts.of(model)).options
    guard let saved else { return suited }
    var options = saved.options
    if !saved.knowsEvaluationInterval { options.evaluationInterval = suited.evaluationInterval }
    return options
  }
}

extension Architecture {
  /// Whether its whole network has so little to compute that it need not be narrower to be trained on a few
  /// cores: no more than a quarter-wide `fcn-simple` twice over, 50,000 multiplications for a pixel.
  var isSmall: Bool {
    guard let network = try? network(ArchitectureOptions(classes: 21)) else { return false }
    let side = roundUp(256, toMultipleOf: network.stride)
    let input = Shape(1, network.inputChannels, side, side)
    guard let multiplications = try? network.multiplications(for: input) else { return false }
    return multiplications / input.planeCount <= 50_000
  }
}

extension Network {
  /// Multiplications of its convolutions for an input of `shape`, as their definitions read.
  fileprivate func multiplications(for shape: Shape) throws -> Int {
    let shapes = try shapes(for: shape)
    return zip(layers, zip(inputIndices, shapes)).reduce(0) { total, layer in
      let (inputs, output) = layer.1
      let input = inputs[0] < 0 ? shape : shapes[inputs[0]]
      switch layer.0.operation {
      case let convolution as Convolution:
        let kernel = convolution.window.kernel
        return total + output.pictureCount * (input.c / convolution.groups) * kernel.h * kernel.w
      case let upsampling as TransposedConvolution:
        let kernel = upsampling.window.kernel
        return total + input.pictureCount * (output.c / upsampling.groups) * kernel.h * kernel.w
      default: return total
      }
    }
  }
}
