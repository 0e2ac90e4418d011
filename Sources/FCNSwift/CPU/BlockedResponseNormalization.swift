import FCNLoopTypes
import Glibc

/// Local response normalisation of sixteen channels at a time.
final class BlockedResponseNormalization: PreparedForm {
  private let operation: LocalResponseNormalization
  private let shape: Shape

  /// nil where sums go beyond the blocks on both sides.
  init?(_ operation: LocalResponseNormalization, _ request: FormRequest) {
    guard request.epilogue == Epilogue(), operation.size / 2 <= channelBlock else { return nil }
    (self.operation, shape) = (operation, request.output)
  }

  func forward(_ call: ForwardCall) {
    let (operation, shape) = (operation, shape)
    let blocks = (shape.c + channelBlock - 1) / channelBlock
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    // From a block to the next.
    let step = shape.n * shape.planeCount
    let share = operation.alpha / Float(operation.size)
    // What fills the last block must not be summed.
    let fillers = blockFillers(of: shape)
    call.workers.run(blocks * shape.n * shape.h) { task, _ in
      let first = task * shape.w
      let block = task / (shape.n * shape.h)
      func squares(_ neighbour: Int, _ pixel: Int) -> SIMD16<Float> {
        guard (0..<blocks).contains(neighbour) else { return SIMD16() }
        let values = source[pixel + (neighbour - block) * step]
        let squares = values * values
        return neighbour == blocks - 1 ? squares.replacing(with: 0, where: fillers) : squares
      }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * channelBlock) { around in
        let around = UnsafeMutableRawBufferPointer(around)
        for pixel in first..<first + shape.w {
          for side in 0..<3 {
            around.storeBytes(
              of: squares(block - 1 + side, pixel), toByteOffset: side * 64,
              as: SIMD16<Float>.self)
          }
          var sum = SIMD16<Float>()
          for channel in channelBlock - operation.size / 2...channelBlock + operation.size / 2 {
            sum += around.loadUnaligned(fromByteOffset: channel * 4, as: SIMD16<Float>.self)
          }
          target[pixel] = source[pixel] * power(operation.bias + share * sum, -operation.beta)
        }
      }
    }
  }
}

/// base^exponent of each; AlexNet's −3/4 by square roots.
private func power(_ base: SIMD16<Float>, _ exponent: Float) -> SIMD16<Float> {
  if exponent == -0.75 {
    let root = base.squareRoot()
    return 1 / (root * root.squareRoot())
  }
  var result = SIMD16<Float>()
  for lane in 0..<channelBlock { result[lane] = powf(base[lane], exponent) }
  return result
}
