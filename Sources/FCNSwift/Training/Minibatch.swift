/// Labelled pictures brought to one size, ready to be copied into a training plan.
struct Minibatch: Sendable {
  /// Its pictures, augmented, none larger than `height`×`width`.
  let pictures: [Image]
  /// N×height×width labels; `LabelMap.ignore` beyond a picture's own edge.
  let labels: [UInt8]
  /// Rows, a multiple of the network's stride.
  let height: Int
  /// Columns, a multiple of the network's stride.
  let width: Int

  /// Pads `pictures` at the right and the bottom to the largest one's size, rounded up to `stride`.
  init(_ pictures: [LabelledPicture], stride: Int) throws {
    self.pictures = pictures.map(\.image)
    let height = roundUp(pictures.map(\.image.height).max() ?? 1, toMultipleOf: stride)
    let width = roundUp(pictures.map(\.image.width).max() ?? 1, toMultipleOf: stride)
    let plane = height * width
    try requireMemory(pictures.count * plane)
    labels = [UInt8](unsafeUninitializedCapacity: pictures.count * plane) { buffer, count in
      buffer.initialize(repeating: LabelMap.ignore)
      for (n, picture) in pictures.enumerated() {
        let map = picture.labels
        map.labels.withUnsafeBufferPointer { source in
          for y in 0..<map.height {
            let row = UnsafeMutableBufferPointer(
              rebasing: buffer[n * plane + y * width..<n * plane + y * width + map.width])
            _ = row.update(fromContentsOf: source[y * map.width..<(y + 1) * map.width])
          }
        }
      }
      count = pictures.count * plane
    }
    self.height = height
    self.width = width
  }
}

extension ConfusionMatrix {
  /// Adds the N×H×W predictions of `minibatch`, picture by picture.
  mutating func add(_ minibatch: Minibatch, _ predictions: UnsafeBufferPointer<UInt8>) throws {
    let plane = minibatch.height * minibatch.width
    try minibatch.labels.withUnsafeBufferPointer { labels in
      for n in minibatch.pictures.indices {
        let pixels = n * plane..<(n + 1) * plane
        _ = try add(
          truth: UnsafeBufferPointer(rebasing: labels[pixels]),
          prediction: UnsafeBufferPointer(rebasing: predictions[pixels]))
      }
    }
  }
}

/// Which pictures make up each minibatch of an epoch, and what is done to them: decided by the seed,
/// the epoch and the position alone, whoever prepares them and when.
struct MinibatchSource: Sendable {
  let pictures: any LabelledPictures
  let batchSize: Int
  let augmentation: Augmentation
  let preprocessing: Preprocessing
  let stride: Int
  let seed: UInt64

  /// Minibatches of an epoch.
  var count: Int { max(1, pictures.count / batchSize) }

  /// The pictures of `epoch`, counted from 0, in the order in which they are learned from.
  func order(_ epoch: Int) -> [Int] {
    var order = Array(0..<pictures.count)
    var generator = SeededGenerator(seed: seed, stream: UInt64(epoch))
    generator.shuffle(&order)
    return order
  }

  /// Minibatch `index` of `epoch`, whose order is `order`.
  func minibatch(_ index: Int, _ epoch: Int, _ order: [Int]) throws -> Minibatch {
    let positions = index * batchSize..<min(order.count, (index + 1) * batchSize)
    return try Minibatch(
      try positions.map { position in
        let picture = try pictures.picture(at: order[position])
        var generator = SeededGenerator(
          seed: seed ^ 0xA5A5_A5A5_A5A5_A5A5, stream: UInt64(epoch * order.count + position))
        return try augmentation.apply(
          picture,
          size: preprocessing.networkSize(
            width: picture.image.width, height: picture.image.height),
          using: &generator)
      }, stride: stride)
  }
}
