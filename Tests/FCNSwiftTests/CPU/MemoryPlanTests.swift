import Testing

@testable import FCNSwift

@Suite struct MemoryPlanTests {
  @Test func buffersAliveTogetherNeverOverlap() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<50 {
      let buffers = (0..<30).map { _ in
        let first = generator.integer(in: 0..<20)
        return MemoryPlan.Buffer(
          count: generator.integer(in: 1..<1000),
          lifetime: first...(first + generator.integer(in: 0..<8)))
      }
      let plan = MemoryPlan(buffers)
      for i in buffers.indices {
        #expect(plan.offsets[i] % 16 == 0)
        #expect(plan.offsets[i] + buffers[i].count <= plan.total)
        for j in 0..<i where buffers[i].lifetime.overlaps(buffers[j].lifetime) {
          #expect(
            plan.offsets[i] + buffers[i].count <= plan.offsets[j]
              || plan.offsets[j] + buffers[j].count <= plan.offsets[i])
        }
      }
    }
  }

  @Test func aChainNeedsRoomForTwoNeighboursOnly() {
    let chain = (0..<10).map { MemoryPlan.Buffer(count: 160, lifetime: $0...($0 + 1)) }
    #expect(MemoryPlan(chain).total == 320)
  }
}
