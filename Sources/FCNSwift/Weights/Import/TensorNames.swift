/// What can be told from the name of a foreign tensor alone.
enum TensorNames {
  /// What data parallelism, compilation and training frameworks put around a network or a part of it.
  private static let wrappers: Set<String> = [
    "_orig_mod", "module", "_module", "model", "net", "network", "state_dict",
    "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]

  /// Parts of names of what stands beside a network in a training: its loss, measures and optimizer.
  private static let companions: Set<String> = [
    "criterion", "criterions", "criteria", "loss", "losses", "metric", "metrics", "optimizer",
    "optim", "updater", "class_weight", "class_weights", "ce", "crossentropy", "cross_entropy",
  ]

  /// `name` without the words of wrappers, wherever they stand in it.
  static func unwrapped(_ name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.dropLast().contains(where: { wrappers.contains(String($0)) }) else { return name }
    return (parts.dropLast().filter { !wrappers.contains(String($0)) } + parts.suffix(1))
      .joined(separator: ".")
  }

  /// Whether a tensor of this name belongs to a loss, a measure or an optimizer, so that scores do not
  /// depend on it.
  static func isCompanion(_ name: String) -> Bool {
    name.split { $0 == "." || $0 == ":" || $0 == "/" }.contains { part in
      let word = part.lowercased()
      return companions.contains(word) || word.hasPrefix("loss_") || word.hasSuffix("_loss")
        || word.hasSuffix("criterion") || word.hasSuffix("loss") && word.count <= 24
    }
  }

  /// Whether a tensor of `rank` axes is a layer's weights: convolutions have three or more.
  static func isLayer(_ name: String, rank: Int) -> Bool { rank >= 3 && !isCompanion(name) }

  /// Whether a tensor belongs to what a classifying network has behind its trunk, or to a head that
  /// classifies whole pictures, so that no score of a pixel depends on it.
  static func classifies(_ name: String) -> Bool {
    let heads = ["fc.", "_fc.", "classifier.", "_conv_head.", "conv_head.", "_bn1."]
    return name.hasPrefix("classification_head.")
      || inTrunk(name).map { within in heads.contains { within.hasPrefix($0) } } == true
  }

  /// What stands before `ending` in `name`, "" if nothing does, and wrappers' words with it; nil where
  /// `name` does not end so once those are off.
  static func lead(of name: String, before ending: String) -> String? {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false)[...]
    for (index, wanted) in ending.split(separator: ".").reversed().enumerated() {
      // The last part is a parameter's name, which nothing stands behind.
      while index > 0, let last = parts.last, last != wanted, wrappers.contains(String(last)) {
        parts.removeLast()
      }
      guard parts.popLast() == wanted else { return nil }
    }
    return parts.isEmpty ? "" : parts.joined(separator: ".") + "."
  }

  /// What torchvision's segmentation networks call the parameter of a classifying network's trunk; `fc.…`
  /// what follows its features.
  static func inClassifier(_ name: String) -> String {
    if name.hasPrefix("features.") { return "backbone.\(name.dropFirst("features.".count))" }
    for head in ["fc.", "classifier.", "_fc.", "_conv_head.", "_bn1.", "conv_head."]
    where name.hasPrefix(head) {
      return "fc.\(name.dropFirst(head.hasPrefix("_") || head == "conv_head." ? 0 : head.count))"
    }
    return "backbone.\(name)"
  }

  /// What a parameter of a trunk is called within that, whatever segmentation network it is part of; nil
  /// where it is none's.
  static func inTrunk(_ name: String) -> String? {
    for prefix in ["backbone.", "encoder.features.", "encoder."] where name.hasPrefix(prefix) {
      return String(name.dropFirst(prefix.count))
    }
    return nil
  }

  /// The layer that a parameter called `name` belongs to.
  static func layer(of name: String) -> String {
    name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}

extension Architecture {
  /// The architecture that a file, or a program's class, means by `name`: letters and digits alone
  /// count.
  static func meant(by name: String) -> Architecture? {
    func letters(_ text: String) -> String {
      text.lowercased().filter { $0.isLetter || $0.isNumber }
    }
    let wanted = letters(name)
    return all.first { letters($0.name) == wanted }
  }
}
