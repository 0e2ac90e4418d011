import FCNLoopTypes

/// Values side by side whose channels fill no whole blocks: each block of the result has channels of several
/// blocks, or of other places in them.
final class UnalignedConcatenation: PreparedForm {
  /// Channels of one block that follow each other in another.
  private struct Move {
    let input: Int
    /// Block of the input, and the channel in it.
    let block, lane: Int
    /// The channel in the result's block.
    let place: Int
    let count: Int
  }

  /// Of each block of the result.
  private let moves: [[Move]]
  private let output: Shape

  init?(_ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    output = request.output
    var moves = [[Move]](
      repeating: [], count: (request.output.c + channelBlock - 1) / channelBlock)
    var channel = 0
    for (index, input) in request.inputs.enumerated() {
      var own = 0
      while own < input.c {
        let (lane, place) = (own % channelBlock, channel % channelBlock)
        let count = min(channelBlock - max(lane, place), input.c - own)
        moves[channel / channelBlock].append(
          Move(input: index, block: own / channelBlock, lane: lane, place: place, count: count))
        own += count
        channel += count
      }
    }
    self.moves = moves
  }

  func forward(_ call: ForwardCall) {
    let (output, moves) = (output, moves)
    let sources = call.inputs.map { UnsafePointer($0.pointer) }
    let target = call.output.pointer
    // A task is a line, of all blocks' channels that come to one.
    call.workers.run(moves.count * output.n * output.h) { task, _ in
      let block = task / (output.n * output.h)
      // Of all pictures, as blocks have them.
      let line = task % (output.n * output.h)
      let pixels = target + task * output.w * channelBlock
      for move in moves[block] {
        let source =
          sources[move.input]
          + (move.block * output.n * output.h + line) * output.w * channelBlock + move.lane
        copy(source, to: pixels + move.place, move.count, pixels: output.w)
      }
      let filled = output.c - block * channelBlock
      guard filled < channelBlock else { return }
      for x in 0..<output.w {
        (pixels + x * channelBlock + filled).update(repeating: 0, count: channelBlock - filled)
      }
    }
  }
}

/// Copies `count` channels of each of `pixels` pixels of sixteen.
private func copy(
  _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int, pixels: Int
) {
  if count == channelBlock {
    target.update(from: source, count: pixels * channelBlock)
    return
  }
  var done = 0
  while count - done >= 4 {
    for x in 0..<pixels {
      let four = UnsafeRawPointer(source + x * channelBlock + done)
        .loadUnaligned(as: SIMD4<Float>.self)
      UnsafeMutableRawPointer(target + x * channelBlock + done)
        .storeBytes(of: four, as: SIMD4<Float>.self)
    }
    done += 4
  }
  while done < count {
    for x in 0..<pixels { target[x * channelBlock + done] = source[x * channelBlock + done] }
    done += 1
  }
}
