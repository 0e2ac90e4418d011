import CIntrinsics
import FCNLoopTypes

/// Makes bytes of floats, or floats of bytes.
final class ByteChange: PreparedForm {
  private let shape: Shape
  private let source, target: Layout
  private let table: ByteChannelTable
  private let notFinite = Flag()

  /// One of the layouts is bytes, which mean what `scaling` says. nil where there is no memory.
  init?(_ shape: Shape, from source: Layout, to target: Layout, _ scaling: ByteScaling) {
    guard let table = ByteChannelTable(scaling) else { return nil }
    (self.shape, self.source, self.target, self.table) = (shape, source, target, table)
  }

  func hidNotFinite() -> Bool { notFinite.takeDown() }

  func forward(_ call: ForwardCall) {
    let (shape, source, target, table) = (shape, source, target, table)
    let notFinite = notFinite
    let (from, to) = (call.input.pointer, call.output.pointer)
    let blocks = (shape.c + channelBlock - 1) / channelBlock
    call.workers.run(blocks * shape.n * shape.h) { task, _ in
      let (block, n, y) = (
        task / (shape.n * shape.h), task / shape.h % shape.n, task % shape.h
      )
      let first = block * channelBlock
      let count = min(channelBlock, shape.c - first)
      let line = (n * shape.c + first) * shape.planeCount + y * shape.w
      func numbers(_ start: UnsafePointer<Float>) -> SIMD16<Float> {
        UnsafeRawPointer(start + first).load(as: SIMD16<Float>.self)
      }
      let channels = table.channels
      let zeros = numbers(channels.zeros)
      if source == .bytes {
        let scales = numbers(channels.scales)
        let bytes = UnsafeRawPointer(from) + task * shape.w * channelBlock
        for x in 0..<shape.w {
          let values = (fcn_load_bytes_x16(bytes + x * channelBlock) - zeros) * scales
          if target == .blocked {
            to.pixels[task * shape.w + x] = values
          } else {
            for c in 0..<count { to[line + c * shape.planeCount + x] = values[c] }
          }
        }
      } else {
        let factors = numbers(channels.factors)
        let bytes = UnsafeMutableRawPointer(to) + task * shape.w * channelBlock
        var areFinite = true
        for x in 0..<shape.w {
          var values = SIMD16<Float>()
          if source == .blocked {
            values = from.pixels[task * shape.w + x]
          } else {
            for c in 0..<count { values[c] = from[line + c * shape.planeCount + x] }
          }
          areFinite = areFinite && fcn_are_finite_x16(values) != 0
          fcn_store_bytes_x16(values * factors + zeros, bytes + x * channelBlock)
        }
        if !areFinite { notFinite.raise() }
      }
    }
  }
}
