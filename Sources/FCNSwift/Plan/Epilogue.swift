/// What later layers do to the output of a convolution, or of a transposed one, that it can do itself
/// while it is at hand.
struct Epilogue: Hashable {
  /// Adds another value of the same shape.
  var addsResidual = false
  /// What is done to each value then.
  var activation = Activation.identity
  /// Takes the largest of each 2×2, to this shape.
  var pooled: Shape?
  /// Keeps but a part.
  var cropped: Part?

  /// The part of a value that has `shape`, from row `offset.h` and column `offset.w` on.
  struct Part: Hashable {
    let offset: Extent
    let shape: Shape
  }
}
