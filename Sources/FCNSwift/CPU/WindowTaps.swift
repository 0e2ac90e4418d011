import FCNLoopTypes

/// Which rows of a convolution see which of its kernel's taps, in which rows and columns of planes that
/// have room at the sides (`RoomyPlanes`): either way, from input to output and from output to input.
///
/// Rows that see the same taps are taken together, and so are columns: those that have the same
/// remainder by the stride, where an input's pixel is made of the output's.
struct WindowTaps: Sendable {
  /// Rows and columns that see the same taps.
  struct Run: Sendable {
    /// How many rows; how many columns.
    var rows, columns: Int
    /// The first pixel in the plane that is made, and the steps to the next row and column.
    var start, rowStep, columnStep: Int
    /// Where in the planes that are seen the first row's taps are counted from, and the step to the
    /// next row.
    var source, sourceStep: Int
    /// Their places in `offsets` and `weights`.
    var taps: Range<Int>
  }

  private(set) var runs: [Run] = []
  /// How far from a run's `source` each tap's row begins.
  private(set) var offsets: [Int] = []
  /// Where each tap's weight stands among those of a channel that is made.
  private(set) var weights: [Int] = []
  /// The most taps that a run has.
  var mostTaps: Int { runs.map(\.taps.count).max() ?? 0 }

  /// Output rows that see taps of `planes`, which hold the input's channels of a group.
  init(_ window: Window, _ input: RoomyPlanes, output: Extent) {
    var y = 0
    while y < output.h {
      let seen = Self.kernelRows(window, y, height: input.size.h)
      var end = y + 1
      while end < output.h, Self.kernelRows(window, end, height: input.size.h) == seen { end += 1 }
      let first = offsets.count
      for plane in 0..<input.count {
        for j in seen {
          for k in 0..<window.kernel.w {
            let column = k * window.dilation.w
            offsets.append(
              plane * input.planeCount
                + (j * window.dilation.h - window.padding.h) * input.rowCount
                + column % input.phases * input.phaseCount + column / input.phases)
            weights.append((plane * window.kernel.h + j) * window.kernel.w + k)
          }
        }
      }
      runs.append(
        Run(
          rows: end - y, columns: output.w, start: y * output.w, rowStep: output.w, columnStep: 1,
          source: y * window.stride.h * input.rowCount,
          sourceStep: window.stride.h * input.rowCount, taps: first..<offsets.count))
      y = end
    }
  }

  /// Kernel rows that meet the input's where the window stands at row `y`.
  private static func kernelRows(_ window: Window, _ y: Int, height: Int) -> [Int] {
    (0..<window.kernel.h).filter {
      (0..<height).contains(y * window.stride.h + $0 * window.dilation.h - window.padding.h)
    }
  }

  /// Input rows that are made of taps of `output`, which holds the output's channels of a group, each
  /// with the kernels of `inputs` channels.
  init(_ window: Window, back output: RoomyPlanes, input: Extent, inputs: Int) {
    let (kernel, stride) = (window.kernel, window.stride)
    for row in 0..<min(stride.h, input.h) {
      for column in 0..<min(stride.w, input.w) {
        let columns = Self.steps(window.padding.w + column, window.dilation.w, kernel.w, stride.w)
        let steps = Self.steps(window.padding.h + row, window.dilation.h, kernel.h, stride.h)
        let rows = (input.h - row + stride.h - 1) / stride.h
        // Kernel rows that row `m` of them is made of.
        func seen(_ m: Int) -> [(tap: Int, step: Int)] {
          steps.filter { (0..<output.size.h).contains(m + $0.step) }
        }
        var m = 0
        while m < rows {
          let now = seen(m)
          var end = m + 1
          while end < rows, seen(end).map(\.tap) == now.map(\.tap) { end += 1 }
          let first = offsets.count
          for plane in 0..<output.count {
            for j in now {
              for k in columns {
                offsets.append(
                  plane * output.planeCount + j.step * output.rowCount + k.step + output.left)
                weights.append((plane * inputs * kernel.h + j.tap) * kernel.w + k.tap)
              }
            }
          }
          runs.append(
            Run(
              rows: end - m, columns: (input.w - column + stride.w - 1) / stride.w,
              start: (row + m * stride.h) * input.w + column, rowStep: stride.h * input.w,
              columnStep: stride.w, source: m * output.rowCount, sourceStep: output.rowCount,
              taps: first..<offsets.count))
          m = end
        }
      }
    }
  }

  /// The taps of a kernel's `count`, `dilation` apart, that reach an input's `place`, counted from the
  /// padding's beginning, and from how far on they do, in the output's steps of `stride`.
  private static func steps(
    _ place: Int, _ dilation: Int, _ count: Int, _ stride: Int
  ) -> [(tap: Int, step: Int)] {
    (0..<count).compactMap {
      let distance = place - $0 * dilation
      // The quotient is exact.
      return distance % stride == 0 ? (tap: $0, step: distance / stride) : nil
    }
  }

  /// Calls `body` with each run, its offsets and its weights' places.
  func forEachRun(
    _ body: (Run, _ offsets: UnsafePointer<Int>, _ weights: UnsafePointer<Int>) -> Void
  ) {
    offsets.withUnsafeBufferPointer { offsets in
      weights.withUnsafeBufferPointer { weights in
        guard let offsets = offsets.baseAddress, let weights = weights.baseAddress else { return }
        for run in runs { body(run, offsets + run.taps.lowerBound, weights + run.taps.lowerBound) }
      }
    }
  }
}

/// Planes with zeros at the left and right of every row, so that windows may stand there, and with
/// columns sorted by their remainder by the stride, so that what windows see lies side by side:
/// [plane][row][remainder][column].
struct RoomyPlanes: Sendable {
  /// Planes.
  let count: Int
  /// Rows and columns of a plane.
  let size: Extent
  /// Zeros at the left, before columns are sorted.
  let left: Int
  /// Remainders.
  let phases: Int
  /// Floats that columns of one remainder take.
  let phaseCount: Int
  /// Floats that a row takes.
  var rowCount: Int { phases * phaseCount }
  /// Floats that a plane takes.
  var planeCount: Int { size.h * rowCount }
  /// Floats that all take.
  var floatCount: Int { count * planeCount }

  /// The input's channels of a group.
  init(input: Extent, of count: Int, under window: Window, output: Extent) {
    self.count = count
    size = input
    left = window.padding.w
    phases = window.stride.w
    let seen = (window.span.w - 1) / phases + roundUp(output.w, toMultipleOf: tapMargin)
    let own = (left + input.w - 1) / phases + 1
    phaseCount = roundUp(max(seen, own), toMultipleOf: tapMargin)
  }

  /// The output's channels of a group.
  init(output: Extent, of count: Int, under window: Window, input: Extent) {
    let stride = window.stride.w
    self.count = count
    size = output
    left = max(0, (window.span.w - 1 - window.padding.w + stride - 1) / stride)
    phases = 1
    let columns = roundUp((input.w + stride - 1) / stride, toMultipleOf: tapMargin)
    let seen = left + (window.padding.w + stride - 1) / stride + columns
    phaseCount = roundUp(
      max(seen, left + roundUp(output.w, toMultipleOf: tapMargin)), toMultipleOf: tapMargin)
  }

  /// Rows of all planes.
  var rowsOfAll: Int { count * size.h }

  /// Copies planes that lie side by side to `target`, or some of their rows.
  func fill(
    _ target: UnsafeMutablePointer<Float>, from source: UnsafePointer<Float>,
    _ rows: Range<Int>? = nil
  ) {
    for row in rows ?? 0..<rowsOfAll {
      let (from, to) = (source + row * size.w, target + row * rowCount)
      if phases == 1 {
        to.update(repeating: 0, count: left)
        (to + left).update(from: from, count: size.w)
        (to + left + size.w).update(repeating: 0, count: rowCount - left - size.w)
      } else {
        to.update(repeating: 0, count: rowCount)
        for phase in 0..<phases {
          // The first column of this remainder.
          let first = (phase - left % phases + phases) % phases
          let place = to + phase * phaseCount + (first + left) / phases
          var (x, i) = (first, 0)
          while x < size.w {
            place[i] = from[x]
            x += phases
            i += 1
          }
        }
      }
    }
  }
}
