/// Poles and what they carry: lamps, signs, traffic lights; and bollards.
struct SceneFurniture {
  enum Kind { case lamp, sign, trafficLight, bollard }

  private let kind: Kind
  private let metal: Paint
  private let height: Float
  private let radius: Float
  private let sign: SceneSign
  private let armReach: Float
  private let hasArm: Bool

  init(_ kind: Kind, _ generator: inout SeededGenerator) {
    self.kind = kind
    metal = generator.varied(
      generator.pick([
        Paint(0.5, 0.51, 0.5), Paint(0.26, 0.27, 0.27), Paint(0.12, 0.13, 0.13),
        Paint(0.62, 0.63, 0.62),
      ]), by: 0.15)
    switch kind {
    case .lamp:
      height = generator.uniform(in: 5...8.5)
      radius = generator.uniform(in: 0.07...0.1)
    case .sign:
      height = generator.uniform(in: 2.5...3.4)
      radius = generator.uniform(in: 0.05...0.065)
    case .trafficLight:
      height = generator.uniform(in: 3...3.6)
      radius = generator.uniform(in: 0.07...0.085)
    case .bollard:
      height = generator.uniform(in: 0.9...1.1)
      radius = generator.uniform(in: 0.08...0.11)
    }
    sign = SceneSign(&generator)
    armReach = generator.uniform(in: 0.7...1.8)
    hasArm = generator.chance(0.75)
  }

  /// Paints it with its foot at `foot`; arms reach towards the road, which lies on side −`side`.
  func paint(
    _ street: SceneStreet, at foot: WorldPoint, side: Float, on canvas: SceneCanvas
  ) {
    guard foot.z > 3 else { return }
    street.castShadow(on: canvas, at: foot, width: 0.35, height: height * 0.4)
    let scale = street.camera.focalLength / foot.z
    let base = street.camera.project(foot)
    let light = street.light.onRound
    let sunLeft = street.light.towardsSun.x < 0
    let bright = street.light.through(foot.z, metal * light * 1.15)
    let dark = street.light.through(foot.z, metal * light * 0.55)
    let left = sunLeft ? bright : dark
    let right = sunLeft ? dark : bright
    // Never thinner than a pixel, or far poles would break into dots.
    let thick = max(1.05, radius * scale)
    let top = CanvasPoint(base.x, base.y - height * scale)
    canvas.fillLimb(
      from: CanvasPoint(base.x, base.y - thick * 0.5), thick, to: top, thick * 0.8, .pole,
      left: left, right: right)
    switch kind {
    case .lamp:
      let head =
        hasArm
        ? CanvasPoint(top.x - side * armReach * scale, top.y - 0.25 * scale) : top
      if hasArm {
        canvas.fillLimb(
          from: top, thick * 0.75, to: head, thick * 0.6, .pole, left: left, right: right)
      }
      canvas.fillEllipse(
        at: head, max(1.5, 0.32 * scale), max(1.2, 0.1 * scale), .pole, left: left, right: right)
    case .sign:
      sign.paint(street, at: top, scale: scale, distance: foot.z, on: canvas)
    case .trafficLight:
      paintLights(street, at: top, scale: scale, z: foot.z, on: canvas)
    case .bollard:
      let band = CanvasPoint(base.x, base.y - height * 0.82 * scale)
      canvas.fillLimb(
        from: CanvasPoint(band.x, band.y - 0.05 * scale), thick * 0.9,
        to: CanvasPoint(band.x, band.y + 0.05 * scale), thick * 0.9, .pole,
        left: bright.mixed(with: Paint(grey: 0.8) * light, 0.7),
        right: dark.mixed(with: Paint(grey: 0.8) * light, 0.5))
    }
  }

  /// The black box with three lamps, one of them lit.
  private func paintLights(
    _ street: SceneStreet, at top: CanvasPoint, scale: Float, z: Float, on canvas: SceneCanvas
  ) {
    let light = street.light.onRound
    let half = max(1.8, 0.24 * scale)
    let tall = max(4.5, 1.1 * scale)
    let box = [
      CanvasPoint(top.x - half, top.y - tall * 0.75),
      CanvasPoint(top.x + half, top.y - tall * 0.75),
      CanvasPoint(top.x + half, top.y + tall * 0.25),
      CanvasPoint(top.x - half, top.y + tall * 0.25),
    ]
    let rim = box.map { CanvasPoint($0.x + ($0.x - top.x) * 0.18, $0.y + ($0.y - top.y) * 0.06) }
    let dark = street.light.through(z, Paint(0.08, 0.08, 0.08) * light)
    canvas.fill(rim, .signSymbol, street.light.through(z, Paint(grey: hasArm ? 0.6 : 0.1) * light))
    canvas.fill(box, .signSymbol, dark)
    let lit = Int(armReach * 10) % 3
    let lamps = [Paint(1, 0.2, 0.12), Paint(1, 0.68, 0.15), Paint(0.2, 0.95, 0.5)]
    for (lamp, glow) in lamps.enumerated() {
      let centre = CanvasPoint(top.x, top.y + tall * (-0.75 + (Float(lamp) + 0.5) / 3))
      let paint = lamp == lit ? glow : glow * light * 0.16
      canvas.fillEllipse(
        at: centre, half * 0.72, tall * 0.135, .signSymbol, left: paint, right: paint * 0.9)
    }
  }
}

/// The plate of a traffic sign or of a shop's hanging sign.
struct SceneSign {
  private enum Plate: CaseIterable {
    case ban, warning, order, direction, notice, yellow, back
  }

  private let plate: Plate
  private let size: Float
  private let second: Bool

  init(_ generator: inout SeededGenerator) {
    plate = generator.pick([
      .ban, .ban, .warning, .order, .order, .direction, .notice, .yellow, .back,
    ])
    size = generator.uniform(in: 0.34...0.58)
    second = generator.chance(0.3)
  }

  /// Paints the plate with its centre just under `top`.
  func paint(
    _ street: SceneStreet, at top: CanvasPoint, scale: Float, distance: Float,
    on canvas: SceneCanvas
  ) {
    let light = street.light.ambient + street.light.sun * 0.35
    func seen(_ paint: Paint) -> Paint { street.light.through(distance, paint * light) }
    let r = max(2.2, size * scale)
    let centre = CanvasPoint(top.x, top.y + r * 0.5)
    let white = seen(Paint(0.95, 0.95, 0.95))
    let red = seen(Paint(0.85, 0.12, 0.13))
    let blue = seen(Paint(0.1, 0.28, 0.72))
    let black = seen(Paint(0.08, 0.08, 0.08))
    func disc(_ part: Float, _ paint: Paint) {
      canvas.fillEllipse(
        at: centre, r * part, r * part, .signSymbol, left: paint, right: paint * 0.93)
    }
    func box(_ wide: Float, _ tall: Float, dy: Float = 0, _ paint: Paint) {
      canvas.fill(
        [
          CanvasPoint(centre.x - r * wide, centre.y + r * (dy - tall)),
          CanvasPoint(centre.x + r * wide, centre.y + r * (dy - tall)),
          CanvasPoint(centre.x + r * wide, centre.y + r * (dy + tall)),
          CanvasPoint(centre.x - r * wide, centre.y + r * (dy + tall)),
        ], .signSymbol, paint)
    }
    func triangle(_ part: Float, _ paint: Paint) {
      canvas.fill(
        [
          CanvasPoint(centre.x, centre.y - r * part),
          CanvasPoint(centre.x + r * part * 0.95, centre.y + r * part * 0.7),
          CanvasPoint(centre.x - r * part * 0.95, centre.y + r * part * 0.7),
        ], .signSymbol, paint)
    }
    switch plate {
    case .ban:
      disc(1, red)
      disc(0.7, white)
      box(0.36, 0.1, black)
    case .warning:
      triangle(1.15, red)
      triangle(0.72, white)
      box(0.07, 0.24, black)
    case .order:
      disc(1, white)
      disc(0.9, blue)
      box(0.12, 0.45, white)
    case .direction:
      let green = seen(Paint(0.05, 0.33, 0.22))
      box(1.5, 0.85, white)
      box(1.42, 0.77, green)
      box(1, 0.08, dy: -0.35, white)
      box(0.8, 0.08, dy: 0.1, white)
      box(1.1, 0.08, dy: 0.45, white)
    case .notice:
      box(0.75, 1, white)
      box(0.66, 0.5, dy: -0.35, blue)
      box(0.45, 0.08, dy: 0.5, black)
    case .yellow:
      box(1.1, 0.8, black)
      box(1, 0.7, seen(Paint(0.95, 0.75, 0.1)))
      box(0.7, 0.1, dy: -0.2, black)
      box(0.55, 0.1, dy: 0.25, black)
    case .back:
      disc(1, seen(Paint(grey: 0.5)))
      box(0.9, 0.08, dy: -0.2, seen(Paint(grey: 0.4)))
    }
    if second { box(0.7, 0.3, dy: 1.45, white) }
  }
}
