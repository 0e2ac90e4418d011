/// The form of file that `torch.save` has written since PyTorch 1.6: a zip archive of a pickle,
/// `data.pkl`, and of each storage's bytes, `data/KEY`, in a folder.
enum TorchZip {
  private static let pickleName = "data.pkl"

  /// Whether `archive` has a pickle where PyTorch puts one.
  static func isOne(_ archive: ZipArchive) -> Bool {
    archive.entries.contains { prefix(of: $0.name) != nil }
  }

  /// The float tensors of the state dict in `archive`.
  ///
  /// Throws `unsupported` where it was written by TorchScript or on a big-endian machine, or needs
  /// more than tensors are made of.
  static func read(_ archive: ZipArchive, budget: CopyBudget) throws -> ForeignWeights {
    let prefixes = archive.entries.compactMap { prefix(of: $0.name) }
    guard let prefix = prefixes.first, prefixes.count == 1,
      let entry = archive.entry(named: prefix + pickleName)
    else {
      throw FCNError(.corrupt, "the zip archive has \(prefixes.count) of data.pkl; wanted one")
    }
    guard archive.entry(named: prefix + "constants.pkl") == nil,
      !archive.entries.contains(where: { $0.name.hasPrefix(prefix + "code/") })
    else {
      throw FCNError(
        .unsupported,
        "the file is a TorchScript program; load it with torch.jit.load and save its state_dict()")
    }
    try checkByteOrder(archive.entry(named: prefix + "byteorder"), in: archive, budget: budget)
    let pickle = try PickleMachine.run(try archive.contents(of: entry, budget: budget))
    var unpacked: [String: StoredBytes] = [:]
    let tensors = TorchTensors(heap: pickle.heap, budget: budget) { storage in
      let name = prefix + "data/" + (try pickle.heap.string(storage.key))
      guard let entry = archive.entry(named: name) else {
        throw FCNError(.corrupt, "its bytes, the entry \(quoted(name)), are not in the file")
      }
      let contents = try unpacked[name] ?? archive.contents(of: entry, budget: budget)
      unpacked[name] = contents
      let byteCount = try storage.byteCount()
      guard contents.count >= byteCount else {
        throw FCNError(
          .corrupt,
          "its storage takes \(byteCount) bytes; the entry \(quoted(name)) has \(contents.count)")
      }
      return contents
    }
    return try tensors.weights(in: pickle.root)
  }

  /// The folder, with its slash, that the entry `name` is the pickle of.
  private static func prefix(of name: String) -> String? {
    guard name.hasSuffix(pickleName) else { return nil }
    let prefix = name.dropLast(pickleName.count)
    let slashes = prefix.utf8.count { $0 == UInt8(ascii: "/") }
    return prefix.isEmpty || (slashes == 1 && prefix.hasSuffix("/")) ? String(prefix) : nil
  }

  private static func checkByteOrder(
    _ entry: ZipArchive.Entry?, in archive: ZipArchive, budget: CopyBudget
  ) throws {
    // Files from before PyTorch 2.1 do not say; those are little-endian but for very few.
    guard let entry else { return }
    let contents = try archive.contents(of: entry, budget: budget)
    let order = contents.withUnsafeBytes { String(decoding: $0.prefix(10), as: UTF8.self) }
    if order == "little" { return }
    guard order == "big" else {
      throw FCNError(.corrupt, "the entry \(quoted(entry.name)) is neither little nor big")
    }
    throw FCNError(
      .unsupported, "the file is big-endian; load it in PyTorch, and save it on another machine")
  }
}
