import FCNLoopTypes

extension UnsafeMutablePointer<Float> {
  /// The same as pixels of sixteen channels.
  var pixels: UnsafeMutablePointer<SIMD16<Float>> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: SIMD16<Float>.self)
  }
}

extension UnsafePointer<Float> {
  /// The same as pixels of sixteen channels.
  var pixels: UnsafePointer<SIMD16<Float>> {
    UnsafeRawPointer(self).assumingMemoryBound(to: SIMD16<Float>.self)
  }
}

/// How many blocks of channels a blocked value of `shape` has, in all its pictures.
func blockedPlaneCount(_ shape: Shape) -> Int {
  shape.n * ((shape.c + channelBlock - 1) / channelBlock)
}

/// Which of sixteen channels only fill the last block of a value.
func blockFillers(of shape: Shape) -> SIMDMask<SIMD16<Int32>> {
  let filled = Int32(shape.c - (shape.c - 1) / channelBlock * channelBlock)
  return SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) .>= filled
}

/// The numbers that `values` has for the sixteen channels of `block`, zeros where there are none.
func channelNumbers(
  _ values: UnsafePointer<Float>, _ block: Int, of shape: Shape
) -> SIMD16<Float> {
  var numbers = SIMD16<Float>()
  for c in block * channelBlock..<min((block + 1) * channelBlock, shape.c) {
    numbers[c % channelBlock] = values[c]
  }
  return numbers
}

/// The sum of `value` over `pixels`: of single precision over some hundred, of double precision over those.
@inline(__always)
func sumOfPixels(_ pixels: Range<Int>, _ value: (Int) -> SIMD16<Float>) -> SIMD16<Double> {
  var total = SIMD16<Double>()
  var first = pixels.lowerBound
  while first < pixels.upperBound {
    let end = min(pixels.upperBound, first + 256)
    var part = SIMD16<Float>()
    for i in first..<end { part += value(i) }
    total += SIMD16<Double>(part)
    first = end
  }
  return total
}

/// The mean under a sliding window, sixteen channels at a time.
final class BlockedAveragePool: PreparedForm {
  private let operation: AveragePool
  private let input: Shape
  private let output: Shape

  init?(_ operation: AveragePool, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    self.operation = operation
    (input, output) = (request.inputs[0], request.output)
  }

  func forward(_ call: ForwardCall) {
    let (operation, input, output) = (operation, input, output)
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    call.workers.run(blockedPlaneCount(output) * output.h) { task, _ in
      let (plane, y) = (task / output.h, task % output.h)
      let (pixels, results) = (source + plane * input.planeCount, target + task * output.w)
      let rows = operation.rows(y, of: input)
      for x in 0..<output.w {
        let columns = operation.columns(x, of: input)
        var total = SIMD16<Float>()
        for row in rows.seen {
          for column in columns.seen { total += pixels[row * input.w + column] }
        }
        results[x] = total / Float(rows.count * columns.count)
      }
    }
  }
}

/// The mean over all pixels, sixteen channels at a time.
final class BlockedGlobalAveragePool: PreparedForm {
  private let input: Shape

  init?(_ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    input = request.inputs[0]
  }

  private static let pixelsOfPiece = valuesOfPiece / channelBlock
  private var pieces: Int { (input.planeCount + Self.pixelsOfPiece - 1) / Self.pixelsOfPiece }

  /// For sums of pieces, in float64.
  var sharedWorkspace: Int { 2 * channelBlock * blockedPlaneCount(input) * pieces }

  func forward(_ call: ForwardCall) {
    let (input, pieces, planes) = (input, pieces, blockedPlaneCount(input))
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    let sums = UnsafeMutableRawPointer(call.workers.shared)
    let size = MemoryLayout<SIMD16<Double>>.stride
    call.workers.run(planes * pieces) { task, _ in
      let pixels = source + task / pieces * input.planeCount
      let piece = part(task % pieces, of: input.planeCount, size: Self.pixelsOfPiece)
      let total = sumOfPixels(piece) { pixels[$0] }
      sums.storeBytes(of: total, toByteOffset: task * size, as: SIMD16<Double>.self)
    }
    for plane in 0..<planes {
      var total = SIMD16<Double>()
      for piece in 0..<pieces {
        total += sums.loadUnaligned(
          fromByteOffset: (plane * pieces + piece) * size, as: SIMD16<Double>.self)
      }
      target[plane] = SIMD16<Float>(total / Double(input.planeCount))
    }
  }
}

/// The places of maxima in windows side by side, sixteen channels at a time.
final class BlockedMaxPoolIndices: PreparedForm {
  private let side: Extent
  private let input: Shape
  private let output: Shape

  init?(_ operation: MaxPoolIndices, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    side = operation.window.kernel
    (input, output) = (request.inputs[0], request.output)
  }

  func forward(_ call: ForwardCall) {
    let (side, input, output) = (side, input, output)
    let (source, target) = (call.input.pointer.pixels, call.output.pointer.pixels)
    call.workers.run(blockedPlaneCount(output) * output.h) { task, _ in
      let rows = source + task * side.h * input.w
      for x in 0..<output.w {
        var best = rows[x * side.w]
        var places = SIMD16<Float>()
        for j in 0..<side.h {
          for k in 0..<side.w {
            let values = rows[j * input.w + x * side.w + k]
            // As for single values: a NaN is largest, the first of equal ones wins.
            let isBeaten = .!((values .<= best) .| (best .!= best))
            best.replace(with: values, where: isBeaten)
            places.replace(with: Float(j * side.w + k), where: isBeaten)
          }
        }
        target[task * output.w + x] = places
      }
    }
  }
}

/// Unpooling, sixteen channels at a time.
final class BlockedMaxUnpool: PreparedForm {
  private let side: Extent
  private let input: Shape
  private let output: Shape

  init?(_ operation: MaxUnpool, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    side = operation.window.kernel
    (input, output) = (request.inputs[0], request.output)
  }

  func forward(_ call: ForwardCall) {
    let (side, input, output) = (side, input, output)
    let (source, places) = (call.inputs[0].pointer.pixels, call.inputs[1].pointer.pixels)
    let target = call.output.pointer.pixels
    call.workers.run(blockedPlaneCount(input) * input.h) { task, _ in
      for x in 0..<input.w {
        let (values, wanted) = (source[task * input.w + x], places[task * input.w + x])
        for j in 0..<side.h {
          let results = target + (task * side.h + j) * output.w + x * side.w
          for k in 0..<side.w {
            results[k] = SIMD16<Float>().replacing(
              with: values, where: wanted .== Float(j * side.w + k))
          }
        }
      }
    }
  }
}
