import Synchronization
import Testing

@testable import FCNSwift

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 5]) func everyTaskIsDoneOnce(_ threads: Int) throws {
    let pool = try WorkerPool(threads: threads)
    for taskCount in [0, 1, 2, 3, 100] {
      let counts = (0..<taskCount).map { _ in Counter() }
      pool.run(taskCount) { task, worker in
        #expect((0..<threads).contains(worker))
        counts[task].value.add(1, ordering: .relaxed)
      }
      #expect(counts.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
  }

  @Test func manyShortJobsOneAfterAnotherEnd() throws {
    let pool = try WorkerPool(threads: 4)
    let total = Counter()
    for _ in 0..<2000 { pool.run(4) { _, _ in total.value.add(1, ordering: .relaxed) } }
    #expect(total.value.load(ordering: .relaxed) == 8000)
  }

  @Test func aWorkerIsNeverInTwoTasksAtOnce() throws {
    let pool = try WorkerPool(threads: 3)
    let inside = (0..<3).map { _ in Counter() }
    pool.run(300) { _, worker in
      let before = inside[worker].value.add(1, ordering: .relaxed).oldValue
      #expect(before == 0)
      inside[worker].value.subtract(1, ordering: .relaxed)
    }
  }

  @Test func aNumberOfThreadsOutOfRangeIsRefused() {
    #expect(throws: FCNError.self) { try WorkerPool(threads: -1) }
    #expect(throws: FCNError.self) { try WorkerPool(threads: 1025) }
  }
}

private final class Counter: Sendable {
  let value = Atomic(0)
}
