import CIntrinsics
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
    let line = source + (n * shape.c + block * channelBlock) * shape.planeCount + y * shape.w
    let pixels = result + ((block * shape.n + n) * shape.h + y) * shape.w * channelBlock
    switch layout {
    case .blocked:
      if channels < channelBlock {
        pixels.update(repeating: 0, count: shape.w * channelBlock)
      }
      transpose(
        line, rows: channels, shape.planeCount, columns: shape.w, to: pixels, channelBlock)
    case .bytes: break
    case .planar:
      let line = result + (line - source)
      transpose(
        source + (pixels - result), rows: shape.w, channelBlock, columns: channels, to: line,
        shape.planeCount)
    }
  }
}

/// Writes `rows` rows of floats, `stride` apart, as columns of rows that are `targetStride` apart.
private func transpose(
  _ source: UnsafePointer<Float>, rows: Int, _ stride: Int, columns: Int,
  to target: UnsafeMutablePointer<Float>, _ targetStride: Int
) {
  // Four by four as far as there are four of both: lines of pixels are read and written whole.
  let (wholeRows, wholeColumns) = (rows / 4 * 4, columns / 4 * 4)
  for column in Swift.stride(from: 0, to: wholeColumns, by: 4) {
    for row in Swift.stride(from: 0, to: wholeRows, by: 4) {
      fcn_transpose_x4(
        source + row * stride + column, stride, target + column * targetStride + row,
        targetStride)
    }
    for row in wholeRows..<rows {
      for i in column..<column + 4 { target[i * targetStride + row] = source[row * stride + i] }
    }
  }
  for column in wholeColumns..<columns {
    for row in 0..<rows { target[column * targetStride + row] = source[row * stride + column] }
  }
}
