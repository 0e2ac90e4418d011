import FCNSwift

/// How a picture is written.
enum PictureFormat {
  case png
  case jpeg

  /// What the extension of `path` says: PNG also where there is none. Throws for other extensions.
  init(path: String) throws {
    let name = path.split(separator: "/").last?.lowercased() ?? ""
    let parts = name.split(separator: ".")
    switch parts.count > 1 ? parts.last : nil {
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
