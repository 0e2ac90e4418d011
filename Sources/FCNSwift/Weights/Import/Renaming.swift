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

  /// `tensors` with the new name wherever the old one is found: at the beginning of a name, else after
  /// what all names of a file may begin with. Throws `notFound` where it is nowhere.
  func applied(to tensors: [WeightTensor]) throws -> [WeightTensor] {
    let wanted = from.split(separator: ".")
    func renamed(_ name: String, atStart: Bool) -> String? {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count >= wanted.count else { return nil }
      let starts = atStart ? 0...0 : 0...(parts.count - wanted.count)
      guard let start = starts.first(where: { parts[$0...].starts(with: wanted) }) else {
        return nil
      }
      let rest = parts[(start + wanted.count)...].map(String.init)
      return (parts[..<start].map(String.init) + [to] + rest).joined(separator: ".")
    }
    for atStart in [true, false] {
      let names = tensors.map { renamed($0.name, atStart: atStart) }
      guard names.contains(where: { $0 != nil }) else { continue }
      return zip(tensors, names).map { tensor, name in name.map { tensor.named($0) } ?? tensor }
    }
    throw FCNError(
      .notFound,
      "no tensor is called \(quoted(from)), nor does a name begin with it; the file has "
        + listed(tensors.map { quoted($0.name) }, most: 6))
  }
}
