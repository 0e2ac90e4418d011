extension Model {
  /// How the score layers of a fresh model begin. All other layers begin as their operation says:
  /// convolutions normal (He et al., 2015), transposed convolutions as bilinear upsampling.
  public enum ScoreInitialization: String, Sendable, CaseIterable {
    /// As every other convolution.
    case he
    /// Zero, as in the FCN papers: all classes score alike at first. Serves where the trunk's
    /// weights come from a trained network; the first step leaves a fresh trunk as it is.
    case zero
  }

  /// Makes an untrained model. The same seed makes the same weights on every machine, and those of
  /// one parameter do not depend on which others there are.
  public static func fresh(
    _ description: ModelDescription, seed: UInt64, scores: ScoreInitialization = .he
  ) throws -> Model {
    let weights = try network(for: description).parameters.map { parameter in
      var initializer = parameter.initializer
      if scores == .zero, case .score = initializer { initializer = .constant(0) }
      var generator = SeededGenerator(seed: seed, stream: stableHash(parameter.name))
      return try WeightTensor(name: parameter.name, shape: parameter.shape) {
        fill($0, as: initializer, parameter.shape, &generator)
      }
    }
    return try Model(description: description, weights: weights)
  }

  private static func fill(
    _ elements: UnsafeMutableBufferPointer<Float>,
    as initializer: ParameterSpecification.Initializer, _ shape: [Int],
    _ generator: inout SeededGenerator
  ) {
    switch initializer {
    case .constant(let value):
      elements.update(repeating: value)
    case .he(let fanIn), .score(let fanIn):
      let deviation = (2 / Float(fanIn)).squareRoot()
      for i in elements.indices { elements[i] = deviation * generator.normal() }
    case .bilinear:
      fillBilinear(elements, shape)
    }
  }

  /// Fills in×out×height×width weights of a transposed convolution so that each channel is
  /// upsampled to itself; out is 1 where every channel has a group of its own.
  static func fillBilinear(_ elements: UnsafeMutableBufferPointer<Float>, _ shape: [Int]) {
    let (outputs, height, width) = (shape[1], shape[2], shape[3])
    let (rows, columns) = (bilinearProfile(height), bilinearProfile(width))
    elements.update(repeating: 0)
    for input in 0..<shape[0] {
      let output = outputs == 1 ? 0 : input
      guard output < outputs else { break }
      let kernel = (input * outputs + output) * height * width
      for y in 0..<height {
        for x in 0..<width { elements[kernel + y * width + x] = rows[y] * columns[x] }
      }
    }
  }

  /// The tent of a bilinear kernel along one axis, as fcn.berkeleyvision.org's `surgery.py` has it.
  private static func bilinearProfile(_ size: Int) -> [Float] {
    let factor = (size + 1) / 2
    let centre = size % 2 == 1 ? Float(factor - 1) : Float(factor) - 0.5
    return (0..<size).map { 1 - abs(Float($0) - centre) / Float(factor) }
  }

  /// FNV-1a: a hash that stays the same between runs, which Swift's own does not.
  private static func stableHash(_ name: String) -> UInt64 {
    name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
