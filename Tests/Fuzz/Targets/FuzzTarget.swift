import FCNSwift
import Glibc

/// One way into the library, tried with whatever bytes libFuzzer thinks of.
///
/// What a caller does wrong, or a file has wrong, is an `FCNError`; anything else ends the process, which
/// libFuzzer takes for a finding: traps, a word outside of a block (AddressSanitizer), too much time or
/// memory, an `internalDefect`, a result that contradicts another.
struct FuzzTarget: Sendable {
  /// What the environment variable `FCN_FUZZ_TARGET` names it by; seeds lie in a folder of that name.
  let name: String
  let run: @Sendable (UnsafeRawBufferPointer) throws -> Void

  static let all =
    [calls, model, graph, checkpoint, onnx, command, kernels]
    + weights + pictures + texts + annotations

  /// The one that this process tries.
  static let chosen: FuzzTarget = {
    let name = getenv("FCN_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = all.first(where: { $0.name == name }) else {
      print(
        "FCN_FUZZ_TARGET is \"\(name)\"; wanted one of \(all.map(\.name).joined(separator: " "))")
      exit(2)
    }
    return target
  }()

  /// Tries `bytes`; errors that the contract knows are answers like any other.
  func tryOut(_ bytes: UnsafeRawBufferPointer) {
    do {
      try run(bytes)
    } catch let error as FCNError where error.kind != .internalDefect {
      require(!error.message.isEmpty, "an error without a message: \(error.kind)")
    } catch {
      require(false, "\(error)")
    }
  }
}

/// Ends the process with `what` unless `holds`.
func require(_ holds: Bool, _ what: @autoclosure () -> String) {
  guard !holds else { return }
  let line = Array("fcn-fuzz: \(what())\n".utf8)
  write(2, line, line.count)
  abort()
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  FuzzTarget.chosen.tryOut(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}
