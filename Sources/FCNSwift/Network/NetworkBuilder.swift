/// Builds a network's list of layers, each taking the one before it unless told otherwise.
struct NetworkBuilder {
  private(set) var layers: [Layer] = []
  /// The layer that was added last.
  private(set) var last = Network.inputName
  /// Scores that training learns from besides the last layer's, and the factors on their losses.
  var auxiliaryScores: [String: Float] = [:]
  /// Of the network's input and of every layer's output.
  private var channelCounts: [String: Int]
  /// Of the layers whose pixels' places are known.
  private var alignments = [Network.inputName: PixelAlignment.input]

  /// Begins with nothing but an input of `inputChannels`.
  init(inputChannels: Int = 3) { channelCounts = [Network.inputName: inputChannels] }

  /// Channels of what `layer` makes; 0 where there is no such layer.
  func channelCount(of layer: String) -> Int { channelCounts[layer] ?? 0 }

  /// Adds a layer that takes `inputs`, or the last layer's output, and returns its name.
  @discardableResult
  mutating func add(_ name: String, _ operation: any Operation, _ inputs: [String] = []) -> String {
    let inputs = inputs.isEmpty ? [last] : inputs
    layers.append(Layer(name, operation, inputs))
    channelCounts[name] =
      switch operation {
      case let convolution as Convolution: convolution.outputChannels
      case let upsampling as TransposedConvolution: upsampling.outputChannels
      case is Concatenation: inputs.map(channelCount).reduce(0, +)
      default: channelCount(of: inputs[0])
      }
    if let moving = operation as? any MovesPixels {
      alignments[name] = alignments[inputs[0]].map { moving.alignment(of: $0) }
    } else if keepsPixels(operation, inputs.count) {
      alignments[name] = alignments[inputs[0]]
    }
    last = name
    return name
  }

  /// Whether the output of `operation`, which says nothing of moving pixels, has its first input's size:
  /// then they stay where they are.
  private func keepsPixels(_ operation: any Operation, _ inputCount: Int) -> Bool {
    let probe = Shape(1, 1, 48, 64)
    let output = try? operation.outputShape(of: Array(repeating: probe, count: inputCount))
    return output?.h == probe.h && output?.w == probe.w
  }

  /// Adds a layer that cuts out of `source`, or the last layer's output, what lies over the pixels of
  /// `other`. How far from the edge that begins follows from kernels, strides and paddings before.
  @discardableResult
  mutating func addCrop(
    _ name: String, _ source: String? = nil, to other: String
  ) throws -> String {
    let source = source ?? last
    guard let from = alignments[source], let to = alignments[other] else {
      let lost = layers.contains { $0.name == (alignments[source] == nil ? source : other) }
      throw FCNError(
        lost ? .internalDefect : .notFound,
        "layer \(name) crops \(source) to \(other); "
          + (lost ? "where the pixels of one lie is not known" : "one does not exist"))
    }
    guard let offset = from.crop(to: to) else {
      throw FCNError(
        .shapeMismatch,
        "layer \(name): no whole number of pixels cut off \(source) brings it over \(other)")
    }
    return add(name, Crop(offset: offset), [source, other])
  }
}
