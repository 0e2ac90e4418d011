/// The colours and names in which classes are shown.
public enum Palette {
  /// The first `count` colours, at most 256, of the PASCAL VOC colour map.
  ///
  /// Bit 3k of an index is bit 7 − k of red, bit 3k + 1 that of green and bit 3k + 2 that of blue: no
  /// two indices share a colour.
  public static func voc(count: Int) -> [RGB] {
    (0..<max(0, min(count, 256))).map { index in
      var colour = RGB(0, 0, 0)
      for k in 0..<3 {
        let bits = UInt8(truncatingIfNeeded: index >> (3 * k))
        colour.red |= (bits & 1) << (7 - k)
        colour.green |= (bits >> 1 & 1) << (7 - k)
        colour.blue |= (bits >> 2 & 1) << (7 - k)
      }
      return colour
    }
  }

  /// The colour of `LabelMap.ignore`: VOC's borders, (224, 224, 192).
  public static let ignored = RGB(224, 224, 192)

  /// VOC's 21 classes in the order of their indices.
  public static let vocClassNames = [
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair",
    "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
    "train", "tvmonitor",
  ]

  /// Eleven classes of street scenes, with CamVid's colours.
  public static let street = [
    RGB(128, 128, 128), RGB(128, 0, 0), RGB(192, 192, 128), RGB(128, 64, 128), RGB(60, 40, 222),
    RGB(128, 128, 0), RGB(192, 128, 128), RGB(64, 64, 128), RGB(64, 0, 128), RGB(64, 64, 0),
    RGB(0, 128, 192),
  ]

  /// The names of `street`'s classes.
  public static let streetClassNames = [
    "sky", "building", "pole", "road", "pavement", "tree", "sign_symbol", "fence", "car",
    "pedestrian", "bicyclist",
  ]

  /// A colour for each of the 256 label values: the first 255 of `palette`, VOC's beyond them, and
  /// `ignored` last.
  static func extended(_ palette: [RGB]) -> [RGB] {
    let first = palette.prefix(255)
    return first + voc(count: 255).dropFirst(first.count) + [ignored]
  }
}
