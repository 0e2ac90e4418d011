import CSystem
import Glibc

/// The model that is used when none is named.
public enum DefaultModel {
  /// The environment variable that names it, before any other place.
  public static let variable = "FCN_MODEL"

  /// The path in `FCN_MODEL` if that is set and not empty. Otherwise the first that exists of
  /// `../share/fcn/default.safetensors`, `../../share/fcn/default.safetensors` and
  /// `default.safetensors`, all relative to the folder of the library or program that holds this
  /// code: `bin` or `lib`, or `lib/x86_64-linux-gnu`, as Debian has it.
  ///
  /// Throws `notFound` with the places that were looked at.
  public static func path() throws -> String {
    if let named = getenv(variable), named.pointee != 0 {
      let path = String(cString: named)
      guard File.exists(path) else {
        throw FCNError(
          .notFound, "\(path): there is no such file; \(variable) names it as the default model")
      }
      return path
    }
    let places = folderOfThisCode().map {
      [
        "\($0)/../share/fcn/default.safetensors", "\($0)/../../share/fcn/default.safetensors",
        "\($0)/default.safetensors",
      ]
    }
    guard let found = places?.first(where: File.exists) else {
      let searched = places?.joined(separator: ", ") ?? "the folder of this library, not known here"
      throw FCNError(
        .notFound,
        "no default model: \(variable) is not set, and there is none at \(searched); name a model, "
          + "or install the default one, in Debian's package fcn-data")
    }
    return found
  }

  /// The folder, with links followed, so that a link to an installed library or program finds what
  /// was installed with it.
  private static func folderOfThisCode() -> String? {
    guard let resolved = fcn_code_path() else { return nil }
    defer { free(resolved) }
    let path = String(cString: resolved)
    return path.lastIndex(of: "/").map { String(path[..<$0]) }
  }
}
