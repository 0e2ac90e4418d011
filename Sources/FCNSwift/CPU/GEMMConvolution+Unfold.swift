extension GEMMConvolution {
  /// The input under output pixels `range`, unfolded: a row for each of `channels` and each kernel
  /// position, a column for each pixel. Returns the matrix and its row length; a 1×1 convolution's
  /// is the input itself, anything else is written to `columns`.
  func unfolded(
    _ picture: UnsafePointer<Float>, channels: Range<Int>, _ range: Range<Int>,
    into columns: UnsafeMutablePointer<Float>
  ) -> (UnsafePointer<Float>, Int) {
    if isPointwise {
      return (picture + channels.lowerBound * input.planeCount + range.lowerBound, input.planeCount)
    }
    var row = columns
    for channel in channels {
      let plane = picture + channel * input.planeCount
      forEachTap { j, k in
        forEachRun(of: range) { y, xs, offset in
          unfoldRun(plane, y, xs, j, k, to: row + offset)
        }
        row += range.count
      }
    }
    return (UnsafePointer(columns), range.count)
  }

  /// Adds the rows of `columns`, laid out as `unfolded` makes them, onto the input values that they
  /// stand for.
  func fold(
    _ columns: UnsafePointer<Float>, channels: Int, _ range: Range<Int>,
    onto planes: UnsafeMutablePointer<Float>
  ) {
    var row = columns
    for channel in 0..<channels {
      let plane = planes + channel * input.planeCount
      forEachTap { j, k in
        forEachRun(of: range) { y, xs, offset in
          foldRun(row + offset, y, xs, j, k, onto: plane)
        }
        row += range.count
      }
    }
  }

  @inline(__always)
  private func forEachTap(_ body: (_ j: Int, _ k: Int) -> Void) {
    for j in 0..<window.kernel.h {
      for k in 0..<window.kernel.w { body(j, k) }
    }
  }

  /// Splits output pixels `range` into runs within a row: row, columns, offset from the range's start.
  @inline(__always)
  private func forEachRun(of range: Range<Int>, _ body: (Int, Range<Int>, Int) -> Void) {
    var pixel = range.lowerBound
    while pixel < range.upperBound {
      let (y, x) = (pixel / output.w, pixel % output.w)
      let end = min(output.w, x + range.upperBound - pixel)
      body(y, x..<end, pixel - range.lowerBound)
      pixel += end - x
    }
  }

  /// The part of columns `xs` for which kernel column `k` meets the input.
  @inline(__always)
  private func inside(_ xs: Range<Int>, _ k: Int) -> Range<Int> {
    let shift = k * window.dilation.w - window.padding.w
    let s = window.stride.w
    // 0 ≤ x·s + shift < input.w
    let first = shift >= 0 ? 0 : (-shift + s - 1) / s
    let end = input.w - shift <= 0 ? 0 : (input.w - shift + s - 1) / s
    let low = min(max(first, xs.lowerBound), xs.upperBound)
    return low..<max(low, min(end, xs.upperBound))
  }

  @inline(__always)
  private func unfoldRun(
    _ plane: UnsafePointer<Float>, _ y: Int, _ xs: Range<Int>, _ j: Int, _ k: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    let sourceRow = y * window.stride.h + j * window.dilation.h - window.padding.h
    guard sourceRow >= 0, sourceRow < input.h else {
      target.update(repeating: 0, count: xs.count)
      return
    }
    let valid = inside(xs, k)
    let before = valid.lowerBound - xs.lowerBound
    target.update(repeating: 0, count: before)
    (target + before + valid.count).update(repeating: 0, count: xs.upperBound - valid.upperBound)
    guard !valid.isEmpty else { return }
    let s = window.stride.w
    let source =
      plane + sourceRow * input.w + valid.lowerBound * s + k * window.dilation.w - window.padding.w
    if s == 1 {
      (target + before).update(from: source, count: valid.count)
    } else {
      for i in 0..<valid.count { target[before + i] = source[i * s] }
    }
  }

  @inline(__always)
  private func foldRun(
    _ source: UnsafePointer<Float>, _ y: Int, _ xs: Range<Int>, _ j: Int, _ k: Int,
    onto plane: UnsafeMutablePointer<Float>
  ) {
    let targetRow = y * window.stride.h + j * window.dilation.h - window.padding.h
    guard targetRow >= 0, targetRow < input.h else { return }
    let valid = inside(xs, k)
    guard !valid.isEmpty else { return }
    let s = window.stride.w
    let values = source + (valid.lowerBound - xs.lowerBound)
    let target =
      plane + targetRow * input.w + valid.lowerBound * s + k * window.dilation.w - window.padding.w
    for i in 0..<valid.count { target[i * s] += values[i] }
  }
}
