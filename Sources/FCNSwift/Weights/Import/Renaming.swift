/// Another name for tensors of a file, where somebody called a layer otherwise than a network that is
/// known does.
public struct Renaming: Sendable, Hashable {
  /// A tensor's name in the file, or what begins it up to a dot.
  public let from: String
  /// What stands in its place.
  public let to: String

  /// Makes a renaming of the two names. Slashes, as in Chainer's files, are as good as dots. Throws
  /// `invalidArgument` where one is empty.
  public init(from: String, to: String) throws {
    self.from = from.contains("/") ? ChainerFile.name(of: from) : from
    self.to = to.contains("/") ? ChainerFile.name(of: to) : to
    guard !self.from.isEmpty, !self.to.isEmpty else {
      throw FCNError(
        .invalidArgument, "a renaming from \(quoted(from)) to \(quoted(to)) lacks a name")
    }
  }

  /// Makes a renaming of `from=to`. Throws `invalidArgument` where it is no such thing.
  public init(_ text: String) throws {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
      throw FCNError(
        .invalidArgument,
        "\(quoted(text)) is no renaming; wanted from=to, both names of tensors or "
          + "layers")
    }
    try self.init(from: String(parts[0]), to: String(parts[1]))
  }

  /// `tensors` with the new names of `renamings`, each of which is for names of the file: all are done
  /// at once, so that two may swap names. Of those for the same part of a name the one with the
  /// longer old name counts. Throws `notFound` where an old name is nowhere, `invalidArgument` where
  /// one has two new names.
  static func apply(
    _ renamings: [Renaming], to tensors: [WeightTensor]
  ) throws -> [WeightTensor] {
    var targets: [String: String] = [:]
    for renaming in renamings {
      let former = targets.updateValue(renaming.to, forKey: renaming.from)
      if let former, former != renaming.to {
        throw FCNError(
          .invalidArgument,
          "\(quoted(renaming.from)) is renamed to \(quoted(former)) and to "
            + "\(quoted(renaming.to)); one is wanted")
      }
    }
    let names = tensors.map { $0.name.split(separator: ".", omittingEmptySubsequences: false) }
    let found = try renamings.map { (to: $0.to, places: try $0.places(in: names)) }
    return tensors.indices.map { index in
      let candidates = found.compactMap { to, places in places[index].map { (range: $0, to: to) } }
      var taken: [(range: Range<Int>, to: String)] = []
      for candidate in candidates.sorted(by: { $0.range.count > $1.range.count })
      where !taken.contains(where: { $0.range.overlaps(candidate.range) }) {
        taken.append(candidate)
      }
      guard !taken.isEmpty else { return tensors[index] }
      taken.sort {
        ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
      }
      var parts: [String] = []
      var end = 0
      for (range, to) in taken {
        parts += names[index][end..<range.lowerBound].map { String($0) }
        parts.append(to)
        end = range.upperBound
      }
      parts += names[index][end...].map { String($0) }
      return tensors[index].named(parts.joined(separator: "."))
    }
  }

  /// Where the old name stands among the parts of each of `names`, nil where it does not: at the
  /// beginning of names, else, where no name begins with it, after what all may begin with.
  private func places(in names: [[Substring]]) throws -> [Range<Int>?] {
    let wanted = from.split(separator: ".")
    func place(in parts: [Substring], atStart: Bool) -> Range<Int>? {
      guard parts.count >= wanted.count else { return nil }
      let starts = atStart ? 0...0 : 0...(parts.count - wanted.count)
      let start = starts.first { parts[$0...].starts(with: wanted) }
      return start.map { $0..<($0 + wanted.count) }
    }
    for atStart in [true, false] {
      let places = names.map { place(in: $0, atStart: atStart) }
      if places.contains(where: { $0 != nil }) { return places }
    }
    throw FCNError(
      .notFound,
      "no tensor is called \(quoted(from)), nor does a name begin with it; the file has "
        + listed(names.map { quoted($0.joined(separator: ".")) }, most: 6))
  }
}
