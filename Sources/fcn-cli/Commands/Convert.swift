import FCNSwift

extension Subcommand {
  private static let from = Option.value(
    "from", "TOOL", "Who wrote the annotations: see below; must be given.")
  private static let output = Option.value(
    "output", "DIR", "The folder to write; must be given but for --dry-run.", letter: "o")
  private static let images = Option.value(
    "images", "DIR",
    "Where the pictures lie, a folder or a zip archive; by default where the tool leaves them.")
  private static let classes = Option.value(
    "classes", "LIST",
    "The classes' names in index order: a file with a name a line, or a,b,c; by default all labels, "
      + "background first.")
  private static let others = Option.value(
    "others", "WHAT",
    "What labels become that are none of the classes: ignore (255) or background; without this they are "
      + "an error.")
  private static let unlabelled = Option.value(
    "unlabelled", "WHAT",
    "What pixels become that nobody drew on: background, the default, or ignore.")
  private static let validation = Option.value(
    "val", "FRACTION",
    "The share of the pictures on the list val, 0…1; by default the tool's own lists, and 0.2 where it "
      + "has none.")
  private static let seed = Option.value(
    "seed", "N", "What the division into train and val follows from; 0 by default.")
  private static let shift = Option.value(
    "shift-labels", "N", "png: add this to every label; -1 where the first class is 1.")
  private static let ignored = Option.value(
    "ignore-label", "N",
    "png: a label, as it is stored, that is to be left out, as 255 is; may be repeated.")
  private static let skipBad = Option.flag(
    "skip-bad", "Leave out pictures that cannot be converted, and say how many.")
  private static let dryRun = Option.flag(
    "dry-run", "Say what would be written, and write nothing.")
  private static let link = Option.flag(
    "link", "Make pictures hard links to the files that are there, not copies.")
  private static let overwrite = Option.flag(
    "overwrite", "Replace what an earlier conversion wrote to the folder.")

  /// `fcn convert`.
  static let convert = Subcommand(
    "convert", "Make a folder in VOC layout of what an annotation tool wrote.",
    usage: ["--from TOOL INPUT… -o DIR [OPTIONS]"],
    discussion: """
      Reads everything first and says what was found. What would give wrong labels is
      an error: files that cannot be read, annotations without a picture, sizes that
      differ, colours and labels that nobody named. Pictures are copied as they are.
      An INPUT is a folder or a zip archive, with --from coco a JSON file or a folder,
      with --from cvat an XML file too.
      """,
    operands: 1...1000,
    [
      OptionGroup(
        "Options",
        [
          from, output, images, classes, others, unlabelled, validation, seed, shift, ignored,
          skipBad, link, dryRun, overwrite, .threads, .json, .quiet,
        ])
    ],
    tables: [
      (
        "Tools",
        [
          ("labelme", "JSON files, one a picture: polygons, rectangles, circles, masks."),
          (
            "cvat",
            "The exports \"Segmentation mask 1.1\" and \"CVAT for images 1.1\", unpacked or not, or "
              + "annotations.xml."
          ),
          ("coco", "COCO's JSON: polygons and runs of pixels, or panoptic segments."),
          ("cityscapes", "The folder above leftImg8bit and gtFine: 19 classes."),
          (
            "binary",
            "Masks of one thing, 0 and 255 or 0 and 1; --images DIR, or in one folder as a.jpg and "
              + "a_mask.png, or in folders images and masks."
          ),
          ("png", "Label pictures whose values are classes; folders as for binary."),
        ]
      )
    ]
  ) { arguments in
    let conversion = try conversion(arguments)
    let path = try arguments.has(dryRun) ? nil : arguments.required(output)
    try check(conversion, path)
    if let path { try ConversionSurvey.checkPlace(path, overwrite: arguments.has(overwrite)) }
    let isQuiet = arguments.has(.quiet)
    let progress = Progress("looking through", unit: "pictures", isQuiet: isQuiet)
    defer { progress.finish() }
    let survey = try conversion.survey(threads: arguments.threads()) { done, total in
      progress.update(done, of: total)
      return !Interrupt.isPending
    }
    progress.finish()
    let words = ConversionWords(
      survey.report, of: conversion.source, leavesOutFaulty: arguments.has(skipBad))
    if !arguments.has(.json), !isQuiet { try Terminal.print(words.table) }
    words.tell(isQuiet: isQuiet)
    if let path, words.failure == nil {
      let writing = Progress("writing", unit: "pictures", isQuiet: isQuiet)
      defer { writing.finish() }
      try survey.write(
        to: path, leavingOutFaulty: arguments.has(skipBad), linking: arguments.has(link),
        overwrite: arguments.has(overwrite), threads: arguments.threads()
      ) { done, total in
        writing.update(done, of: total)
        return !Interrupt.isPending
      }
    }
    if arguments.has(.json) { try Terminal.print(words.json(output: path).indentedText) }
    if let failure = words.failure { throw failure }
    if let path, !isQuiet, !arguments.has(.json) {
      try Terminal.print("\(path): \(words.lists), \(arguments.has(link) ? "linked" : "copied")")
    }
  }

  private static func conversion(_ arguments: Arguments) throws -> Conversion {
    guard let source: Conversion.Source = try arguments.choice(from) else {
      let tools = Conversion.Source.allCases.map(\.rawValue).joined(separator: ", ")
      throw UsageError("\(from.spelling) is missing: one of \(tools)")
    }
    var conversion = Conversion(source, inputs: arguments.operands)
    conversion.images = arguments.text(images)
    conversion.classes = try arguments.text(classes).map { text in
      let names = try FreshModel.classNames(in: text)
      return File.exists(text) ? try ClassList(contentsOf: text) : try ClassList(names: names)
    }
    conversion.unlisted = try arguments.choice(others)
    conversion.unlabelled = try arguments.choice(unlabelled) ?? conversion.unlabelled
    conversion.validationShare = try arguments.number(validation, in: NumberRange(0.0...1.0))
    conversion.seed = try arguments.seed(seed) ?? conversion.seed
    if source != .png, let option = [shift, ignored].first(where: { arguments.has($0) }) {
      throw UsageError("--\(option.name) is for --from png, whose labels are numbers")
    }
    if [.png, .cityscapes].contains(source), arguments.has(unlabelled) {
      throw UsageError(
        "--unlabelled is for tools that draw regions; --from \(source.rawValue) has a label for every "
          + "pixel")
    }
    conversion.labelShift = try arguments.integer(shift, in: -255...255) ?? 0
    conversion.ignoredLabels = Set(
      try arguments.texts(ignored).map {
        try arguments.number($0, ignored, in: NumberRange(0...255))
      })
    return conversion
  }

  /// Throws where what is read would be written over.
  private static func check(_ conversion: Conversion, _ path: String?) throws {
    // What does not exist yet holds nothing.
    guard let path, File.exists(path), let place = FilePlace(path) else { return }
    for input in conversion.inputs + [conversion.images].compactMap({ $0 }) {
      guard let other = FilePlace(input), File.exists(input), other.isWithin(place) else {
        continue
      }
      throw UsageError(
        "--output \(path) is where \(input) is, which is read; name another place")
    }
  }
}
