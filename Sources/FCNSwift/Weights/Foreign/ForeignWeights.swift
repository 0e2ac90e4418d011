/// The float tensors of a file that another framework wrote, before anybody knows which network they
/// belong to.
///
/// Names are the file's, with its parameters called as PyTorch calls them: `conv1_1/W` of a Chainer
/// file and the first blob of Caffe's layer `conv1_1` are both `conv1_1.weight`. Values and shapes
/// are the file's own.
public struct ForeignWeights: Sendable {
  /// Which framework wrote the file.
  public enum Format: String, Sendable, CaseIterable {
    /// A Caffe `.caffemodel`, a serialised NetParameter.
    case caffe
    /// A Chainer `.npz`, or a pickle of arrays or of a Chainer model.
    case chainer
    /// A PyTorch `.pth` or `.pt`, of either form.
    case pytorch
    /// A safetensors file.
    case safetensors
  }

  /// Which framework wrote the file.
  public let format: Format
  /// Every float tensor, each name once, in the file's order.
  public let tensors: [WeightTensor]
  /// How pictures are prepared for them, where the file says so: our own do.
  public let preprocessing: Preprocessing?
  /// What the file calls its network: texts and names of classes, likeliest first.
  public let statedNames: [String]
  /// All that a model file of our own says of itself, nil for any other.
  public let description: ModelDescription?
  /// Float tensors that the file holds in other dictionaries, such as weights averaged over a training.
  let besides: [Beside]

  /// A tensor that is told of and not read.
  struct Beside: Sendable {
    /// Its dictionary's key, a dot and its own.
    let name: String
    /// How many axes it has.
    let rank: Int
  }

  /// Makes the weights of their parts.
  init(
    format: Format, tensors: [WeightTensor], preprocessing: Preprocessing? = nil,
    statedNames: [String] = [], description: ModelDescription? = nil, besides: [Beside] = []
  ) {
    self.format = format
    self.tensors = tensors
    self.preprocessing = preprocessing
    self.statedNames = statedNames
    self.description = description
    self.besides = besides
  }
}
