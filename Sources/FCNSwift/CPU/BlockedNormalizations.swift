import FCNLoopTypes

/// Normalisation of each pixel over its channels, a row of pixels and sixteen channels at a time.
final class BlockedLayerNormalization: PreparedForm {
  private let epsilon: Float
  private let shape: Shape

  init?(_ operation: LayerNormalization, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    (epsilon, shape) = (operation.epsilon, request.output)
  }

  /// Of each pixel sums by lanes, a mean and a factor.
  var workspacePerWorker: Int { (channelBlock + 2) * shape.w }

  func forward(_ call: ForwardCall) {
    let (shape, epsilon) = (shape, epsilon)
    let blocks = (shape.c + channelBlock - 1) / channelBlock
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    let (step, count) = (shape.n * shape.planeCount, Float(shape.c))
    let fillers = blockFillers(of: shape)
    call.workers.run(shape.n * shape.h) { row, scratch in
      let sums = scratch.pixels
      let means = scratch + channelBlock * shape.w
      let factors = means + shape.w
      /// What `term` makes of each value of the row, added over the channels.
      func add(
        _ term: (SIMD16<Float>, _ x: Int) -> SIMD16<Float>, finish: (Float, Int) -> Void
      ) {
        sums.update(repeating: SIMD16(), count: shape.w)
        for block in 0..<blocks {
          let pixels = source + block * step + row * shape.w
          for x in 0..<shape.w {
            let value = term(pixels[x], x)
            sums[x] += block == blocks - 1 ? value.replacing(with: 0, where: fillers) : value
          }
        }
        for x in 0..<shape.w { finish(sums[x].sum(), x) }
      }
      add { value, _ in
        value
      } finish: { total, x in
        means[x] = total / count
      }
      add { value, x in
        let deviation = value - means[x]
        return deviation * deviation
      } finish: { total, x in
        factors[x] = 1 / (total / count + epsilon).squareRoot()
      }
      for block in 0..<blocks {
        let (scale, offset) = (
          channelNumbers(weight, block, of: shape), channelNumbers(bias, block, of: shape)
        )
        let first = block * step + row * shape.w
        for x in 0..<shape.w {
          target[first + x] = (source[first + x] - means[x]) * factors[x] * scale + offset
        }
      }
    }
  }
}

/// Normalisation of groups of channels of each picture, sixteen channels at a time: sums are of each channel,
/// and those of a group's channels are added then.
final class BlockedGroupNormalization: PreparedForm {
  private let operation: GroupNormalization
  private let shape: Shape

  init?(_ operation: GroupNormalization, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    (self.operation, shape) = (operation, request.output)
  }

  private static let pixelsOfPiece = valuesOfPiece / channelBlock
  private var pieces: Int { (shape.planeCount + Self.pixelsOfPiece - 1) / Self.pixelsOfPiece }

  /// Sums of pieces, in float64; a mean and a factor of each channel.
  var sharedWorkspace: Int { blockedPlaneCount(shape) * channelBlock * (2 * pieces + 2) }

  func forward(_ call: ForwardCall) {
    let (shape, pieces, planes) = (shape, pieces, blockedPlaneCount(shape))
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    let (weight, bias) = (call.parameters[0].pointer, call.parameters[1].pointer)
    let means = (call.workers.shared + 2 * channelBlock * planes * pieces).pixels
    let factors = means + planes
    let count = Double(shape.c / operation.groups * shape.planeCount)
    let epsilon = operation.epsilon
    addUp(call, to: means) { value, _ in
      value
    } finish: {
      Float($0 / count)
    }
    addUp(call, to: factors) { value, plane in
      let deviation = value - means[plane]
      return deviation * deviation
    } finish: {
      1 / (Float($0 / count) + epsilon).squareRoot()
    }
    call.workers.run(planes * pieces) { task, _ in
      let plane = task / pieces
      // Blocks lie outside pictures.
      let block = plane / shape.n
      let scale = factors[plane] * channelNumbers(weight, block, of: shape)
      let (mean, offset) = (means[plane], channelNumbers(bias, block, of: shape))
      let first = plane * shape.planeCount
      for i in part(task % pieces, of: shape.planeCount, size: Self.pixelsOfPiece) {
        target[first + i] = (source[first + i] - mean) * scale + offset
      }
    }
  }

  /// What `finish` makes of the sum of `term`s over each group's channels and pixels, for every channel.
  private func addUp(
    _ call: ForwardCall, to results: UnsafeMutablePointer<SIMD16<Float>>,
    _ term: @escaping (SIMD16<Float>, _ plane: Int) -> SIMD16<Float>, finish: (Double) -> Float
  ) {
    let (shape, pieces, planes) = (shape, pieces, blockedPlaneCount(shape))
    let source = call.input.pointer.pixels
    let sums = UnsafeMutableRawPointer(call.workers.shared)
      .bindMemory(to: Double.self, capacity: planes * pieces * channelBlock)
    call.workers.run(planes * pieces) { task, _ in
      let plane = task / pieces
      let pixels = source + plane * shape.planeCount
      let piece = part(task % pieces, of: shape.planeCount, size: Self.pixelsOfPiece)
      let total = sumOfPixels(piece) { term(pixels[$0], plane) }
      for lane in 0..<channelBlock { sums[task * channelBlock + lane] = total[lane] }
    }
    let channels = shape.c / operation.groups
    results.update(repeating: SIMD16(), count: planes)
    for n in 0..<shape.n {
      for group in 0..<operation.groups {
        var total = 0.0
        for c in group * channels..<(group + 1) * channels {
          let plane = c / channelBlock * shape.n + n
          for piece in plane * pieces..<(plane + 1) * pieces {
            total += sums[piece * channelBlock + c % channelBlock]
          }
        }
        let result = finish(total)
        for c in group * channels..<(group + 1) * channels {
          results[c / channelBlock * shape.n + n][c % channelBlock] = result
        }
      }
    }
  }
}
