/// Street scenes drawn by the library itself, with the class of every pixel known.
///
/// They need no download, so a whole pipeline can be trained and tested anywhere.
public enum Scene {
  /// The classes of every scene's labels, in order: those of CamVid.
  public static let classNames = Palette.streetClassNames

  /// Widths and heights that can be drawn.
  public static let sizes = 16...2048

  /// Draws one scene: the picture and its labels, `width` × `height`, named `street_` and `index` + 1.
  ///
  /// The same `seed` and `index` give the same bytes on every machine; another index, or another
  /// seed, gives another scene. No pixel is labelled `ignore`. Crowns of bare trees, railings and
  /// bicycle wheels count as filled, as people annotate them. Throws where a size is outside `sizes`
  /// or `index` is negative.
  public static func draw(
    seed: UInt64, index: Int, width: Int = 480, height: Int = 360
  ) throws -> LabelledPicture {
    guard sizes.contains(width), sizes.contains(height) else {
      throw sizeError(width, height)
    }
    guard index >= 0, index < Int.max else {
      throw FCNError(.invalidArgument, "there is no scene \(index); the first is 0")
    }
    var generator = SeededGenerator(seed: seed, stream: UInt64(index) + 1)
    let canvas = SceneCanvas(width: width * 2, height: height * 2)
    let street = SceneStreet(width: canvas.width, height: canvas.height, &generator)
    let sky = SceneSky(&generator)
    let ground = SceneGround(street, &generator)
    let population = ScenePopulation(street, &generator)
    let exposure = SceneExposure(&generator)
    sky.paint(street, on: canvas)
    ground.paint(street, on: canvas)
    sky.paintSkyline(street, on: canvas)
    population.paint(on: canvas)
    let (image, labels) = try exposure.develop(canvas)
    return LabelledPicture(name: name(index), image: image, labels: labels)
  }

  static func sizeError(_ width: Int, _ height: Int) -> FCNError {
    FCNError(
      .invalidArgument,
      "a scene of \(width)×\(height) cannot be drawn; both sides must be in "
        + "\(sizes.lowerBound)…\(sizes.upperBound)")
  }

  /// `street_0001` for index 0, and so on.
  static func name(_ index: Int) -> String {
    let number = String(index + 1)
    return "street_" + String(repeating: "0", count: max(0, 4 - number.count)) + number
  }
}
