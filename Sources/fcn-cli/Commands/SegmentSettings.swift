import FCNSwift

/// What the options of `segment` say of how its results are made.
struct SegmentSettings {
  private static let classesOption = Option.value(
    "class", "CLASS",
    "What --mask and --cutout show: a class by name or number, or several, a,b,c; may be repeated.")
  private static let softOption = Option.flag(
    "soft",
    "Let --mask and --cutout hold the probability of those classes, 0…255, in place of 0 or 255.")
  private static let opacityOption = Option.value(
    "opacity", "X", "How strong the overlay's colours are, 0…1; 0.5 by default.")
  private static let simplifyOption = Option.value(
    "simplify", "PIXELS",
    "How far the outlines of --polygons may be from the pixels' own, so that they have fewer corners, "
      + "0…100; 1 by default, and exact at 0.")
  private static let smallestOption = Option.value(
    "smallest", "AREA",
    "Regions of fewer pixels get no outline of --polygons, and count to a neighbour; 16 by default."
  )
  static let options = [
    classesOption, softOption, opacityOption, simplifyOption, smallestOption,
  ]

  let opacity: Float
  /// How the overlay is written.
  var overlayFormat = PictureFormat.png
  /// What the mask is of.
  private(set) var classes: [Int] = []
  let isSoft: Bool
  /// In pixels.
  let simplification: Double
  /// In pixels.
  let smallest: Int
  private let classTexts: [String]

  init(_ arguments: Arguments) throws {
    opacity = try arguments.number(Self.opacityOption, in: NumberRange(0...1)) ?? 0.5
    simplification = try arguments.number(Self.simplifyOption, in: NumberRange(0...100)) ?? 1
    smallest = try arguments.integer(Self.smallestOption, in: 1...(1 << 28)) ?? 16
    isSoft = arguments.has(Self.softOption)
    classTexts = arguments.texts(Self.classesOption)
    let masks = [SegmentKind.mask, .cutout].map(\.option)
    for option in [Self.classesOption, Self.softOption]
    where arguments.has(option) && !masks.contains(where: arguments.has) {
      throw UsageError(
        "--\(option.name) is for --mask and --cutout; name where to write one of them")
    }
    if let option = masks.first(where: arguments.has), classTexts.isEmpty {
      throw UsageError("--\(option.name) wants to know of what: name a class with --class")
    }
    for option in [Self.simplifyOption, Self.smallestOption]
    where arguments.has(option) && !arguments.has(SegmentKind.polygons.option) {
      throw UsageError("--\(option.name) is for --polygons; name where to write them")
    }
  }

  /// Finds the classes that were named among those of `model`.
  mutating func find(_ model: Model) throws {
    let names = model.description.classNames
    classes = try classTexts.flatMap { text -> [Int] in
      // A name may have a comma in it.
      if let index = Self.index(of: text, in: names) { return [index] }
      return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let index = Self.index(of: String(part), in: names) else {
          let near = nearest(to: String(part), among: names)
          throw UsageError(
            "--class is \"\(text)\", but the model has no class \"\(part)\""
              + (near.map { "; did you mean \($0)?" }
                ?? "; `fcn info --model FILE` lists its \(names.count)"))
        }
        return index
      }
    }
  }

  private static func index(of text: String, in names: [String]) -> Int? {
    names.firstIndex(of: text) ?? Int(text).flatMap { names.indices.contains($0) ? $0 : nil }
  }
}
