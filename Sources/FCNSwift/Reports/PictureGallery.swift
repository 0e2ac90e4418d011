/// The pictures that a model does worst and best on, small, of however many there are.
public struct PictureGallery: Sendable {
  /// A picture, what was made of it and what is true.
  struct Entry: Sendable {
    let name: String
    /// In the order in which pictures were added.
    let index: Int
    /// The part of its labelled pixels that was right.
    let accuracy: Double
    /// The parts of a row, as addresses that hold them.
    let tiles: [(name: String, address: String)]
  }

  /// The worst first.
  private(set) var worst: [Entry] = []
  /// The best first, without those that are among the worst.
  var best: [Entry] { all.filter { entry in !worst.contains { $0.index == entry.index } } }
  /// The best first.
  private var all: [Entry] = []
  /// Pictures that were added and had a labelled pixel.
  private(set) var count = 0
  private var added = 0
  private let most: Int
  private let side: Int
  private let palette: [RGB]

  /// Keeps at most `most` of each, none wider or higher than `side` pixels, with labels in the colours of
  /// `palette`.
  public init(palette: [RGB], most: Int = 6, side: Int = 320) {
    (self.palette, self.most, self.side) = (palette, max(1, most), max(16, side))
  }

  /// Looks at a picture, and keeps it if it is one of the worst or best so far; of pictures without a
  /// labelled pixel nothing is kept. Throws `shapeMismatch` where sizes differ.
  public mutating func add(
    name: String, image: Image, truth: LabelMap, prediction: LabelMap
  ) throws {
    guard image.width == truth.width, image.height == truth.height,
      prediction.width == truth.width, prediction.height == truth.height
    else {
      throw FCNError(
        .shapeMismatch,
        "a picture of \(image.width)×\(image.height), labels of \(truth.width)×\(truth.height) and a "
          + "prediction of \(prediction.width)×\(prediction.height) were given; they must be of one size"
      )
    }
    added += 1
    var (right, labelled) = (0, 0)
    for i in truth.labels.indices where truth.labels[i] != LabelMap.ignore {
      labelled += 1
      if truth.labels[i] == prediction.labels[i] { right += 1 }
    }
    guard labelled > 0 else { return }
    count += 1
    let accuracy = Double(right) / Double(labelled)
    let isWorst = worst.count < most || accuracy < worst.last?.accuracy ?? 1
    let isBest = all.count < most || accuracy > all.last?.accuracy ?? 0
    guard isWorst || isBest else { return }
    let entry = Entry(
      name: name, index: added, accuracy: accuracy, tiles: try tiles(image, truth, prediction))
    if isWorst {
      let place = worst.firstIndex { $0.accuracy > accuracy } ?? worst.count
      worst.insert(entry, at: place)
      worst = Array(worst.prefix(most))
    }
    if isBest {
      let place = all.firstIndex { $0.accuracy < accuracy } ?? all.count
      all.insert(entry, at: place)
      all = Array(all.prefix(most))
    }
  }

  private func tiles(
    _ image: Image, _ truth: LabelMap, _ prediction: LabelMap
  ) throws -> [(name: String, address: String)] {
    let longest = max(image.width, image.height)
    func shrunk(_ length: Int) -> Int {
      longest <= side ? length : max(1, (length * side + longest / 2) / longest)
    }
    let (width, height) = (shrunk(image.width), shrunk(image.height))
    let small = try image.resized(width: width, height: height)
    let (isTrue, isSaid) = (
      try truth.resized(width: width, height: height),
      try prediction.resized(width: width, height: height)
    )
    let mistakes = PictureGallery.mistakes(small, isTrue, isSaid)
    return [
      ("picture", HTML.address(of: try small.encodedJPEG(quality: 82), "jpeg")),
      ("truth", HTML.address(of: try isTrue.encodedPNG(palette: palette), "png")),
      ("prediction", HTML.address(of: try isSaid.encodedPNG(palette: palette), "png")),
      ("mistakes", HTML.address(of: try mistakes.encodedJPEG(quality: 82), "jpeg")),
    ]
  }

  /// The picture in pale grey, red where it was mistaken and dark where nothing is labelled.
  private static func mistakes(_ image: Image, _ truth: LabelMap, _ prediction: LabelMap) -> Image {
    var result = image
    for i in truth.labels.indices {
      let grey =
        (Int(image.pixels[3 * i]) * 3 + Int(image.pixels[3 * i + 1]) * 6
          + Int(image.pixels[3 * i + 2])) / 10
      let isIgnored = truth.labels[i] == LabelMap.ignore
      let isWrong = !isIgnored && truth.labels[i] != prediction.labels[i]
      let colour: (Int, Int, Int) =
        isWrong
        ? (150 + grey * 80 / 255, grey * 50 / 255, grey * 40 / 255)
        : isIgnored
          ? (grey / 5, grey / 5, grey / 5) : (110 + grey / 2, 110 + grey / 2, 110 + grey / 2)
      result.pixels[3 * i] = UInt8(min(255, colour.0))
      result.pixels[3 * i + 1] = UInt8(min(255, colour.1))
      result.pixels[3 * i + 2] = UInt8(min(255, colour.2))
    }
    return result
  }

  /// The rows of `entries`.
  static func html(_ entries: [Entry]) -> String {
    let shots = entries.map { entry -> String in
      let tiles = entry.tiles.map {
        "<span><img loading=\"lazy\" alt=\"\($0.name)\" src=\"\($0.address)\">\($0.name)</span>"
      }
      return "<figure class=\"shot\"><figcaption><b>\(HTML.percent(entry.accuracy)) %</b>"
        + "<span class=\"cut\" title=\"\(HTML.escaped(entry.name))\">\(HTML.name(entry.name))</span>"
        + "</figcaption><div>\(tiles.joined())</div></figure>"
    }
    return "<div class=\"shots\">\(shots.joined(separator: "\n"))</div>"
  }
}
