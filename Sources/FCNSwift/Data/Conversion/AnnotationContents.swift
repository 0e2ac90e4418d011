/// What is said of a folder or an archive that has not what a tool writes.
extension AnnotationFiles {
  /// `notFound`: `lack` is missing; what there is in its place, of the files `names`, and whose that may be.
  func lacks(_ lack: String, among names: [String]) -> FCNError {
    var counts: [String: Int] = [:]
    for name in names {
      let suffix = AnnotationPath.suffix(of: name)
      counts[suffix.isEmpty || suffix.count > 8 ? "other" : suffix, default: 0] += 1
    }
    let kinds = counts.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
    let found = listed(kinds.map { "\($0.value) \($0.key)" }, most: 6)
    let words = found.isEmpty ? "it has no files" : "its files: \(found)"
    let guess = AnnotationFiles.guess(names).map { "; \($0)" } ?? ""
    return FCNError(.notFound, "\(path): \(lack); \(words)\(guess)")
  }

  /// What folders with the files `names` mostly are; nil where the names do not say.
  private static func guess(_ names: [String]) -> String? {
    func look(like source: Conversion.Source) -> String {
      "they look like what \(source.rawValue) reads"
    }
    let bases = names.map(AnnotationPath.base)
    let isCVAT = !Set(bases).isDisjoint(with: ["labelmap.txt", "annotations.xml"])
    if isCVAT { return look(like: .cvat) }
    let endings = ["_labelIds.png", "_labelTrainIds.png"]
    if bases.contains(where: { endings.contains(where: $0.hasSuffix) }) {
      return look(like: .cityscapes)
    }
    if names.contains(where: { $0.hasPrefix("SegmentationClass/") }) {
      return "that is VOC's layout, which needs no conversion"
    }
    let documents = bases.filter { AnnotationPath.suffix(of: $0) == "json" }
    let isCOCO = documents.contains {
      $0.hasPrefix("instances") || $0.hasPrefix("panoptic") || $0.hasSuffix(".coco.json")
    }
    return documents.isEmpty ? nil : look(like: isCOCO ? .coco : .labelme)
  }
}
