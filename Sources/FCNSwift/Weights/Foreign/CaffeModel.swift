/// Caffe's `.caffemodel`: a serialised NetParameter, in any of the three forms that Caffe has had.
///
/// Field numbers are those of `caffe.proto`. Of a file's hundreds of megabytes the names and extents
/// alone are read; elements stay where they are.
enum CaffeModel {
  /// More than any network has; keeps what is made of a file that lies in proportion to it.
  private static let mostTensors = 100_000

  /// The weights in a file: for a layer L with blobs `L.weight`, `L.bias`, `L.blob2`…, but those of
  /// a BatchNorm layer, which are no such things, `L.blob0` and on (sums of means and variances, and
  /// what to divide them by). Blobs of the old form, num×channels×height×width, keep four extents.
  ///
  /// Throws `unsupported` where the file is of another kind or holds no weights, `corrupt` with the
  /// layer's name where it contradicts itself or ends early.
  static func read(_ storage: ByteStorage) throws -> ForeignWeights {
    let file = storage.bytes
    return try withExtendedLifetime(storage) {
      guard CaffeLayer.begins(file) else { throw notACaffeModel(file) }
      var tensors: [WeightTensor] = []
      var names: Set<String> = []
      var net = ProtobufReader(file)
      while let field = try net.next() {
        guard let layer = try CaffeLayer(field, in: file), !layer.blobs.isEmpty else { continue }
        guard !layer.name.isEmpty else {
          throw FCNError(.corrupt, "byte \(field.offset): a layer with weights has no name")
        }
        guard names.insert(layer.name).inserted else {
          throw FCNError(.corrupt, "layer \(quoted(layer.name)): two with weights have this name")
        }
        guard tensors.count + layer.blobs.count <= mostTensors else {
          throw FCNError(
            .unsupported, "the caffemodel holds more than \(mostTensors) arrays of weights")
        }
        for (index, range) in layer.blobs.enumerated() {
          tensors.append(
            try naming("layer \(quoted(layer.name)), blob \(index)") {
              try CaffeBlob(storage, range).tensor(named: layer.blobName(index))
            })
        }
      }
      guard !tensors.isEmpty else {
        throw FCNError(
          .unsupported,
          "no layer of this caffemodel holds weights; wanted the .caffemodel that training wrote")
      }
      return ForeignWeights(format: .caffe, tensors: tensors)
    }
  }

  private static func notACaffeModel(_ file: UnsafeRawBufferPointer) -> FCNError {
    let guess = FileSignature.guess(file)
    let reason =
      switch guess {
      case "text": "it looks like text; a .prototxt describes a network and holds no weights"
      case let guess?: "it looks like \(guess)"
      case nil: "wanted a file of layers with names, as Caffe's training writes it"
      }
    return FCNError(.unsupported, "this is not a caffemodel, or it is cut off early: \(reason)")
  }
}
