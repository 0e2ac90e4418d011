/// Caffe's `.caffemodel`: a serialised NetParameter, in any of the three forms that Caffe has had.
///
/// Field numbers are those of `caffe.proto`. Of a file's hundreds of megabytes the names and extents
/// alone are read; elements stay where they are.
enum CaffeModel {
  /// Fields of NetParameter that are strings or messages: name, input, state and input_shape.
  private static let texts: Set<Int> = [1, 3, 6, 8]
  /// Its truth values: force_backward and debug_info.
  private static let flags: Set<Int> = [5, 7]

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
      guard recognises(file) else { throw notACaffeModel(file) }
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

  /// Whether `file` begins as a NetParameter does: fields of the declared types up to the first
  /// layer, and that one whole and with a name. A few bytes are read, whatever the file's size.
  static func recognises(_ file: UnsafeRawBufferPointer) -> Bool {
    var net = ProtobufReader(file)
    while let field = try? net.next() {
      if CaffeLayer.fields.contains(field.number) {
        let layer = try? CaffeLayer(field, in: file)
        return layer?.name.isEmpty == false
      }
      // Of other fields, those that branches of Caffe added, nothing is known.
      let isText = texts.contains(field.number)
      let isFlag = flags.contains(field.number)
      switch field.value {
      case .bytes where isFlag, .varint where isText: return false
      case .fixed32 where isText || isFlag, .fixed64 where isText || isFlag: return false
      default: continue
      }
    }
    return false
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

/// What a layer of a caffemodel is called and where its blobs lie.
private struct CaffeLayer {
  /// The fields of a layer in one of Caffe's forms.
  private struct Form {
    let name: Int
    /// nil where it is a number, of an enumeration without BatchNorm.
    let type: Int?
    let blobs: Int
    /// Where a layer of the form before this one lies within it.
    let nested: Int?

    /// LayerParameter.
    static let current = Form(name: 1, type: 2, blobs: 7, nested: nil)
    /// V1LayerParameter.
    static let old = Form(name: 4, type: nil, blobs: 6, nested: 1)
    /// V0LayerParameter.
    static let oldest = Form(name: 1, type: 2, blobs: 50, nested: nil)
  }

  /// The field of NetParameter that holds layers of the forms before 2014.
  private static let oldField = 2
  /// The fields of NetParameter that hold layers.
  static let fields: Set<Int> = [oldField, 100]
  /// More than any layer has; convolutions have two.
  private static let mostBlobs = 1000

  private(set) var name = ""
  private(set) var blobs: [Range<Int>] = []
  private var type = ""

  /// Reads the layer that a NetParameter holds as `field`; nil where that is no layer.
  ///
  /// Throws `corrupt` where the layer does not parse.
  init?(_ field: ProtobufReader.Field, in file: UnsafeRawBufferPointer) throws {
    guard Self.fields.contains(field.number) else { return nil }
    let isOld = field.number == Self.oldField
    let nested = try read(isOld ? .old : .current, file, field.range())
    if isOld, let nested { _ = try read(.oldest, file, nested) }
  }

  /// Reads a layer of `form` at `range`; returns where an older form lies within it.
  private mutating func read(
    _ form: Form, _ file: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws -> Range<Int>? {
    var nested: Range<Int>?
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case form.name: name = try field.text(in: file)
      case form.type: type = try field.text(in: file)
      case form.blobs:
        guard blobs.count < Self.mostBlobs else {
          throw FCNError(
            .corrupt, "byte \(range.lowerBound): a layer has more than \(Self.mostBlobs) blobs")
        }
        blobs.append(try field.range())
      case form.nested: nested = try field.range()
      default: break
      }
    }
    return nested
  }

  /// The name of the tensor that blob `index` becomes.
  func blobName(_ index: Int) -> String {
    let names = type == "BatchNorm" ? [] : ["weight", "bias"]
    return "\(name).\(index < names.count ? names[index] : "blob\(index)")"
  }
}
