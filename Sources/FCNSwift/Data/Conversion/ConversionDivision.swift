extension Conversion {
  /// The lists of a dataset of `pictures`.
  ///
  /// The source's own lists stay, pictures that are on none of them being learned from. Otherwise each
  /// picture has a place that follows from the seed and its name alone, and the first of them in that order
  /// are validated on: a picture that comes to the others moves hardly any of them.
  func divided(_ pictures: [AnnotatedPicture]) -> [ConversionReport.Split] {
    var lists: [String: [String]] = [:]
    // A list test alone divides nothing.
    let isDivided = pictures.contains { $0.split == "train" || $0.split == "val" }
    if validationShare == nil, isDivided {
      for picture in pictures { lists[picture.split ?? "train", default: []].append(picture.name) }
    } else {
      let share = max(0, min(1, validationShare ?? Conversion.usualValidationShare))
      let places: [(place: UInt64, name: String)] = pictures.map { (place(of: $0.name), $0.name) }
      let names = places.sorted { $0 < $1 }.map(\.name)
      var count = Int((share * Double(names.count)).rounded())
      // A part that somebody asked for has a picture, and so has the other.
      if share > 0, share < 1, names.count > 1 { count = max(1, min(names.count - 1, count)) }
      if share > 0, share < 1, names.count == 1 { count = 0 }
      lists["val"] = Array(names.prefix(count))
      lists["train"] = Array(names.dropFirst(count))
    }
    let order = ["train", "val", "test"]
    return order.compactMap { name in
      guard let names = lists[name], !names.isEmpty else { return nil }
      return ConversionReport.Split(name: name, pictures: names.sorted())
    }
  }

  private func place(of name: String) -> UInt64 {
    // FNV-1a, then the generator's own mixing.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var generator = SeededGenerator(seed: seed, stream: hash)
    return generator.next()
  }
}
