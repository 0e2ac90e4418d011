/// What is written where there is no choice of formats, and what such files are called.
enum OutputFormat {
  case labels
  case array
  case model
  case onnx

  private var suffixes: [String] {
    switch self {
    case .labels: ["png"]
    case .array: ["npy"]
    case .model: ["safetensors"]
    case .onnx: ["onnx"]
    }
  }

  private var description: String {
    switch self {
    case .labels: "label maps are written as PNG, which keeps every label exactly"
    case .array: "this is written as a NumPy array"
    case .model: "models are written as safetensors"
    case .onnx: "the graph is written as ONNX"
    }
  }

  /// Suffixes that promise a format; others are anybody's own.
  private static let known: Set<String> = [
    "avif", "bmp", "caffemodel", "csv", "gif", "h5", "heic", "jp2", "jpeg", "jpg", "json", "jxl",
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
