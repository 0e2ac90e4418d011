import FCNLoopTypes
import FCNTestSupport
import Testing

@testable import FCNSwift

struct ProcessorCheckTests {
  @Test func everyFormOfEveryInstructionSetIsCompared() throws {
    var findings: [ProcessorCheck.Finding] = []
    try ProcessorCheck().run {
      findings.append($0)
      return true
    }
    for finding in findings where !finding.isGood {
      Issue.record("\(finding)")
    }
    let forms =
      ConvolutionAlgorithm.allCases.filter { $0.multiplies(.float32) }.map { "convolution.\($0)" }
      + ConvolutionAlgorithm.allCases.filter { $0.multiplies(.int16) }.map {
        "convolution.\($0)_int16"
      }
      + ConvolutionAlgorithm.allCases.filter { $0.multiplies(.int8) }.map {
        "convolution.\($0)_int8"
      }
      + ConvolutionAlgorithm.allCases.filter { $0.multiplies(.bfloat16) }.map {
        "convolution.\($0)_bfloat16"
      } + [
        "convolution.toeplitz", "convolution.taps", "convolution.taps_int8",
        "convolution.strassen", "convolution.strassen2", "convolution.depthwise",
      ]
    for loops in Loops.available {
      let compared = Set(findings.filter { $0.instructionSet == loops.name }.map(\.form))
      let wanted = forms.filter {
        $0.contains("shifted")
          ? loops.multipliesTiles : $0 != "convolution.taps_int8" || loops.multipliesBytes
      }
      #expect(compared == Set(wanted), "\(loops.name)")
    }
  }

  @Test func wrongProductsAreFound() throws {
    let table = Loops.portable.with { job, positions, block, width, a, capacity, rows, m in
      Loops.portable.multiply(job, positions, block, width, a, capacity, rows, m)
      m[0] += 1
    }
    var bad = 0
    try ProcessorCheck(precisions: [.float32], tables: [table]).run {
      bad += $0.isGood ? 0 : 1
      return true
    }
    #expect(bad > 0)
  }

  /// Of 16-bit integers: 256 factors of the input's channels, then a scale and 256 terms a column.
  @Test func speedIsMeasuredOfWeightsThatAreThere() throws {
    let isShort = Flag()
    let table = Loops.portable.with { job, _, _, width, _, _, _, _ in
      let room = usableSize(of: job.pointee.weights)
      if room < 4 * (256 + width * channelBlock * (1 + 256 / 2)) { isShort.raise() }
    }
    _ = try MachinePeak.measureOperations(WorkerPool(threads: 1), .int16, table)
    #expect(!isShort.isRaised)
  }

  @Test func aWiderOneThatIsSlowerIsTold() {
    func rate(_ name: String, _ operations: Double, _ integers: Double) -> ProcessorCheck.Rate {
      .init(instructionSet: name, operations: operations, integerOperations: integers)
    }
    let slow = ProcessorCheck.slowness(in: [
      rate("portable", 20, 30), rate("avx2", 90, 120), rate("avx512", 2, 115),
      rate("avx512vnni", 85, 200),
    ])
    #expect(slow.map(\.wider.instructionSet) == ["avx512"])
    #expect(slow.map(\.narrower.instructionSet) == ["avx2"])
    #expect(slow.map(\.precision) == [.float32])
  }

  @Test func precisionsOfDevicesAreRefused() {
    expectError(.unsupported, saying: "float16 is for devices") {
      _ = try ProcessorCheck(precisions: [.float16])
    }
  }
}

/// Bytes of a block of `malloc`'s: a few more than it was asked for, for which Glibc's module has no name.
@_silgen_name("malloc_usable_size")
private func usableSize(of block: UnsafeRawPointer) -> Int

extension LoopTable {
  /// The same but for `multiply`.
  fileprivate func with(
    multiply:
      @escaping @Sendable (
        UnsafePointer<ConvolutionJob>, Range<Int>, Int, Int, UnsafePointer<Float>, Int, Range<Int>,
        UnsafeMutablePointer<Float>
      ) -> Void
  ) -> LoopTable {
    LoopTable(
      name: "wrong", panelBlocks: panelBlocks, integerSpeed: integerSpeed,
      multipliesBytes: multipliesBytes, multipliesTiles: multipliesTiles, multipliesBFloats: false,
      prepare: prepare,
      multiply: multiply, multiplyKernels: multiplyKernels, finish: finish,
      prepareGrid: prepareGrid, multiplyGrid: multiplyGrid, pack: pack,
      prepareGradient: prepareGradient, multiplyGradient: multiplyGradient,
      finishGradient: finishGradient, convolveDepthwise: convolveDepthwise, sumTaps: sumTaps,
      multiplyTaps: multiplyTaps, multiplyPixels: multiplyPixels, multiplyTerms: multiplyTerms,
      combine: combine, prepareStrassen: prepareStrassen, finishStrassen: finishStrassen,
      activate: activate, exponentiate: exponentiate, softmax: softmax,
      rank: rank,
      rankProducts: rankProducts)
  }
}
