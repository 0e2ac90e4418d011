import FCNLoopTypes
import Glibc

@testable import FCNSwift

/// Blocks that end, or begin, where a page begins or ends that nobody may touch.
final class GuardedPages: Sendable {
  private static let page = 4096
  /// What stands where a block could not reach its page.
  private static let mark: UInt8 = 0xA7
  /// Whether blocks end at such a page, or begin after one.
  private let touchesEnd: Bool

  init(touchesEnd: Bool) { self.touchesEnd = touchesEnd }

  var allocator: Allocator {
    Allocator(
      allocate: { [self] count, alignment in
        let room = roundUp(count, toMultipleOf: Self.page)
        let (length, access) = (room + 2 * Self.page, PROT_READ | PROT_WRITE)
        guard
          let base = mmap(nil, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
          base != MAP_FAILED, mprotect(base + Self.page, room, access) == 0
        else { return nil }
        let start = base + Self.page
        memset(start, Int32(Self.mark), room)
        let block = start + place(count, room, alignment)
        // NaNs, whatever is read before it was written.
        memset(block, 0xFF, count)
        return block
      },
      release: { [self] block, count in
        let room = roundUp(count, toMultipleOf: Self.page)
        let start = block - place(count, room, 64)
        let marks = UnsafeRawBufferPointer(start: start, count: room)
        let own = (block - start)..<(block - start + count)
        require(
          marks[..<own.lowerBound].allSatisfy { $0 == Self.mark }
            && marks[own.upperBound...].allSatisfy { $0 == Self.mark },
          "something was written beside a block of \(count) bytes")
        munmap(start - Self.page, room + 2 * Self.page)
      })
  }

  private func place(_ count: Int, _ room: Int, _ alignment: Int) -> Int {
    touchesEnd ? (room - count) / alignment * alignment : 0
  }
}

/// A network run step by step as `Plan` does, every value, packed weights and scratch in blocks of their
/// own among guarded pages.
struct GuardedRun {
  let output: Tensor
  /// The forms that it had.
  let forms: [String]

  init(
    _ whole: Network, _ table: ParameterTable, _ input: Tensor, _ pool: WorkerPool,
    _ backend: ProcessorSchedule, _ ranges: ValueRanges?, _ allocator: Allocator
  ) throws {
    var backend = backend
    let concrete = try whole.concrete(for: input.shape)
    let network =
      backend.disabledForms.contains(BorderReduction.name)
      ? concrete : try concrete.reducingBorders(for: input.shape)
    // Layers count otherwise where borders are repeated.
    backend.scalings = ranges?.scalings(of: network) ?? [:]
    let schedule = try NetworkSchedule(network, inputShape: input.shape, backend)
    // Micro-kernels read, and do not use, rows after the last.
    let slack = microKernelRows * channelBlock
    let buffers = try schedule.bufferSizes().map { count -> (AlignedMemory, Int) in
      let memory = try AlignedMemory(count: count + slack, from: allocator)
      for i in count..<count + slack { memory.pointer[i] = Self.beyond }
      return (memory, count)
    }
    let tensors = schedule.values.map {
      Tensor(
        $0.place.shape, $0.place.layout, memory: buffers[$0.buffer].0, offset: $0.place.offset)
    }
    tensors[0].pointer.update(from: input.pointer, count: input.shape.count)
    for step in schedule.steps {
      var (parameters, packed): ([Tensor], AlignedMemory?) = ([], nil)
      if !step.layers.isEmpty {
        parameters = step.layers.flatMap { layer in
          network.parametersByLayer[layer].compactMap { table[$0.name] }
        }
        if step.prepared.packing != nil {
          packed = try Self.copy(step.prepared.pack(parameters, pool), allocator)
          parameters = []
        }
      }
      step.prepared.forward(
        ForwardCall(
          inputs: step.inputs.map { tensors[$0] }, output: tensors[step.output],
          parameters: parameters, packed: packed,
          workers: try Workers(pool: pool, forms: [step.prepared], allocator: allocator)))
      for (memory, count) in buffers {
        require(
          (count..<count + slack).allSatisfy { memory.pointer[$0] == Self.beyond },
          "\(step.formName) of \(step.name) wrote beyond a value")
      }
    }
    output = try Tensor(tensors[schedule.output].shape, tensors[schedule.output].elements)
    forms = schedule.steps.map(\.formName)
  }

  private static let beyond: Float = 7.5e33

  private static func copy(_ memory: AlignedMemory, _ allocator: Allocator) throws -> AlignedMemory
  {
    let copy = try AlignedMemory(count: memory.count, from: allocator)
    copy.pointer.update(from: memory.pointer, count: memory.count)
    return copy
  }
}
