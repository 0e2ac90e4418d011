import CDeviceCalls

/// One axis of a resize, as kernels read it: what each line of the output is made of, ticks or, where it is
/// cubic, taps.
enum DeviceResizeAxis {
  case ticks([fcn_tick])
  case taps([fcn_taps])

  func upload(_ loader: DeviceLoader) throws -> DeviceMemory {
    switch self {
    case .ticks(let ticks): try loader.upload(ticks)
    case .taps(let taps): try loader.upload(taps)
    }
  }

  /// For each of `count` input positions the first output position that reads it and the end of those.
  func readers(of count: Int) -> [fcn_extent] {
    var ranges = [fcn_extent](repeating: fcn_extent(h: 0, w: 0), count: count)
    func add(_ output: Int, _ inputs: Int32...) {
      for input in inputs.map(Int.init) {
        if ranges[input].w == 0 { ranges[input].h = Int32(output) }
        ranges[input].w = Int32(output + 1)
      }
    }
    switch self {
    case .ticks(let ticks):
      for (output, tick) in ticks.enumerated() { add(output, tick.low, tick.high) }
    case .taps(let taps):
      for (output, tap) in taps.enumerated() {
        add(output, tap.lines.0, tap.lines.1, tap.lines.2, tap.lines.3)
      }
    }
    return ranges
  }
}

extension Resize {
  /// How rows and columns of `input` become those of `output`.
  func deviceAxes(
    _ input: Shape, _ output: Shape
  ) -> (rows: DeviceResizeAxis, columns: DeviceResizeAxis) {
    if interpolation == .cubic {
      let axes = axes(input, output)
      return (.taps(axes.rows.deviceTaps), .taps(axes.columns.deviceTaps))
    }
    let axes = bilinearAxes(input, output)
    return (.ticks(axes.rows.ticks), .ticks(axes.columns.ticks))
  }
}

extension BilinearAxis {
  /// As kernels read it.
  var ticks: [fcn_tick] {
    low.indices.map {
      fcn_tick(low: Int32(low[$0]), high: Int32(high[$0]), fraction: fraction[$0])
    }
  }
}

extension ResizeAxis {
  /// As kernels read one that has four taps.
  fileprivate var deviceTaps: [fcn_taps] {
    positions.indices.map { output in
      func line(_ tap: Int) -> Int32 { Int32(taps[output * tapCount + tap]) }
      func weight(_ tap: Int) -> Float { weights[output * tapCount + tap] }
      return fcn_taps(
        lines: (line(0), line(1), line(2), line(3)),
        weights: (weight(0), weight(1), weight(2), weight(3)))
    }
  }
}
