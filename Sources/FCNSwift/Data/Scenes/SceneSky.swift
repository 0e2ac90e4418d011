/// The sky, and the roofs and treetops that stand along the horizon far away.
struct SceneSky {
  private let noise: SceneNoise
  private let cloudScale: Float
  private let glare: Float
  private let skyline: SeededGenerator

  init(_ generator: inout SeededGenerator) {
    noise = SceneNoise(&generator)
    cloudScale = generator.uniform(in: 2...5)
    glare = generator.uniform(in: 0...0.5)
    skyline = SeededGenerator(seed: generator.next())
  }

  /// Fills the canvas above the horizon.
  func paint(_ street: SceneStreet, on canvas: SceneCanvas) {
    let light = street.light
    let horizon = street.camera.horizon
    let sunX = street.camera.centre + light.towardsSun.x * street.camera.focalLength
    let cloud = light.haze.mixed(with: Paint(grey: 1), 0.3)
    let shadow = light.zenith.mixed(with: light.haze * 0.72, 0.7)
    for row in 0..<canvas.firstSample(from: horizon + 1, limit: canvas.height) {
      let up = max(0.02, (horizon - Float(row)) / horizon)
      // Clouds lie in a plane overhead: closer together and flatter towards the horizon.
      let distance = 1 / (up + 0.18)
      let blue = light.haze.mixed(with: light.zenith, smoothStep(0, 0.9, up))
      for column in 0..<canvas.width {
        let x = (Float(column) - street.camera.centre) / horizon
        let density = noise.fractal(x * cloudScale * distance * 0.5, distance * cloudScale)
        let cover = smoothStep(0.92 - light.clouds * 0.75, 1.02 - light.clouds * 0.5, density)
        let relief = noise.smooth(x * cloudScale * distance + 9, distance * cloudScale * 2 + 3)
        var paint = blue.mixed(with: shadow.mixed(with: cloud, 0.35 + 0.65 * relief), cover)
        let away = (Float(column) - sunX) / Float(canvas.width)
        paint = paint + light.haze * (glare * light.sunshine * max(0, 0.35 - abs(away)))
        let index = row * canvas.width + column
        canvas.colours[index] = paint
        canvas.classes[index] = SceneClass.sky.rawValue
      }
    }
  }

  /// Paints what stands beyond the end of the street.
  func paintSkyline(_ street: SceneStreet, on canvas: SceneCanvas) {
    var generator = skyline
    let camera = street.camera
    let base = camera.horizon + 1.5
    let unit = camera.focalLength / 100
    var x: Float = -20
    while x < Float(canvas.width) + 20 {
      let width = unit * generator.uniform(in: 6...22)
      let rise = unit * generator.uniform(in: 2.5...7)
      let distance = generator.uniform(in: 120...260)
      if generator.chance(0.55) {
        let bark = generator.varied(Paint(0.30, 0.31, 0.2), by: 0.25) * street.light.onRound
        let paint = street.light.through(distance, bark)
        let centre = CanvasPoint(x + width / 2, base)
        canvas.forEachSample(inEllipseAt: centre, width * 0.75, rise * 1.3) { index, u, v in
          let texture = noise.smooth(u * 9 + x, v * 9)
          guard v < 0, u * u + v * v < 0.6 + 0.4 * texture else { return }
          canvas.colours[index] = paint * (0.8 + 0.4 * texture)
          canvas.classes[index] = SceneClass.tree.rawValue
        }
      } else {
        let wall = generator.varied(Paint(0.6, 0.55, 0.5), by: 0.25) * street.light.ambient
        let paint = street.light.through(distance, wall)
        let ridge = generator.chance(0.5) ? rise * 0.35 : 0
        let outline = [
          CanvasPoint(x, base), CanvasPoint(x, base - rise),
          CanvasPoint(x + width / 2, base - rise - ridge), CanvasPoint(x + width, base - rise),
          CanvasPoint(x + width, base),
        ]
        canvas.fill(outline, .building) { px, py in
          let window = noise.cell(px * 0.35, py * 0.3)
          return window > 0.7 ? paint * 0.85 : paint
        }
      }
      x += width * generator.uniform(in: 0.7...1.1)
    }
  }
}
