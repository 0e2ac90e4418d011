import CIntrinsics
import FCNLoopTypes

/// A function of two values, sixteen channels at a time; the second has the first's shape, or one line for
/// all along some of channels, rows and columns.
final class BlockedPair<Function: BlockedPairFunction>: PreparedForm {
  private let broadcast: Broadcast

  init?(_: Function.Type, _ request: FormRequest) {
    guard request.epilogue == Epilogue() else { return nil }
    broadcast = Broadcast(request.inputs[0], request.inputs[1])
  }

  func forward(_ call: ForwardCall) {
    let (shape, other) = (broadcast.first, broadcast.second)
    let (source, factors) = (call.inputs[0].pointer.pixels, call.inputs[1].pointer.pixels)
    let target = call.output.pointer.pixels
    // One channel for all lies in the first of sixteen.
    let isAlone = other.c == 1 && shape.c > 1
    let columnStep = other.w == 1 ? 0 : 1
    call.workers.run(blockedPlaneCount(shape) * shape.h) { task, _ in
      let (plane, y) = (task / shape.h, task % shape.h)
      // Blocks lie outside pictures, and one channel for all is one block.
      let otherPlane = other.c == 1 ? plane % shape.n : plane
      let line = factors + (otherPlane * other.h + (other.h == 1 ? 0 : y)) * other.w
      let (pixels, results) = (source + task * shape.w, target + task * shape.w)
      if isAlone {
        for x in 0..<shape.w {
          results[x] = Function.value(pixels[x], SIMD16(repeating: line[x * columnStep][0]))
        }
      } else if columnStep == 0 {
        let factor = line[0]
        for x in 0..<shape.w { results[x] = Function.value(pixels[x], factor) }
      } else {
        for x in 0..<shape.w { results[x] = Function.value(pixels[x], line[x]) }
      }
    }
  }
}

/// What sixteen pairs of numbers make.
protocol BlockedPairFunction: PairFunction {
  static func value(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float>
}

extension Multiplying: BlockedPairFunction {
  static func value(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> { a * b }
}

extension Subtracting: BlockedPairFunction {
  static func value(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> { a - b }
}

extension TakingLarger: BlockedPairFunction {
  static func value(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> { fcn_larger(a, b) }
}

extension TakingSmaller: BlockedPairFunction {
  static func value(_ a: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> { -fcn_larger(-a, -b) }
}
