/// Foreign weights under the names that our networks have, as far as the naming was recognised.
public struct TranslatedWeights: Sendable {
  /// Whose names a file's tensors have.
  public enum Naming: String, Sendable {
    /// conv1_1 … fc7 and the scores: Caffe's VGG16 and FCNs, and what follows them in Chainer and
    /// PyTorch.
    case vgg16
    /// conv1 … fc7: Caffe's AlexNet and its FCN.
    case alexNet
    /// features.0 … classifier.6: torchvision's VGG16, with or without batch normalisation.
    case torchvisionVGG16
    /// backbone.conv1 …: torchvision's segmentation networks, and others with their heads.
    case torchvisionFCN
    /// encoder.conv1 …: segmentation_models_pytorch's.
    case segmentationModels
    /// init_conv.0.conv …, layers.2.conv1x1 …: DABNet, EDANet and others under their own programs' names.
    case ownProgram
    /// conv1, layer1.0.conv1 … fc: classifying networks whose trunks are ours: torchvision's ResNets and
    /// MobileNets, EfficientNet-PyTorch's, timm's MobileNetV3.
    case classifier
    /// Nobody's that is known; tensors keep their names.
    case unknown
  }

  /// Which framework wrote the file.
  public let format: ForeignWeights.Format
  /// Whose names the file's tensors have.
  public let naming: Naming
  /// The tensors under our names; shapes are still the file's.
  public internal(set) var tensors: [WeightTensor]
  /// Tensors that stand beside the network's under another prefix, such as an optimizer's.
  let others: [WeightTensor]
  /// In the file, but in other dictionaries than theirs.
  let besides: [ForeignWeights.Beside]
  /// The file's names of all these.
  public var setAside: [String] { others.map(\.name) + besides.map(\.name) }
  /// What the file calls its network: texts and names of classes, likeliest first.
  let statedNames: [String]

  /// What the file itself says of preprocessing.
  let statedPreprocessing: Preprocessing?
  /// All that a model file of our own says of itself.
  var description: ModelDescription?

  /// The network that the file describes, where it is a model file of one that no architecture makes.
  public var graph: NetworkGraph? { description?.graph }

  /// How pictures are prepared for networks with such weights, nil where that is not known: as the
  /// file says; blue, green, red and Caffe's means for all that descend from Caffe; torchvision's for
  /// torchvision's.
  public var preprocessing: Preprocessing? {
    if let statedPreprocessing { return statedPreprocessing }
    return switch naming {
    case .vgg16, .alexNet: format == .safetensors ? nil : .caffe
    case .torchvisionVGG16, .torchvisionFCN, .segmentationModels, .ownProgram, .classifier:
      .torchvision
    case .unknown: nil
    }
  }

  /// The tensor under our name `name`.
  func tensor(named name: String) -> WeightTensor? { tensors.first { $0.name == name } }
}

extension ForeignWeights {
  /// A tensor that every file of a naming has, the first one that is found deciding. Those with more
  /// components come first, since the others are their ends.
  private static let anchors: [(name: String, naming: TranslatedWeights.Naming)] = [
    ("conv1_1.weight", .vgg16), ("features.0.weight", .torchvisionVGG16),
    ("backbone.conv1.weight", .torchvisionFCN), ("backbone.0.0.weight", .torchvisionFCN),
    ("backbone._conv_stem.weight", .torchvisionFCN),
    ("encoder.conv1.weight", .segmentationModels),
    ("encoder.features.0.0.weight", .segmentationModels),
    ("encoder._conv_stem.weight", .segmentationModels),
    ("encoder.conv_stem.weight", .segmentationModels),
    ("inc.double_conv.0.weight", .ownProgram), ("firstconv.weight", .ownProgram),
    ("init_conv.0.conv.weight", .ownProgram), ("layers.2.conv1x1.weight", .ownProgram),
    ("layer1.0.conv1.weight", .classifier), ("features.0.0.weight", .classifier),
    ("_conv_stem.weight", .classifier), ("conv_stem.weight", .classifier),
    ("conv1.weight", .alexNet),
  ]

  /// Recognises the naming and gives the tensors our names, after those that `renamings` give them.
  /// Prefixes that the network's tensors share, such as `predictor.`, are taken off, and so are the
  /// words of wrappers, such as `_orig_mod.`, wherever they stand.
  ///
  /// Throws `invalidArgument` where two prefixes hold a network each or one old name gets two new
  /// ones, `corrupt` where two tensors come to the same name, `notFound` where there is nothing of
  /// the old name of a renaming.
  public func translated(_ renamings: [Renaming] = []) throws -> TranslatedWeights {
    let tensors = try Renaming.apply(renamings, to: self.tensors)
    if let graph = description?.graph {
      // Its layers may be called as others' are; their names are its own.
      let names = Set(graph.network.parameters.map(\.name))
      return TranslatedWeights(
        format: format, naming: .unknown, tensors: tensors.filter { names.contains($0.name) },
        others: tensors.filter { !names.contains($0.name) }, besides: besides,
        statedNames: statedNames,
        statedPreprocessing: preprocessing, description: description)
    }
    var found: (anchor: String, naming: TranslatedWeights.Naming, prefixes: [String])?
    for (anchor, naming) in Self.anchors where found == nil {
      var prefixes = tensors.compactMap { TensorNames.lead(of: $0.name, before: anchor) }
      if naming == .alexNet, prefixes.count > 1 {
        // Many networks have parts with a layer called conv1; AlexNet's has four more beside it.
        let names = Set(tensors.map(\.name))
        prefixes = prefixes.filter { names.contains("\($0)conv5.weight") }
      }
      if !prefixes.isEmpty { found = (anchor, naming, prefixes) }
    }
    guard let (_, naming, prefixes) = found else {
      return TranslatedWeights(
        format: format, naming: .unknown, tensors: tensors, others: [], besides: besides,
        statedNames: statedNames,
        statedPreprocessing: preprocessing, description: description)
    }
    guard let prefix = prefixes.first, prefixes.count == 1 else {
      throw FCNError(
        .invalidArgument,
        "the file holds \(prefixes.count) networks, under the prefixes "
          + listed(prefixes.map { quoted($0) }, most: 6) + "; one is wanted")
    }
    let own = tensors.filter { $0.name.hasPrefix(prefix) }
    let unprefixed = own.map {
      $0.named(TensorNames.unwrapped(String($0.name.dropFirst(prefix.count))))
    }
    let translated: [WeightTensor]
    switch naming {
    case .torchvisionVGG16: translated = try VGG16.renamed(unprefixed)
    case .classifier: translated = unprefixed.map { $0.named(TensorNames.inClassifier($0.name)) }
    default: translated = unprefixed
    }
    var names: Set<String> = []
    for tensor in translated where !names.insert(tensor.name).inserted {
      throw FCNError(.corrupt, "two tensors of the file come to the name \(quoted(tensor.name))")
    }
    return TranslatedWeights(
      format: format, naming: naming, tensors: translated,
      others: tensors.filter { !$0.name.hasPrefix(prefix) }, besides: besides,
      statedNames: statedNames,
      statedPreprocessing: preprocessing, description: description)
  }
}

extension VGG16 {
  /// torchvision's numbered layers under VGG16's own names, conv1_1 … fc8. Its convolutions have a
  /// bias even before a batch normalisation, where ours have none: taken off the running mean
  /// instead, it changes nothing.
  fileprivate static func renamed(_ tensors: [WeightTensor]) throws -> [WeightTensor] {
    // With batch normalisation a convolution's number is followed by the normalisation's.
    let hasBatchNorm = tensors.contains { $0.name == "features.1.running_mean" }
    var names = ["classifier.0": "fc6", "classifier.3": "fc7", "classifier.6": "fc8"]
    var number = 0
    for name in convolutionNames {
      if name.hasSuffix("_1"), number > 0 { number += 1 }  // the pool of the group before
      names["features.\(number)"] = "conv\(name)"
      if hasBatchNorm { names["features.\(number + 1)"] = "bn\(name)" }
      number += hasBatchNorm ? 3 : 2
    }
    var result = tensors.map { tensor in
      guard let dot = tensor.name.lastIndex(of: "."), let layer = names[String(tensor.name[..<dot])]
      else { return tensor }
      return tensor.named(layer + tensor.name[dot...])
    }
    guard hasBatchNorm else { return result }
    for name in convolutionNames {
      guard let bias = result.firstIndex(where: { $0.name == "conv\(name).bias" }),
        let mean = result.firstIndex(where: { $0.name == "bn\(name).running_mean" })
      else { continue }
      let shifted = zip(result[mean].floats, result[bias].floats).map { $0 - $1 }
      if shifted.count == result[mean].count {
        result[mean] = try WeightTensor(
          name: result[mean].name, shape: result[mean].shape, floats: shifted)
        result.remove(at: bias)
      }
    }
    return result
  }
}
