import FCNLoopTypes

// Labels of scores that are never written: each position's best score so far, of all its phases, and that
// score's class, as the classes' products are made one after the other.
extension PhasedTransposedConvolution: RankingForm {
  /// Whether a class's products are whole vectors of them.
  var ranks: Bool { phases.count % channelBlock == 0 }

  /// Floats of scratch for the best scores of some positions, and for their classes.
  var rankingCount: Int { 2 * rows * phases.count }

  func rank(_ call: ForwardCall, to labels: UnsafeMutablePointer<UInt8>) {
    let bias = UnsafePointer(call.packed.pointer)
    let (rows, phases) = (rows, phases.count)
    makeProducts(call, 0..<output.n) { [self] some, channels, m, best in
      let classes = UnsafeMutableRawPointer(best + rows * phases)
        .bindMemory(to: Int32.self, capacity: rows * phases)
      for channel in channels {
        var column = channel * phases
        let end = column + phases
        while column < end {
          let products = Products(m, column, self)
          let count = min(products.run, end - column)
          let place = column - channel * phases
          loops.rankProducts(
            products.first, products.stride, some.count, count, bias[channel], Int32(channel),
            best + place, classes + place, phases)
          column += count
        }
      }
      if !channels.isEmpty, channels.upperBound == output.c {
        spread(classes, of: some, to: labels)
      }
    }
  }

  /// Writes the classes of the phases of positions to where these lie.
  private func spread(
    _ classes: UnsafePointer<Int32>, of some: Range<Int>, to labels: UnsafeMutablePointer<UInt8>
  ) {
    let (down, across) = (phases.stride.h, phases.stride.w)
    phases.forEachLine(of: some) { picture, y, x, row, count in
      for phase in 0..<down {
        let top = (phases.start.h + y) * down + phase - phases.margin.h
        guard top >= 0, top < output.h else { continue }
        let line = labels + (picture * output.h + top) * output.w
        for position in 0..<count {
          let source = classes + (row + position) * phases.count + phase * across
          let left = (phases.start.w + x + position) * across - phases.margin.w
          let first = max(0, -left)
          for column in first..<max(first, min(across, output.w - left)) {
            line[left + column] = UInt8(truncatingIfNeeded: source[column])
          }
        }
      }
    }
  }

  func gain(_ call: ForwardCall) -> Float {
    let bias = UnsafeBufferPointer(start: call.packed.pointer, count: output.c)
    let weights = UnsafeBufferPointer(
      start: call.packed.pointer + biasCount, count: packedCount - biasCount)
    return Self.gain(weights: weights, terms: job.pointee.depth, bias: bias)
  }
}
