import COpenBLAS
import Glibc

/// What the library runs on, in words for people: bug reports, `info` commands.
public enum Capabilities {
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

  /// The instruction set of the inner loops that run: `portable`, `avx2` or `avx512`.
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
