/// Which class each label of a source becomes.
struct ClassAssignment: Sendable {
  /// The classes.
  let names: [String]
  /// A colour for each.
  let palette: [RGB]
  /// What pixels get that nobody drew on: a class, or `LabelMap.ignore`.
  let unlabelled: UInt8
  /// What each label gets: a class, or `LabelMap.ignore`; nil for one that is no class.
  let values: [UInt8?]

  static let background = "background"

  /// Whether a tool calls what nobody drew on so.
  static func isBackground(_ name: String) -> Bool { name == background || name == "_background_" }

  /// Classes for the labels of `set`, as `conversion` wants them. Throws `corrupt` for names that a list
  /// of classes cannot have, `invalidArgument` where labels are to become a background that there is not.
  init(_ set: AnnotationSet, _ conversion: Conversion, classes: ClassList?) throws {
    let own = set.customaryClasses ?? set.labels
    var names = try classes?.names ?? ClassAssignment.classes(of: own)
    if set.hasBackground, conversion.unlabelled == .background,
      !names.contains(ClassAssignment.background)
    {
      names.insert(ClassAssignment.background, at: 0)
    }
    self.names = try ClassAssignment.checked(names)
    let ignored = LabelMap.ignore
    let background = names.firstIndex(of: ClassAssignment.background).map { UInt8($0) }
    unlabelled = conversion.unlabelled == .background ? background ?? ignored : ignored
    var others: UInt8?
    switch conversion.unlisted {
    case .ignore: others = ignored
    case .background:
      guard let background else {
        throw FCNError(
          .invalidArgument,
          "labels that are no class are to become background, but no class is called so; the classes "
            + "are \(listed(names, most: 12))")
      }
      others = background
    // What a source's custom leaves out nobody can have forgotten.
    case nil: others = set.customaryClasses != nil && classes == nil ? ignored : nil
    }
    let unlabelled = unlabelled
    values = set.labels.map { label in
      if label == "__ignore__" { return ignored }
      if let index = names.firstIndex(of: label) { return UInt8(index) }
      if ClassAssignment.isBackground(label) { return background ?? unlabelled }
      return others
    }
    palette = ClassAssignment.palette(names, set, classes)
  }

  /// The classes that a source's labels are: background first, where it is one of them.
  private static func classes(of labels: [String]) throws -> [String] {
    let others = labels.filter { $0 != "__ignore__" && !isBackground($0) }
    return (labels.contains(where: isBackground) ? [background] : []) + others
  }

  /// `names`, if a file can list them so that they read back alike.
  private static func checked(_ names: [String]) throws -> [String] {
    guard !names.isEmpty else {
      throw FCNError(.corrupt, "no labels were found, so there are no classes")
    }
    guard names.count <= 255 else {
      throw FCNError(
        .unsupported,
        "\(names.count) labels were found, and a dataset has at most 255 classes; choose some of them"
      )
    }
    let names = try ClassList(names: names).names
    func readsBack(_ names: [String]) -> Bool { (try? ClassList(lines: names).names) == names }
    let trimmed = names.map { TextLines.trimmed($0[...]) }
    guard trimmed == names, readsBack(names) else {
      let culprit =
        zip(names, trimmed).first { $0 != $1 }?.0 ?? names.first { !readsBack([$0]) } ?? names[0]
      throw FCNError(
        .corrupt,
        "the label \(quoted(culprit)) cannot stand in a list of classes, a name a line; give it another "
          + "name")
    }
    return names
  }

  private static func palette(
    _ names: [String], _ set: AnnotationSet, _ classes: ClassList?
  ) -> [RGB] {
    let usual =
      names == Palette.streetClassNames ? Palette.street : Palette.voc(count: names.count)
    var known: [String: RGB] = [ClassAssignment.background: RGB(0, 0, 0)]
    for (name, colour) in zip(set.labels, set.colours ?? []) { known[name] = colour }
    for (name, colour) in zip(classes?.names ?? [], classes?.colours ?? []) {
      known[name] = colour
    }
    // A few colours among others' would not be told from theirs.
    let hasColours = set.colours != nil || classes?.colours != nil
    return zip(names, usual).map { hasColours ? known[$0] ?? $1 : $1 }
  }
}
