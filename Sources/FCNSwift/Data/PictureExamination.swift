/// What a survey found in one labelled picture.
public struct PictureExamination: Sendable {
  /// Columns and rows.
  public struct Size: Sendable, Hashable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// Makes a size.
    public init(_ width: Int, _ height: Int) {
      self.width = width
      self.height = height
    }

    /// Pixels.
    public var area: Int { width * height }
  }

  /// Something that must be mended before the picture can be used.
  public struct Problem: Sendable, Hashable {
    /// What is wrong.
    public enum Kind: Sendable, Hashable {
      /// A file is not there.
      case missing
      /// A file is damaged, ends early, or is of another kind.
      case unreadable
      /// Pixels have this label, which is no class.
      case label(Int)
      /// The picture and its labels are of two sizes.
      case sizes
    }

    /// What is wrong.
    public var kind: Kind
    /// The file, and what was found there.
    public var text: String

    /// Makes a problem.
    public init(_ kind: Kind, _ text: String) {
      self.kind = kind
      self.text = text
    }
  }

  /// What the dataset calls the picture.
  public var name: String
  /// The picture's size, nil where it cannot be read.
  public var imageSize: Size?
  /// The labels' size, nil where they cannot be read.
  public var labelSize: Size?
  /// Pixels of each label, 0…255; empty where the labels cannot be read.
  public var labelPixels: [Int] = []
  /// Alike for pictures of the same bytes; nil where there are none.
  public var fingerprint: UInt64?
  /// What must be mended; empty where all is well.
  public var problems: [Problem] = []

  /// Why nothing was found out, though nothing may be wrong with the picture.
  var shortage: FCNError?

  /// Nothing found yet.
  public init(name: String) { self.name = name }

  /// Whether there are labels that are no class.
  var hasStrayLabels: Bool {
    problems.contains { problem in
      if case .label = problem.kind { return true }
      return false
    }
  }

  /// Notes what kept a file from being read.
  mutating func note(_ error: any Error) {
    let error = error as? FCNError ?? FCNError(.internalDefect, "\(error)")
    if error.isShortage {
      shortage = error
    } else {
      problems.append(.init(error.kind == .notFound ? .missing : .unreadable, error.message))
    }
  }

  /// Counts `labels` and notes those that are no class; `file` is where they are.
  mutating func note(_ labels: LabelMap, classCount: Int, in file: String) {
    labelSize = Size(labels.width, labels.height)
    labelPixels = labels.histogram()
    for label in min(classCount, 256)..<256
    where label != Int(LabelMap.ignore) && labelPixels[label] > 0 {
      let place = labels.labels.firstIndex(of: UInt8(label)) ?? 0
      let (x, y) = (place % labels.width, place / labels.width)
      problems.append(Problem(.label(label), "\(file) (first at x \(x), y \(y))"))
    }
  }

  /// Notes where picture and labels, both read, differ in size.
  mutating func compareSizes() {
    guard let imageSize, let labelSize, imageSize != labelSize else { return }
    problems.append(
      Problem(
        .sizes,
        "\(name) is \(imageSize.width)×\(imageSize.height), its labels "
          + "\(labelSize.width)×\(labelSize.height)"))
  }
}

/// A number that is hardly ever the same for other bytes.
func fingerprint(of bytes: UnsafeRawBufferPointer) -> UInt64 {
  var hash = UInt64(truncatingIfNeeded: bytes.count) ^ 0x9E37_79B9_7F4A_7C15
  func mix(_ word: UInt64) {
    hash = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
    hash ^= hash >> 32
  }
  var position = 0
  while position + 8 <= bytes.count {
    mix(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
    position += 8
  }
  for byte in bytes[position...] { mix(UInt64(byte)) }
  return hash
}
