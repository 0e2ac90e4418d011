/// What is written where there is no choice of formats, and what such files are called.
enum OutputFormat {
  case labels
  case greys
  case cutout
  case polygons
  case page
  case frames
  case array
  case model
  case onnx

  /// What files of it end in; the first is the usual one.
  var suffixes: [String] {
    switch self {
    case .labels, .greys, .cutout: ["png"]
    case .polygons: ["json"]
    case .page: ["html", "htm"]
    case .frames: ["raw"]
    case .array: ["npy"]
    case .model: ["safetensors"]
    case .onnx: ["onnx"]
    }
  }

  private var description: String {
    switch self {
    case .labels: "label maps are written as PNG, which keeps every label exactly"
    case .greys: "this is written as PNG, which keeps every grey exactly"
    case .cutout: "what is transparent is written as PNG"
    case .polygons: "polygons are written as JSON"
    case .page: "the report is written as HTML"
    case .frames: "frames are written as they are, without a format"
    case .array: "this is written as a NumPy array"
    case .model: "models are written as safetensors"
    case .onnx: "the graph is written as ONNX"
    }
  }

  /// Suffixes that promise a format; others are anybody's own.
  private static let known: Set<String> = [
    "avif", "bmp", "caffemodel", "csv", "gif", "h5", "heic", "htm", "html", "jp2", "jpeg", "jpg",
    "json", "jxl",
    "npy", "npz", "onnx", "pb", "pdf", "pkl", "png", "pt", "pth", "safetensors", "svg", "tflite",
    "tif", "tiff", "txt", "webp", "zip",
  ]

  /// Throws where the suffix of `path`, the value of `option`, promises another format.
  func check(_ path: String?, of option: Option) throws {
    guard let path, let suffix = fileSuffix(path), OutputFormat.known.contains(suffix),
      !suffixes.contains(suffix)
    else { return }
    let name = String(path.dropLast(suffix.count)) + suffixes[0]
    throw UsageError(
      "--\(option.name) is \(path), but \(description); name it \(name)")
  }
}

/// What follows the last point of a path's last part, in lower case; nil where there is none.
func fileSuffix(_ path: String) -> String? {
  let name = path.split(separator: "/").last ?? ""
  let parts = name.split(separator: ".")
  return parts.count > 1 ? parts.last?.lowercased() : nil
}
