import FCNSwift
import Glibc

/// The bytes of a literal, which stand in the library itself, as a C string.
func permanentCString(_ literal: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// A C string that is made once and never freed.
func permanentCString(copying string: String) -> UnsafePointer<CChar> {
  strdup(string).map { UnsafePointer($0) } ?? permanentCString("")
}

/// C strings made at run time that live as long as this object.
final class CStrings {
  private(set) var pointers: [UnsafePointer<CChar>?] = []

  /// Copies `string`, up to a NUL in it, if it has one.
  func add(_ string: String) throws -> UnsafePointer<CChar> {
    guard let copy = strdup(string) else {
      throw FCNError(.outOfMemory, "the system gave no memory for a string")
    }
    pointers.append(copy)
    return UnsafePointer(copy)
  }

  deinit {
    for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) }
  }
}

/// The string at `pointer`, which the host calls `name`.
func string(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws -> String {
  guard let pointer else { throw FCNError(.invalidArgument, "\(name) is NULL") }
  guard let string = String(validatingCString: pointer) else {
    throw FCNError(.invalidArgument, "\(name) is not valid UTF-8")
  }
  return string
}

/// The path at `pointer`, which the host calls `name` and which must not be empty.
func pathString(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws -> String {
  let path = try string(pointer, name)
  guard !path.isEmpty else {
    throw FCNError(.invalidArgument, "\(name) is empty; it must name a file or folder")
  }
  return path
}

/// The path at `pointer` of a PNG file that is to be written: not one whose name says that it is a picture of
/// another kind.
func pngPathString(_ pointer: UnsafePointer<CChar>?) throws -> String {
  let path = try pathString(pointer, "path")
  let name = path.lowercased()
  guard let other = otherPictures.first(where: name.hasSuffix) else { return path }
  throw FCNError(
    .invalidArgument,
    "path is \(path), but pictures and labels are written as PNG files, not as \(other); end it with .png"
  )
}

private let otherPictures = [
  ".avif", ".bmp", ".gif", ".heic", ".jp2", ".jpeg", ".jpg", ".pgm", ".ppm", ".tif", ".tiff",
  ".webp",
]

/// The string at `pointer`, or nil where that is NULL.
func optionalString(_ pointer: UnsafePointer<CChar>?, _ name: StaticString) throws -> String? {
  guard pointer != nil else { return nil }
  return try string(pointer, name)
}
