/// Writes generated scenes as a dataset in VOC layout.
public enum SceneFolder {
  /// How many scenes a split gets.
  public struct Split: Sendable, Hashable {
    /// What its list is called.
    public var name: String
    /// How many scenes are on it.
    public var count: Int

    /// Makes a split of `count` scenes.
    public init(_ name: String, count: Int) {
      self.name = name
      self.count = count
    }
  }

  /// JPEG quality of the pictures.
  static let quality = 90

  /// Draws scenes of `seed` into the folder `path`: `street_0001` and so on, JPEGs of quality 90,
  /// the first split's first. Scene N is `Scene.draw(seed:index:)` of index N − 1.
  ///
  /// `progress` hears how many scenes are written and how many are wanted; false stops, which throws
  /// `aborted`: the same call takes it up again. Throws `invalidState` where the folder holds
  /// another set of pictures, unless `overwrite`.
  public static func write(
    to path: String, splits: [Split], seed: UInt64, width: Int = 480, height: Int = 360,
    overwrite: Bool = false, progress: ((_ done: Int, _ total: Int) -> Bool)? = nil
  ) throws {
    guard Scene.sizes.contains(width), Scene.sizes.contains(height) else {
      throw Scene.sizeError(width, height)
    }
    var lists: [(name: String, names: [String])] = []
    var total = 0
    for split in splits {
      guard (1...1_000_000).contains(split.count), !lists.contains(where: { $0.name == split.name })
      else {
        throw FCNError(
          .invalidArgument,
          "the split “\(split.name)” of \(split.count) scenes cannot be drawn; each split needs a "
            + "name of its own and 1 to 1000000 scenes")
      }
      lists.append((split.name, (total..<total + split.count).map(Scene.name)))
      total += split.count
    }
    guard total > 0 else {
      throw FCNError(.invalidArgument, "no scenes were asked for; give at least one split")
    }
    let writer = try VOCWriter(
      path: path, classNames: Scene.classNames, palette: Palette.street, splits: lists,
      description: "Generated street scenes, seed \(seed), \(width)×\(height)",
      overwrite: overwrite)
    for index in 0..<total {
      let scene = try Scene.draw(seed: seed, index: index, width: width, height: height)
      try writer.write(scene, as: .jpeg(quality: quality))
      if let progress, !progress(index + 1, total), index + 1 < total {
        throw FCNError(
          .aborted, "\(path): stopped after \(index + 1) of \(total) scenes")
      }
    }
  }
}
