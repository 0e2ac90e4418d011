import Glibc

/// How the losses of a minibatch's pixels make one number.
public enum LossReduction: String, Sendable, CaseIterable {
  /// Σ weight · loss / Σ weight over all labelled pixels.
  case mean
  /// Σ weight · loss, as the FCN papers' Caffe recipes have it (`normalize: false`).
  case sum
}

/// The loss: −log softmax(scores)[label] at every labelled pixel, each times its class's weight.
struct SoftmaxCrossEntropy: Sendable {
  let reduction: LossReduction
  /// A factor for each class; nil means all 1.
  let classWeights: [Float]?

  /// Throws unless all of `scores`, shapes that a network makes of an input of `shape`, have a value for
  /// each of `classes` at every pixel of that, as labels have.
  func checkScores(_ scores: [Shape], of shape: Shape, classes: Int) throws {
    let wanted = Shape(shape.n, classes, shape.h, shape.w)
    for found in scores where found != wanted {
      throw FCNError(
        .shapeMismatch,
        "the network makes scores of \(found); training wants \(wanted), a score for each class at every "
          + "pixel of its input. Add a layer that brings them to that size")
    }
  }

  /// Computes the loss of `scores`, N×C×H×W, under `labels`, N×H×W. Writes ∂loss/∂scores to
  /// `gradient` and the class of the largest score at each pixel, N×H×W, to `predictions`. Every
  /// label other than `LabelMap.ignore` must be below C.
  ///
  /// Returns Σ weight · loss and Σ weight; both, and the gradient, are zero if no pixel with a weight is
  /// labelled, which is one way in which a mean of nothing would otherwise bring NaN into a training.
  func evaluate(
    _ scores: Tensor, _ labels: UnsafeBufferPointer<UInt8>, gradient: Tensor,
    predictions: UnsafeMutableBufferPointer<UInt8>, _ pool: WorkerPool
  ) -> (sum: Double, weight: Double) {
    let shape = scores.shape
    let weights = classWeights ?? [Float](repeating: 1, count: shape.c)
    let total = SoftmaxCrossEntropy.totalWeight(labels, weights)
    guard let labels = labels.baseAddress, let predictions = predictions.baseAddress else {
      gradient.pointer.update(repeating: 0, count: shape.count)
      return (0, 0)
    }
    let scale: Float = reduction == .sum ? 1 : total > 0 ? Float(1 / total) : 0
    var rowLosses = [Double](repeating: 0, count: shape.n * shape.h)
    rowLosses.withUnsafeMutableBufferPointer { rowLosses in
      guard let losses = rowLosses.baseAddress else { return }
      pool.run(shape.n * shape.h) { row, _ in
        let offset = row / shape.h * shape.pictureCount + row % shape.h * shape.w
        losses[row] = SoftmaxCrossEntropy.evaluateRow(
          scores.pointer + offset, gradient.pointer + offset, labels + row * shape.w,
          predictions + row * shape.w, shape, weights, scale)
      }
    }
    return (rowLosses.reduce(0, +), total)
  }

  /// The number that `evaluate`'s result stands for.
  func reduced(_ result: (sum: Double, weight: Double)) -> Double {
    reduction == .sum || result.weight == 0 ? result.sum : result.sum / result.weight
  }

  /// Σ weight over the labelled pixels.
  func totalWeight(_ labels: [UInt8]) -> Double {
    let weights = classWeights ?? [Float](repeating: 1, count: Int(LabelMap.ignore))
    return labels.withUnsafeBufferPointer { SoftmaxCrossEntropy.totalWeight($0, weights) }
  }

  private static func totalWeight(
    _ labels: UnsafeBufferPointer<UInt8>, _ weights: [Float]
  ) -> Double {
    var pixels = [Int](repeating: 0, count: 256)
    pixels.withUnsafeMutableBufferPointer { pixels in
      for label in labels { pixels[Int(label)] += 1 }
    }
    return zip(weights, pixels).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// One row of one picture; returns its weighted loss. Scratch: the largest score, the sum of
  /// exponentials at each pixel.
  private static func evaluateRow(
    _ scores: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>,
    _ labels: UnsafePointer<UInt8>, _ predictions: UnsafeMutablePointer<UInt8>,
    _ shape: Shape, _ weights: [Float], _ scale: Float
  ) -> Double {
    let width = shape.w
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * width) { scratch -> Double in
      guard let largest = scratch.baseAddress else { return 0 }
      let total = largest + width
      largest.update(from: scores, count: width)
      predictions.update(repeating: 0, count: width)
      for c in 1..<max(shape.c, 1) {
        let plane = scores + c * shape.planeCount
        for x in 0..<width where plane[x] > largest[x] {
          largest[x] = plane[x]
          predictions[x] = UInt8(truncatingIfNeeded: c)
        }
      }
      total.update(repeating: 0, count: width)
      for c in 0..<shape.c {
        let (plane, target) = (scores + c * shape.planeCount, gradient + c * shape.planeCount)
        for x in 0..<width {
          target[x] = expf(plane[x] - largest[x])
          total[x] += target[x]
        }
      }
      var loss = 0.0
      for x in 0..<width {
        let label = Int(labels[x])
        guard label < shape.c else {
          total[x] = 0
          continue
        }
        let score = scores[label * shape.planeCount + x] - largest[x]
        loss += Double(weights[label] * (logf(total[x]) - score))
        // From here on: what each exponential is multiplied by.
        total[x] = weights[label] * scale / total[x]
      }
      for c in 0..<shape.c {
        let target = gradient + c * shape.planeCount
        for x in 0..<width { target[x] *= total[x] }
      }
      for x in 0..<width where Int(labels[x]) < shape.c {
        gradient[Int(labels[x]) * shape.planeCount + x] -= weights[Int(labels[x])] * scale
      }
      return loss
    }
  }
}
