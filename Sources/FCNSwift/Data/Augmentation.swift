/// How training pictures are varied, each time they are shown, so that a network sees more of them
/// than there are.
public struct Augmentation: Sendable, Hashable {
  /// Columns of the piece that is cut out, 0 for all of the scaled picture's.
  public var cropWidth: Int
  /// Rows of the piece that is cut out, 0 for all of the scaled picture's.
  public var cropHeight: Int
  /// The factor on the size at which the network sees the picture is drawn evenly from this range,
  /// within `scaleRange`.
  public var scale: ClosedRange<Float>
  /// Whether every second picture, by chance, is mirrored, left and right exchanged.
  public var flip: Bool
  /// Channel values are multiplied by a factor drawn evenly from 1 ± this, within `lightRange`.
  public var brightness: Float
  /// Distances from mid-grey are multiplied by a factor drawn evenly from 1 ± this, within `lightRange`.
  public var contrast: Float

  /// The colour of what a crop has beyond the picture's edge; its label is `ignore`.
  public static let padding: UInt8 = 127

  /// Without arguments, nothing is changed.
  public init(
    cropWidth: Int = 0, cropHeight: Int = 0, scale: ClosedRange<Float> = 1...1, flip: Bool = false,
    brightness: Float = 0, contrast: Float = 0
  ) {
    self.cropWidth = cropWidth
    self.cropHeight = cropHeight
    self.scale = scale
    self.flip = flip
    self.brightness = brightness
    self.contrast = contrast
  }

  /// What the sides of a crop may be.
  public static let sideRange = NumberRange(0...65_536)
  /// What factors on the size may be.
  public static let scaleRange = NumberRange<Float>(0.05...20)
  /// What `brightness` and `contrast` may be.
  public static let lightRange = NumberRange<Float>(0...1)

  /// Throws `invalidArgument` where an option is outside its range.
  public func validate() throws {
    for side in [cropWidth, cropHeight] {
      try Self.sideRange.check(side, "a side of the crop")
    }
    try Self.scaleRange.check(scale.lowerBound, "the least scale")
    try Self.scaleRange.check(scale.upperBound, "the greatest scale")
    try Self.lightRange.check(brightness, "the brightness")
    try Self.lightRange.check(contrast, "the contrast")
  }

  /// A random variation of `picture`, labels moving with their pixels: scaled (colours smoothly,
  /// labels by the nearest pixel), cropped at a random place, mirrored, brightened. Scales are
  /// factors on `size`, at which the network is going to see whole pictures; nil is the picture's.
  ///
  /// A crop takes its part out of the source before scaling it, so the work is the crop's, not the
  /// picture's; its factor is exact to a pixel of the source. Where the scaled picture is smaller
  /// than the crop it lies at a random place in it, `padding` around it, labelled `ignore`. The same
  /// generator state gives the same result. Throws as `validate()` does, and `shapeMismatch` where
  /// picture and labels differ in size.
  public func apply(
    _ picture: LabelledPicture, size: (width: Int, height: Int)? = nil,
    using generator: inout SeededGenerator
  ) throws -> LabelledPicture {
    try validate()
    let (image, labels) = (picture.image, picture.labels)
    guard image.width == labels.width, image.height == labels.height else {
      throw FCNError(
        .shapeMismatch,
        "the picture “\(picture.name)” is \(image.width)×\(image.height), but its labels are "
          + "\(labels.width)×\(labels.height)")
    }
    let factor = generator.uniform(in: scale)
    let size = size ?? (image.width, image.height)
    let columns = Window(
      crop: cropWidth, of: image.width, scaledBy: factor * Float(size.width) / Float(image.width),
      &generator)
    let rows = Window(
      crop: cropHeight, of: image.height,
      scaledBy: factor * Float(size.height) / Float(image.height), &generator)
    let mirrored = generator.uniform() < 0.5 && flip
    let gain = 1 + brightness * generator.uniform(in: -1...1)
    let spread = 1 + contrast * generator.uniform(in: -1...1)

    var result = picture
    result.image = try image.cropped(
      x: columns.start, y: rows.start, width: columns.length, height: rows.length
    ).resized(width: columns.scaled, height: rows.scaled)
    result.labels = try labels.cropped(
      x: columns.start, y: rows.start, width: columns.length, height: rows.length
    ).resized(width: columns.scaled, height: rows.scaled)
    if mirrored {
      try requireMemory(result.image.pixels.count)
      result.image = result.image.flippedHorizontally()
      result.labels = result.labels.flippedHorizontally()
    }
    if gain != 1 || spread != 1 { Augmentation.relight(&result.image, gain, spread) }
    if columns.scaled != columns.size || rows.scaled != rows.size {
      try Augmentation.pad(&result, columns, rows)
    }
    return result
  }

  /// The part of a picture's columns (or rows) that a crop takes.
  private struct Window {
    /// First of the source's columns, and how many.
    let start: Int
    let length: Int
    /// What those become when scaled, and where they lie in the result of `size` columns.
    let scaled: Int
    let offset: Int
    let size: Int

    init(
      crop: Int, of source: Int, scaledBy factor: Float, _ generator: inout SeededGenerator
    ) {
      let chance = generator.uniform()
      let whole = max(1, Int((Float(source) * factor).rounded()))
      size = crop == 0 ? whole : crop
      scaled = min(whole, size)
      // All of the source where all of it fits, however the division rounds.
      length =
        whole <= size ? source : max(1, min(source, Int((Float(size) / factor).rounded())))
      // `chance` is below 1, but the product may round up to the count.
      start = min(source - length, Int(chance * Float(source - length + 1)))
      offset = min(size - scaled, Int(chance * Float(size - scaled + 1)))
    }
  }

  /// Multiplies colours by `gain`, and before that their distance from mid-grey by `spread`.
  private static func relight(_ image: inout Image, _ gain: Float, _ spread: Float) {
    let table = (0...255).map { value in
      UInt8(max(0, min(255, (((Float(value) - 127.5) * spread + 127.5) * gain).rounded())))
    }
    table.withUnsafeBufferPointer { table in
      image.pixels.withUnsafeMutableBufferPointer { pixels in
        for index in pixels.indices { pixels[index] = table[Int(pixels[index])] }
      }
    }
  }

  /// Puts `picture` into the middle of `padding` and `ignore`.
  private static func pad(_ picture: inout LabelledPicture, _ columns: Window, _ rows: Window)
    throws
  {
    var image = try Image(
      width: columns.size, height: rows.size, colour: RGB(padding, padding, padding))
    var labels = try LabelMap(width: columns.size, height: rows.size, label: LabelMap.ignore)
    for row in 0..<rows.scaled {
      let from = row * columns.scaled
      let to = (row + rows.offset) * columns.size + columns.offset
      image.pixels.replaceSubrange(
        to * 3..<(to + columns.scaled) * 3,
        with: picture.image.pixels[from * 3..<(from + columns.scaled) * 3])
      labels.labels.replaceSubrange(
        to..<to + columns.scaled, with: picture.labels.labels[from..<from + columns.scaled])
    }
    picture.image = image
    picture.labels = labels
  }
}
