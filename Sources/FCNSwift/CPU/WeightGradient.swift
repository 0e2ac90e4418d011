/// The gradient of a convolution by its weights, which some pictures at a time add to.
protocol WeightGradient: AnyObject {
  /// Scratch floats that workers share, the first of them for sums, which must stay as they are from `add` to
  /// `finish`; and that each needs.
  var sumCount: Int { get }
  var sharedWorkspace: Int { get }
  var workspacePerWorker: Int { get }

  /// Adds what a group of pictures gives, from number `first` on; `gradient` is blocked.
  func add(
    _ input: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, first: Int, _ workers: Workers)

  /// Writes the gradient, out×in×height×width.
  func finish(to gradient: UnsafeMutablePointer<Float>, _ workers: Workers)
}
