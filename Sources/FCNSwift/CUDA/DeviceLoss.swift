import CDeviceCalls

/// The loss of a minibatch on a device, and what the host must know of a step: the losses, the
/// predictions, the squares of the gradients.
final class DeviceLoss {
  private let function: DeviceFunction
  private let squares: DeviceFunction
  private let classWeights: DeviceMemory
  private let labels: DeviceStaging
  /// Predictions, then each block's loss of every score tensor, then squares.
  private let results: DeviceStaging
  private let plan: TrainingPlan<DeviceTraining>
  private let pixelCount: Int
  private let parameterCount: Int

  init(
    _ plan: TrainingPlan<DeviceTraining>, classWeights: [Float]?, parameterCount: Int,
    _ context: DeviceContext
  ) throws {
    guard plan.scores.allSatisfy({ $0.value.element == .float32 }) else {
      throw FCNError(
        .unsupported,
        "the network's scores do not come from a layer that makes scores; train it in float32")
    }
    self.plan = plan
    self.parameterCount = parameterCount
    let shape = plan.scores[0].value.shape
    pixelCount = shape.n * shape.planeCount
    function = try context.functions.function("softmax_cross_entropy", of: .loss, [], context)
    squares = try context.functions.function("sum_squares", of: .reductions, [], context)
    let weights = classWeights ?? [Float](repeating: 1, count: shape.c)
    self.classWeights = try DeviceLoader(context).upload(weights)
    labels = try DeviceStaging(pixelCount, context)
    results = try DeviceStaging(
      roundUp(pixelCount, toMultipleOf: 8)
        + 8
        * (plan.scores.count * DeviceLoss.blocks(pixelCount)
          + parameterCount * Int(FCN_SQUARE_BLOCKS)),
      context)
  }

  private static func blocks(_ pixels: Int) -> Int {
    (pixels + DeviceFunction.threads - 1) / DeviceFunction.threads
  }

  private var lossOffset: Int { roundUp(pixelCount, toMultipleOf: 8) }
  private var squareOffset: Int {
    lossOffset + 8 * plan.scores.count * DeviceLoss.blocks(pixelCount)
  }

  /// Hands over `labels`, N×H×W, and the losses of all scores, whose gradients are multiplied by
  /// `scale` besides the factor that each has.
  func enqueue(_ stream: DeviceStream, labels values: [UInt8], scale: Float) throws {
    guard values.count == pixelCount else {
      throw FCNError(
        .internalDefect, "there are \(values.count) labels for scores of \(pixelCount) pixels")
    }
    values.withUnsafeBytes {
      if let base = $0.baseAddress {
        labels.host.base.copyMemory(from: base, byteCount: pixelCount)
      }
    }
    try stream.upload(labels.host.base, pixelCount, to: labels.device.address)
    for (index, scores) in plan.scores.enumerated() {
      try stream.launch(
        function, over: pixelCount,
        fcn_loss_call(
          scores: scores.value.view, gradient: scores.gradient.view,
          labels: labels.device.address, predictions: results.device.address,
          weights: classWeights.address,
          losses: results.device.address
            + UInt64(lossOffset + 8 * index * DeviceLoss.blocks(pixelCount)),
          scale: scale * scores.factor, reserved: 0))
    }
  }

  /// Hands over the sums of squares of `gradients`, and the way of all results to the host.
  func enqueueResults(
    _ stream: DeviceStream, gradients: [(address: CUDADriver.Address, count: Int)]
  ) throws {
    for (index, gradient) in gradients.enumerated() {
      try stream.launch(
        squares, grid: (Int(FCN_SQUARE_BLOCKS), 1, 1),
        fcn_squares_call(
          values: gradient.address,
          squares: results.device.address
            + UInt64(squareOffset + 8 * index * Int(FCN_SQUARE_BLOCKS)),
          count: Int64(gradient.count)))
    }
    try stream.download(
      results.device.address,
      squareOffset + 8 * gradients.count * Int(FCN_SQUARE_BLOCKS), to: results.host.base)
  }

  // MARK: Once the stream has been waited for

  /// The predictions of the network's own scores, N×H×W.
  var predictions: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: results.host.base.assumingMemoryBound(to: UInt8.self), count: pixelCount)
  }

  /// Σ weight · loss of every score tensor.
  var losses: [Double] {
    let blocks = DeviceLoss.blocks(pixelCount)
    return plan.scores.indices.map { sum(at: lossOffset + 8 * $0 * blocks, blocks) }
  }

  /// Σ gradient² of the parameter that was handed over as number `index`.
  func square(_ index: Int) -> Double {
    sum(at: squareOffset + 8 * index * Int(FCN_SQUARE_BLOCKS), Int(FCN_SQUARE_BLOCKS))
  }

  private func sum(at offset: Int, _ count: Int) -> Double {
    (0..<count).reduce(0) {
      $0 + results.host.base.load(fromByteOffset: offset + 8 * $1, as: Double.self)
    }
  }
}
