import FCNSwift

/// How a picture is written.
enum PictureFormat {
  case png
  case jpeg

  /// What the extension of `path` says: PNG also where there is none. Throws for other extensions.
  init(path: String) throws {
    switch fileSuffix(path) {
    case "jpg"?, "jpeg"?: self = .jpeg
    case "png"?, nil: self = .png
    case let other?:
      throw UsageError("\(path): pictures are written as .png or .jpg, not as .\(other)")
    }
  }

  /// The bytes of a file of `picture`.
  func encode(_ picture: Image) throws -> [UInt8] {
    switch self {
    case .png: try picture.encodedPNG()
    case .jpeg: try picture.encodedJPEG()
    }
  }
}
