/// What the bytes of a blocked value mean, ⌈C/16⌉×N×H×W×16 of them: `scales` · (byte − `zeros`), with a scale
/// and a zero for each channel. All have room for whole blocks; channels that only fill one have the factor 0
/// and the zero 0.
public struct ByteChannels {
  /// What a step from a byte to the next is.
  public let scales: UnsafePointer<Float>
  /// One over the scales.
  public let factors: UnsafePointer<Float>
  /// The byte that stands for 0, as a float.
  public let zeros: UnsafePointer<Float>

  /// Makes it of its parts, aligned for registers.
  public init(
    scales: UnsafePointer<Float>, factors: UnsafePointer<Float>, zeros: UnsafePointer<Float>
  ) {
    (self.scales, self.factors, self.zeros) = (scales, factors, zeros)
  }
}
