/// What a layer of a caffemodel is called and where its blobs lie.
struct CaffeLayer {
  /// The fields of a layer in one of Caffe's forms.
  private struct Version {
    let name: Int
    /// nil where it is a number, of an enumeration without BatchNorm.
    let type: Int?
    let blobs: Int
    /// Where a layer of the form before this one lies within it.
    let nested: Int?

    /// LayerParameter.
    static let current = Version(name: 1, type: 2, blobs: 7, nested: nil)
    /// V1LayerParameter.
    static let old = Version(name: 4, type: nil, blobs: 6, nested: 1)
    /// V0LayerParameter.
    static let oldest = Version(name: 1, type: 2, blobs: 50, nested: nil)
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

  /// Fields of NetParameter that are strings or messages: name, input, state and input_shape.
  private static let texts: Set<Int> = [1, 3, 6, 8]
  /// Its truth values: force_backward and debug_info.
  private static let flags: Set<Int> = [5, 7]

  /// Reads the layer that a NetParameter holds as `field`; nil where that is no layer.
  ///
  /// Throws `corrupt` where the layer does not parse.
  init?(_ field: ProtobufReader.Field, in file: UnsafeRawBufferPointer) throws {
    guard Self.fields.contains(field.number) else { return nil }
    let isOld = field.number == Self.oldField
    let nested = try read(isOld ? .old : .current, file, field.range())
    if isOld, let nested { _ = try read(.oldest, file, nested) }
  }

  /// Reads a layer of `version` at `range`; returns where an older form lies within it.
  private mutating func read(
    _ version: Version, _ file: UnsafeRawBufferPointer, _ range: Range<Int>
  ) throws -> Range<Int>? {
    var nested: Range<Int>?
    var reader = ProtobufReader(file, range)
    while let field = try reader.next() {
      switch field.number {
      case version.name: name = try field.text(in: file)
      case version.type: type = try field.text(in: file)
      case version.blobs:
        guard blobs.count < Self.mostBlobs else {
          throw FCNError(
            .corrupt, "byte \(range.lowerBound): a layer has more than \(Self.mostBlobs) blobs")
        }
        blobs.append(try field.range())
      case version.nested: nested = try field.range()
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

  /// Whether `file` begins as a NetParameter does: fields of the declared types up to the first
  /// layer, and that one whole and with a name. A few bytes are read, whatever the file's size.
  static func begins(_ file: UnsafeRawBufferPointer) -> Bool {
    var net = ProtobufReader(file)
    while let field = try? net.next() {
      if fields.contains(field.number) {
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
}
