import CSystem
import FCNLoopTypes
import FCNLoops
import Glibc

#if FCN_INSTRUCTION_SETS && arch(x86_64)
  import FCNLoopsAMX
  import FCNLoopsAVX2
  import FCNLoopsAVX512
  import FCNLoopsAVX512BF16
  import FCNLoopsAVX512VNNI
#endif

/// Inner loops compiled for an instruction set.
enum Loops {
  /// For any processor.
  static let portable = FCNLoops.loopTable()

  /// Of this build, those that the processor can run; the best last.
  static let available: [LoopTable] = {
    var tables = [portable]
    #if FCN_INSTRUCTION_SETS && arch(x86_64)
      let level = fcn_x86_level()
      if level >= 3 { tables.append(FCNLoopsAVX2.loopTable()) }
      if level >= 4 { tables.append(FCNLoopsAVX512.loopTable()) }
      if fcn_x86_has_vnni() { tables.append(FCNLoopsAVX512VNNI.loopTable()) }
      if fcn_x86_has_bfloats() { tables.append(FCNLoopsAVX512BF16.loopTable()) }
      // Asking for tiles changes the process, so not where others are wanted.
      if named == nil || named == FCNLoopsAMX.loopTable().name, fcn_x86_may_use_tiles() {
        tables.append(FCNLoopsAMX.loopTable())
      }
    #endif
    return tables
  }()

  /// Throws unless the processor trains in `precision`.
  static func checkTraining(in precision: Precision) throws {
    switch precision {
    case .float32: return
    case .bfloat16:
      let loops = try chosen()
      guard !loops.multipliesBFloats else { return }
      throw FCNError(
        .unsupported,
        "training in bfloat16 takes a processor with AVX512_BF16; this build and processor have "
          + "\(loops.name). Train in float32")
    case .int16, .int8, .tf32, .float16:
      throw FCNError(
        .invalidArgument,
        "the processor trains in float32 or bfloat16, not in \(precision.rawValue)"
          + (precision.isForProcessor ? "" : ", which is for training on a CUDA device"))
    }
  }

  /// What there is besides `available` where the environment names another.
  private static var notAskedFor: [String] {
    #if FCN_INSTRUCTION_SETS && arch(x86_64)
      let tiles = FCNLoopsAMX.loopTable().name
      if !available.contains(where: { $0.name == tiles }), fcn_x86_may_use_tiles() {
        return [tiles]
      }
    #endif
    return []
  }

  /// What the environment asks for.
  private static var named: String? {
    getenv(Capabilities.instructionSetVariable).map { String(cString: $0) }
      .flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The best, or the one that the environment variable `FCN_CPU` names.
  static func chosen() throws -> LoopTable {
    let variable = Capabilities.instructionSetVariable
    guard let name = named else { return available[available.count - 1] }
    guard let table = available.first(where: { $0.name == name }) else {
      throw FCNError(
        .invalidArgument,
        "the environment asks for \(variable)=\(name); this build and processor have "
          + (available.map(\.name) + notAskedFor).joined(separator: ", "))
    }
    return table
  }
}
