/// Something to keep people off a road or out of a garden: railings, boards, a hoarding.
///
/// Railings count as fence between their bars too, as datasets annotate them.
struct SceneFence {
  private enum Style { case railings, boards, hoarding, guardRail }

  private let style: Style
  private let paint: Paint
  private let height: Float
  private let spacing: Float
  private let noise: SceneNoise

  /// A fence for a garden, or one at the kerb, which is always of metal.
  init(atKerb: Bool, _ generator: inout SeededGenerator) {
    style = generator.pick(
      atKerb ? [.railings, .railings, .guardRail] : [.railings, .railings, .boards, .hoarding])
    switch style {
    case .railings:
      paint = generator.varied(
        generator.pick([Paint(0.12, 0.13, 0.13), Paint(0.35, 0.36, 0.37), Paint(0.1, 0.17, 0.13)]),
        by: 0.25)
      height = atKerb ? generator.uniform(in: 1...1.25) : generator.uniform(in: 1.2...2)
    case .boards:
      paint = generator.varied(Paint(0.42, 0.33, 0.23), by: 0.25)
      height = generator.uniform(in: 1.4...2)
    case .hoarding:
      paint = generator.varied(
        generator.pick([Paint(0.25, 0.38, 0.6), Paint(0.75, 0.76, 0.76), Paint(0.25, 0.45, 0.35)]),
        by: 0.15)
      height = generator.uniform(in: 1.9...2.4)
    case .guardRail:
      paint = generator.varied(Paint(0.62, 0.63, 0.64), by: 0.1)
      height = generator.uniform(in: 0.85...1.1)
    }
    spacing = generator.uniform(in: 0.11...0.18)
    noise = SceneNoise(&generator)
  }

  /// Paints the fence over the ground from `a` to `b`; `start` is how far along the whole `a` is.
  func paint(
    _ street: SceneStreet, from a: WorldPoint, to b: WorldPoint, start: Float,
    normal: (x: Float, z: Float), on canvas: SceneCanvas
  ) {
    let light = street.light.falling(onX: normal.x, 0, normal.z)
    let wall = SceneWall(street.camera, from: a, to: b, bottom: 0, top: height)
    wall.forEachSample(on: canvas) { index, part, y, z in
      let along = part + start
      let metres = z / street.camera.focalLength
      let (surface, cover) = look(along, y, metres)
      let seen = street.light.through(z, surface * light)
      canvas.colours[index] = canvas.colours[index].mixed(with: seen, cover)
      canvas.classes[index] = SceneClass.fence.rawValue
    }
  }

  /// Colour at a place, and how much it hides of what is behind.
  @inline(__always)
  private func look(_ along: Float, _ y: Float, _ metres: Float) -> (Paint, Float) {
    switch style {
    case .railings:
      let bar = along / spacing
      let fromBar = abs(bar - bar.rounded()) * spacing
      let post = abs(along / 2 - (along / 2).rounded()) * 2
      if post < 0.04 || height - y < 0.06 || abs(y - 0.15) < 0.03 { return (paint, 1) }
      // Bars thinner than a sample are a veil.
      return (paint, fromBar < 0.018 ? 1 : unitClamped(0.12 + metres * 25) * 0.5)
    case .guardRail:
      let post = abs(along / 2 - (along / 2).rounded()) * 2
      if post < 0.06 { return (paint * 0.8, 1) }
      let rail = abs(y - height + 0.07) < 0.07 || abs(y - height * 0.5) < 0.06
      return (paint, rail ? 1 : 0.12)
    case .boards:
      let board = along / 0.14
      let edge = board - board.rounded(.down) < 0.12
      let level = 0.85 + 0.3 * noise.cell(board, 0) + 0.12 * noise.smooth(along * 20, y * 2)
      return (paint * (edge ? level * 0.65 : level), 1)
    case .hoarding:
      let panel = along / 1.22
      let seam = panel - panel.rounded(.down) < 0.02
      let poster = noise.cell(panel, 3) > 0.7 && y > 0.5 && y < height - 0.3
      let level = 0.92 + 0.16 * noise.fractal(along * 0.8, y)
      let surface =
        poster
        ? Paint(0.8, 0.75 * noise.cell(panel, 4) + 0.2, 0.7 * noise.cell(panel, 5) + 0.2) : paint
      return (surface * (seam ? 0.7 : level), 1)
    }
  }
}
