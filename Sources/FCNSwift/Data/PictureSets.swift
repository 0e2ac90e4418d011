/// One split of a VOC folder.
public struct VOCSplit: LabelledPictures, Hashable {
  /// The dataset.
  public let folder: VOCFolder
  private let entries: [DatasetEntry]
  public let remarks: [DatasetSurvey.Finding]

  /// The split `split` of `folder`; throws unless it has a list and, with `requiringFiles`, every
  /// picture on it its files. Without, a survey tells of those that are missing.
  public init(_ folder: VOCFolder, split: String, requiringFiles: Bool = true) throws {
    let list = try folder.entries(inSplit: split)
    self.init(folder, list.entries, remarks: list.remarks)
    guard requiringFiles else { return }
    try folder.validatePairs(of: entries, in: "the split “\(split)”")
  }

  /// All pictures of `folder` that have labels; throws `notFound` where there are none.
  public init(allOf folder: VOCFolder) throws {
    let entries = try folder.labelledEntries()
    guard !entries.isEmpty else {
      throw FCNError(.notFound, "\(folder.path)/SegmentationClass: there are no label files")
    }
    self.init(folder, entries, remarks: [])
  }

  private init(_ folder: VOCFolder, _ entries: [DatasetEntry], remarks: [DatasetSurvey.Finding]) {
    self.folder = folder
    self.entries = entries
    self.remarks = folder.remarks + remarks
  }

  /// The pictures of the split, in the order of its list.
  public var names: [String] { entries.map(\.name) }
  public var count: Int { entries.count }
  public var classNames: [String] { folder.classNames }
  public var areBinaryMasks: Bool { folder.coding.isBinary }

  public func name(at index: Int) -> String { entries[index].name }

  public func picture(at index: Int) throws -> LabelledPicture {
    guard entries.indices.contains(index) else {
      throw FCNError(
        .invalidArgument, "\(folder.path): picture \(index) was asked for of \(entries.count)")
    }
    return try folder.picture(entries[index])
  }

  public func examination(at index: Int) -> PictureExamination {
    folder.examination(of: entries[index])
  }
}

/// Several sets of pictures, one after another, as one.
public struct CombinedPictures: LabelledPictures {
  private let sets: [any LabelledPictures]
  /// The index of each set's first picture, and the count of all.
  private let starts: [Int]
  public let classNames: [String]

  /// Puts `sets` together; throws `invalidArgument` for none, or where their class names differ.
  public init(_ sets: [any LabelledPictures]) throws {
    guard let first = sets.first else {
      throw FCNError(.invalidArgument, "no pictures were given; at least one dataset is needed")
    }
    for (index, set) in sets.enumerated() where set.classNames != first.classNames {
      throw FCNError(
        .invalidArgument,
        "the datasets cannot be combined: the first has the classes "
          + "\(first.classNames.joined(separator: ", ")), but number \(index + 1) has "
          + "\(set.classNames.joined(separator: ", ")); names and order must agree")
    }
    self.sets = sets
    classNames = first.classNames
    starts = sets.reduce(into: [0]) { starts, set in starts.append((starts.last ?? 0) + set.count) }
  }

  public var count: Int { starts.last ?? 0 }
  public var areBinaryMasks: Bool { sets.contains { $0.areBinaryMasks } }

  public func name(at index: Int) -> String {
    let (set, rest) = place(of: index)
    return sets[set].name(at: rest)
  }

  public func picture(at index: Int) throws -> LabelledPicture {
    guard (0..<count).contains(index) else {
      throw FCNError(.invalidArgument, "picture \(index) was asked for of \(count)")
    }
    let (set, rest) = place(of: index)
    return try sets[set].picture(at: rest)
  }

  public func examination(at index: Int) -> PictureExamination {
    let (set, rest) = place(of: index)
    return sets[set].examination(at: rest)
  }

  public var remarks: [DatasetSurvey.Finding] {
    var seen: Set<DatasetSurvey.Finding> = []
    return sets.flatMap(\.remarks).filter { seen.insert($0).inserted }
  }

  private func place(of index: Int) -> (set: Int, rest: Int) {
    let set = starts.dropLast().lastIndex { $0 <= index } ?? 0
    return (set, index - starts[set])
  }
}
