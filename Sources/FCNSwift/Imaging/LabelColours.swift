/// How the label files of a dataset say which class a pixel has.
struct LabelCoding: Sendable, Hashable {
  /// Whether 255 (or white) means class 1 and nothing is ignored.
  var isBinary = false
  /// The colours of the classes in RGB pictures; nil for those of VOC's palette.
  var colours: [RGB]?
}

/// Which index a colour stands for in label pictures of RGB.
struct LabelColours {
  private var indices: [UInt32: UInt8] = [:]
  /// What errors call them.
  let name: String

  /// Those that `coding` says.
  init(_ coding: LabelCoding) {
    if coding.isBinary {
      name = "neither black nor white, as binary masks are"
      self[RGB(0, 0, 0)] = 0
      self[RGB(255, 255, 255)] = 255
    } else if let colours = coding.colours {
      name = "no class's colour in the list of classes"
      self[RGB(224, 224, 192)] = LabelMap.ignore
      for (index, colour) in colours.prefix(255).enumerated() { self[colour] = UInt8(index) }
    } else {
      name = "not of the VOC palette"
      for (index, colour) in Palette.voc(count: 256).enumerated() { self[colour] = UInt8(index) }
    }
  }

  private subscript(colour: RGB) -> UInt8? {
    get { indices[LabelColours.key(colour.red, colour.green, colour.blue)] }
    set { indices[LabelColours.key(colour.red, colour.green, colour.blue)] = newValue }
  }

  /// The index of the colour whose key is `key`.
  func index(ofKey key: UInt32) -> UInt8? { indices[key] }

  static func key(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt32 {
    UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
  }
}
