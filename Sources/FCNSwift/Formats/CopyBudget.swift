/// How much memory may yet be spent on what a file holds in a form that has to be copied: deflated
/// entries, arrays in Fortran order, tensors that are not contiguous.
///
/// Each of these can ask for far more memory than the file is long. So they share an allowance: a
/// gibibyte, which all of a network of this kind fits in, and four times the file's length.
final class CopyBudget {
  private var left: Int

  /// The allowance for a file of `fileSize` bytes.
  convenience init(fileSize: Int) {
    self.init(bytes: (1 << 30) + 4 * fileSize)
  }

  /// An allowance of `bytes`.
  init(bytes: Int) {
    left = bytes
  }

  /// Takes `bytes` off the allowance and checks that the system has them. Throws `outOfMemory`
  /// unless it is large enough.
  func spend(_ bytes: Int) throws {
    guard bytes <= left else {
      throw FCNError(
        .outOfMemory,
        "it takes \(bytes) bytes of memory, and the limit for a file of this length leaves \(left);"
          + " save the file again, contiguous and without compression")
    }
    left -= bytes
    try requireMemory(bytes)
  }
}
