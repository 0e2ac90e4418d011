import FCNLoopTypes
import Glibc
import Testing

@testable import FCNSwift

/// What is made of weights before a network runs: whoever watches is asked meanwhile, and many threads make
/// what one makes.
@Suite struct MakingReadyTests {
  /// How often a pool's watch is asked within `body`, which begins when it is time to be asked.
  private func asked(_ threads: Int, _ body: (WorkerPool) throws -> Void) throws -> Int {
    let pool = try WorkerPool(threads: threads)
    var count = 0
    func goesOn() -> Bool {
      count += 1
      return true
    }
    try pool.watched(by: goesOn) {
      usleep(30_000)
      try body(pool)
    }
    return count
  }

  private func random(_ shape: Shape) throws -> Tensor {
    var generator = SeededGenerator(seed: 3)
    return try Tensor(shape, (0..<shape.count).map { _ in generator.uniform() - 0.5 })
  }

  @Test(arguments: [1, 3]) func halvesBecomeFloats(_ threads: Int) throws {
    let shape = Shape(3, 1, 1, 100_003)
    let stored = try WeightTensor(
      name: "w", shape: [3, 100_003], floats: random(shape).elements
    ).converted(to: .float16)
    let wanted = try stored.tensor(shape).elements
    let count = try asked(threads) { pool in
      let made = try stored.tensor(shape, pool).elements
      #expect(made == wanted)
    }
    #expect(count > 0)
  }

  /// Whatever a thread counts as 0.
  @Test func everyHalfHasItsValue() {
    for bits in UInt16.min...UInt16.max {
      let wanted = Float(Float16(bitPattern: bits))
      let found = ElementType.float(ofHalf: bits)
      #expect(found.isNaN ? wanted.isNaN : found.bitPattern == wanted.bitPattern, "\(bits)")
    }
  }

  @Test(arguments: [1, 3]) func normalisationsAreFolded(_ threads: Int) throws {
    let model = try Model.fresh(
      ModelDescription(
        architecture: "fcn-simple", options: ArchitectureOptions(classes: 3, batchNorm: true),
        classNames: ["a", "b", "c"], palette: Palette.voc(count: 3), preprocessing: .torchvision),
      seed: 4)
    let weights = try model.inferenceWeights(folding: true)
    let layer = try #require(weights.network.layers.firstIndex { $0.operation is Convolution })
    let wanted = try weights.tensors(of: layer, in: weights.network).map(\.elements)
    #expect(wanted.count == 2)
    let count = try asked(threads) { pool in
      let made = try weights.tensors(of: layer, in: weights.network, pool)
      #expect(made.map(\.elements) == wanted)
    }
    #expect(count > 0)
  }

  /// The memory of transformed kernels comes in before they are made: a large page is much to wait for.
  @Test(arguments: [1, 3]) func memoryComesIn(_ threads: Int) throws {
    let memory = try AlignedMemory(count: (3 << 20) + 5)
    #expect(try asked(threads) { memory.bringIn($0) } > 0)
  }

  @Test(arguments: [1, 3]) func phasesArePacked(_ threads: Int) throws {
    let upsampling = TransposedConvolution(40, kernel: 5, stride: 3, padding: 1)
    let input = Shape(1, 70, 6, 7)
    let request = FormRequest(
      inputs: [input], output: try upsampling.outputShape(of: [input]),
      loops: try Loops.chosen())
    let form = try #require(PhasedTransposedConvolution(upsampling, request))
    let weights = upsampling.parameters(inputChannels: 70)
    let parameters = try weights.map { try random($0.tensorShape) }
    let alone = try form.pack(parameters, WorkerPool(threads: 1))
    let count = try asked(threads) { pool in
      let made = try form.pack(parameters, pool)
      #expect(made.count == alone.count)
      #expect(memcmp(made.pointer, alone.pointer, 4 * made.count) == 0)
    }
    #expect(count > 0)
  }
}
