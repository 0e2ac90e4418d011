@testable import FCNSwift

/// A safetensors file put together by hand, to lie in it.
func safetensorsFile(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
  let text = Array(header.utf8)
  return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) } + text
    + (0..<data).map { UInt8(truncatingIfNeeded: $0) }
}

/// Reads a file that is in memory.
func readSafetensors(_ bytes: [UInt8]) throws -> Safetensors {
  try bytes.withUnsafeBytes { try Safetensors(copying: $0) }
}

/// A small architecture's description that every test of model files can use.
func smallDescription(classes: Int = 3, batchNorm: Bool = false) -> ModelDescription {
  ModelDescription(
    architecture: "fcn-simple",
    options: ArchitectureOptions(classes: classes, width: 0.02, batchNorm: batchNorm),
    classNames: (0..<classes).map { "class \($0)" },
    palette: (0..<classes).map { RGB(UInt8($0), 2, 255) },
    preprocessing: .torchvision, note: "a note, with \"quotes\" and é")
}
