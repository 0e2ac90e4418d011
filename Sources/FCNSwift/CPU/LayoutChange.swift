import FCNLoopTypes

/// Lays a value out anew.
final class LayoutChange: PreparedForm {
  private let shape: Shape
  private let target: Layout

  init(_ shape: Shape, to target: Layout) {
    self.shape = shape
    self.target = target
  }

  func forward(_ call: ForwardCall) {
    changeLayout(call.input.pointer, shape, to: target, call.output.pointer, call.workers)
  }
}

/// Lays `source`, of `shape` and the other layout of floats, out as `layout` says.
func changeLayout(
  _ source: UnsafePointer<Float>, _ shape: Shape, to layout: Layout,
  _ result: UnsafeMutablePointer<Float>, _ workers: Workers
) {
  let blocks = (shape.c + channelBlock - 1) / channelBlock
  workers.run(shape.n * blocks * shape.h) { task, _ in
    let (y, block, n) = (task % shape.h, task / shape.h % blocks, task / (shape.h * blocks))
    let channels = min(channelBlock, shape.c - block * channelBlock)
    let planes = (n * shape.c + block * channelBlock) * shape.planeCount + y * shape.w
    let pixels = ((block * shape.n + n) * shape.h + y) * shape.w * channelBlock
    switch layout {
    case .blocked:
      if channels < channelBlock {
        (result + pixels).update(repeating: 0, count: shape.w * channelBlock)
      }
      for c in 0..<channels {
        let line = source + planes + c * shape.planeCount
        for x in 0..<shape.w { result[pixels + x * channelBlock + c] = line[x] }
      }
    case .bytes: break
    case .planar:
      for c in 0..<channels {
        let line = result + planes + c * shape.planeCount
        for x in 0..<shape.w { line[x] = source[pixels + x * channelBlock + c] }
      }
    }
  }
}
