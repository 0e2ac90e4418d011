import CSystem
import FCNKernelTypes
import FCNKernels
import Glibc

#if FCN_INSTRUCTION_SETS && arch(x86_64)
  import FCNKernelsAVX2
  import FCNKernelsAVX512
  import FCNKernelsAVX512VNNI
#endif

/// Inner loops compiled for an instruction set.
enum Loops {
  /// For any processor.
  static let portable = FCNKernels.kernelTable()

  /// Of this build, those that the processor can run; the best last.
  static let available: [KernelTable] = {
    var tables = [portable]
    #if FCN_INSTRUCTION_SETS && arch(x86_64)
      let level = fcn_x86_level()
      if level >= 3 { tables.append(FCNKernelsAVX2.kernelTable()) }
      if level >= 4 { tables.append(FCNKernelsAVX512.kernelTable()) }
      if fcn_x86_has_vnni() { tables.append(FCNKernelsAVX512VNNI.kernelTable()) }
    #endif
    return tables
  }()

  /// The best, or the one that the environment variable `FCN_CPU` names.
  static func chosen() throws -> KernelTable {
    guard let name = getenv("FCN_CPU").map({ String(cString: $0) }), !name.isEmpty else {
      return available[available.count - 1]
    }
    guard let table = available.first(where: { $0.name == name }) else {
      throw FCNError(
        .invalidArgument,
        "the environment asks for FCN_CPU=\(name); this build and processor have "
          + available.map(\.name).joined(separator: ", "))
    }
    return table
  }
}
