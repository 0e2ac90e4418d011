/// Builds a network's list of layers, each taking the one before it unless told otherwise.
struct NetworkBuilder {
  private(set) var layers: [Layer] = []
  /// The layer that was added last.
  private(set) var last = Network.inputName
  /// Scores that training learns from besides the last layer's, and the factors on their losses.
  var auxiliaryScores: [String: Float] = [:]
  private var alignments = [Network.inputName: PixelAlignment.input]

  /// Adds a layer that takes `inputs`, or the last layer's output, and returns its name.
  @discardableResult
  mutating func add(_ name: String, _ operation: any Operation, _ inputs: [String] = []) -> String {
    let inputs = inputs.isEmpty ? [last] : inputs
    layers.append(Layer(name, operation, inputs))
    let alignment = alignments[inputs[0]] ?? .input
    alignments[name] = (operation as? any MovesPixels)?.alignment(of: alignment) ?? alignment
    last = name
    return name
  }

  /// Adds a layer that cuts out of `source`, or the last layer's output, what lies over the pixels of
  /// `other`. How far from the edge that begins follows from kernels, strides and paddings before.
  @discardableResult
  mutating func addCrop(
    _ name: String, _ source: String? = nil, to other: String
  ) throws -> String {
    let source = source ?? last
    guard let from = alignments[source], let to = alignments[other] else {
      throw FCNError(.notFound, "layer \(name) crops \(source) to \(other); one does not exist")
    }
    guard let offset = from.crop(to: to) else {
      throw FCNError(
        .shapeMismatch,
        "layer \(name): no whole number of pixels cut off \(source) brings it over \(other)")
    }
    return add(name, Crop(offset: offset), [source, other])
  }
}
