import Foundation

/// The machine code of object files, as `objdump` tells it.
struct ObjectCode {
  /// An instruction: its address, its name, its operands in AT&T's order, the target last.
  struct Instruction {
    let address: Int
    let name: Substring
    let operands: Substring

    /// Whether it reads or writes the stack: what registers had no room for.
    var usesStack: Bool { operands.contains("(%rsp") || operands.contains("(%rbp") }
    var usesVectors: Bool { operands.contains("mm") }
    /// A fused multiply-add of single floats, of which vector code has none.
    var isScalarFMA: Bool { name.contains(/^vfn?m(add|sub)[0-9]+s[sd]$/) }
  }

  /// By function.
  let functions: [[Instruction]]

  /// Of the object files of a module that `make` built.
  init(module: String) throws {
    let text = try BuiltTree.run(
      ["objdump", "--disassemble", "--no-show-raw-insn"] + Self.objects(of: module))
    var functions: [[Instruction]] = []
    for line in text.split(separator: "\n") {
      if line.hasSuffix(">:") {
        functions.append([])
      } else if let colon = line.firstIndex(of: ":"),
        let address = Int(line[..<colon].drop { $0 == " " }, radix: 16), !functions.isEmpty
      {
        let words = line[line.index(after: colon)...].drop { $0 == "\t" || $0 == " " }
          .split(separator: " ", maxSplits: 1)
        guard let name = words.first else { continue }
        functions[functions.count - 1].append(
          Instruction(
            address: address, name: name,
            operands: words.count > 1 ? words[1].drop { $0 == " " } : ""))
      }
    }
    self.functions = functions
  }

  static func objects(of module: String) throws -> [String] {
    let folder = "\(BuiltTree.root)/build/swift/release/\(module).build"
    return try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".o") }.map { "\(folder)/\($0)" }
  }

  /// The instructions of each loop that has no other loop in it.
  var innermostLoops: [[Instruction]] {
    functions.flatMap { function -> [[Instruction]] in
      guard let start = function.first?.address else { return [] }
      let loops = function.compactMap { jump -> ClosedRange<Int>? in
        guard jump.name.hasPrefix("j"),
          let target = Int(jump.operands.prefix { $0.isHexDigit }, radix: 16),
          (start...jump.address).contains(target)
        else { return nil }
        return target...jump.address
      }
      return loops.filter { loop in
        !loops.contains {
          $0 != loop && loop.contains($0.lowerBound) && loop.contains($0.upperBound)
        }
      }.map { loop in function.filter { loop.contains($0.address) } }
    }
  }

  /// The innermost loops of micro-kernels, which alone ask for weights to come to the second-level cache.
  var microKernels: [MicroKernelLoop] {
    innermostLoops.map(MicroKernelLoop.init).filter { $0.steps > 0 }
  }
}

/// The innermost loop of a micro-kernel: a step of the sums or, unrolled, a few.
struct MicroKernelLoop {
  let instructions: [ObjectCode.Instruction]

  /// Each begins with a prefetch.
  var steps: Int { count(/^prefetcht1$/) }
  /// Multiplications of a vector of floats, each with its addition.
  var floatProducts: Int { count(/^vfmadd[0-9]+ps$/) + count(/^v?mulps$/) + pairProducts }
  /// Those among them of pairs of floats of 16 bits.
  var pairProducts: Int { count(/^vdpbf16ps$/) }
  /// The same of pairs of 16-bit integers. The compiler may take one instruction apart where that
  /// shortens a chain of sums.
  var integerProducts: Int { count(/^v?pmaddwd$/) + count(/^vpdp(wssd|busd)$/) }
  var isOfFloats: Bool { floatProducts > 0 }
  /// Products in a step: rows × registers.
  var productsPerStep: Int { max(floatProducts, integerProducts) / steps }
  /// Vectors that come from the stack or go there.
  var spilledVectors: Int { instructions.count { $0.usesStack && $0.usesVectors } }
  /// The same of addresses and counts.
  var spilledScalars: Int { instructions.count { $0.usesStack && !$0.usesVectors } }
  var calls: Int { count(/^call/) }

  private func count(_ pattern: some RegexComponent) -> Int {
    instructions.count { !$0.name.ranges(of: pattern).isEmpty }
  }
}
