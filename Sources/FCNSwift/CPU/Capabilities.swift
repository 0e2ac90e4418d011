import COpenBLAS
import CSystem
import Glibc

/// What the library runs on, in words for people: bug reports, `info` commands.
public enum Capabilities {
  /// The commit that this was built from, where the build knew it, the compiler and the configuration.
  public static var build: String {
    let commit = fcn_commit().map { "commit \(String(cString: $0))" } ?? "commit unknown"
    #if compiler(>=6.4)
      let compiler = "Swift 6.4 or later"
    #elseif compiler(>=6.3)
      let compiler = "Swift 6.3"
    #else
      let compiler = "Swift before 6.3"
    #endif
    #if DEBUG
      return "\(commit), \(compiler) debug build"
    #else
      return "\(commit), \(compiler) release build"
    #endif
  }

  /// The system, the kind of processor and the version of the C library that runs.
  public static var system: String {
    #if arch(x86_64)
      let system = "Linux x86_64"
    #elseif arch(arm64)
      let system = "Linux arm64"
    #else
      let system = "Linux"
    #endif
    return "\(system), glibc \(String(cString: fcn_c_library_version()))"
  }

  /// The environment variable that names the instruction set whose loops run.
  public static let instructionSetVariable = "FCN_CPU"

  /// The processor's name as the system gives it, and the cores that this process may use.
  public static var processor: String {
    let cores = WorkerPool.availableCores
    return "\(processorName ?? "unknown processor"), \(cores) \(cores == 1 ? "core" : "cores")"
  }

  /// OpenBLAS's description of itself and of the core that it chose its kernels for, and whose it is.
  public static var matrixLibrary: String {
    let description = String(cString: fcn_blas_description())
    let copy = fcn_blas_is_private() == 1 ? "private copy" : "shared with the process"
    return "\(description.trimmed), \(copy)"
  }

  /// The instruction set of the inner loops that run: `portable`, `avx2`, `avx512`, `avx512vnni`,
  /// `avx512bf16` or `amx`.
  public static var instructionSet: String {
    (try? Loops.chosen().name) ?? "none: FCN_CPU names one that is not there"
  }

  private static var processorName: String? {
    guard let bytes = try? File.read("/proc/cpuinfo") else { return nil }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1)
      guard parts.count == 2, String(decoding: parts[0], as: UTF8.self).trimmed == "model name"
      else { continue }
      return String(decoding: parts[1], as: UTF8.self).trimmed
    }
    return nil
  }
}

extension String {
  /// This without the spaces and tabs at its ends.
  fileprivate var trimmed: String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let rest = drop(while: blank)
    guard let last = rest.lastIndex(where: { !blank($0) }) else { return "" }
    return String(rest[...last])
  }
}
