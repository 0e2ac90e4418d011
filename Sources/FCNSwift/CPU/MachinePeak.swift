import FCNLoopTypes

/// What the machine can do at most, measured: the two bounds of the roofline model (Williams, Waterman
/// and Patterson, 2009).
public struct MachinePeak: Sendable {
  /// Floating-point operations a second of the micro-kernel on operands that stay in the first-level
  /// caches, all threads together.
  public let operations: Double
  /// The same of 16-bit integers.
  public let integerOperations: Double
  /// Bytes a second that threads read from memory together.
  public let bandwidth: Double

  /// Measures for some tenths of a second on `threads` threads; 0 means one for every core.
  public static func measure(threads: Int) throws -> MachinePeak {
    let pool = try WorkerPool(threads: threads)
    return MachinePeak(
      operations: try measureOperations(pool, .float32, Loops.chosen()),
      integerOperations: try measureOperations(pool, .int16, Loops.chosen()),
      bandwidth: try measureBandwidth(pool))
  }

  /// Operations a second of the micro-kernel of `loops`, all threads of `pool` together.
  static func measureOperations(
    _ pool: WorkerPool, _ precision: ConvolutionPrecision, _ loops: LoopTable
  ) throws -> Double {
    let (rows, depth) = (microKernelRows, 256)
    let columns = loops.panelBlocks * channelBlock
    var job = ConvolutionJob(
      algorithm: .pointwise, pictures: 1, input: (depth, 1, rows), output: (columns, 1, rows),
      kernel: (1, 1), stride: (1, 1), padding: (0, 0), dilation: (1, 1))
    job.precision = precision
    let weights = try AlignedMemory(count: job.weightCount)
    weights.pointer.update(repeating: 1, count: weights.count)
    job.weights = UnsafePointer(weights.pointer)
    let left = job.leftStride(rows)
    let each = roundUp(left + rows * columns, toMultipleOf: channelBlock)
    let memory = try AlignedMemory(count: each * pool.threadCount)
    memory.pointer.update(repeating: 1, count: memory.count)
    let repetitions = 2000
    let operations = 2 * Double(rows * depth * columns * repetitions * pool.threadCount)
    return best { [job] in
      pool.run(pool.threadCount) { task, _ in
        let a = memory.pointer + task * each
        withUnsafePointer(to: job) { job in
          for _ in 0..<repetitions {
            loops.multiply(
              job, 0..<1, 0, loops.panelBlocks, a, rows, 0..<rows, a + left)
          }
        }
      }
      return operations
    }
  }

  private static func measureBandwidth(_ pool: WorkerPool) throws -> Double {
    let count = 1 << 25
    let memory = try AlignedMemory(count: count)
    memory.pointer.update(repeating: 1, count: count)
    let sums = try AlignedMemory(count: 16 * pool.threadCount)
    let size = count / pool.threadCount
    return best {
      pool.run(pool.threadCount) { task, _ in
        sums.pointer[16 * task] = Float(sum(memory.pointer + task * size, size))
      }
      return Double(size * pool.threadCount * MemoryLayout<Float>.stride)
    }
  }

  /// The highest rate of ten tries of `work`, which returns how much it did.
  private static func best(_ work: () -> Double) -> Double {
    var rate = 0.0
    for _ in 0..<10 {
      let start = monotonicSeconds()
      let done = work()
      rate = max(rate, done / (monotonicSeconds() - start))
    }
    return rate
  }
}
