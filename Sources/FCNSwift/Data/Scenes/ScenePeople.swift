/// A person of sticks with flesh on them: joints in metres from the ground under the body's middle,
/// turned towards where the person faces.
struct SceneFigure {
  let street: SceneStreet
  let foot: WorldPoint
  let kind: SceneClass
  let canvas: SceneCanvas
  private let base: CanvasPoint
  private let scale: Float
  private let sine: Float
  private let cosine: Float
  private let sunLeft: Bool

  /// A figure at `foot`, facing away from the camera at 0 turns and to the right at ¼.
  init(
    _ street: SceneStreet, at foot: WorldPoint, turns: Float, _ kind: SceneClass,
    on canvas: SceneCanvas
  ) {
    self.street = street
    self.foot = foot
    self.kind = kind
    self.canvas = canvas
    base = street.camera.project(foot)
    scale = street.camera.focalLength / foot.z
    (sine, cosine) = sineAndCosine(turns: turns)
    sunLeft = street.light.towardsSun.x < 0
  }

  /// The place of a joint: `forward` and to the `right` of the person, `up` from the ground.
  private func place(_ joint: Joint) -> CanvasPoint {
    CanvasPoint(
      base.x + (joint.forward * sine + joint.right * cosine) * scale, base.y - joint.up * scale)
  }

  struct Joint {
    let forward: Float
    let right: Float
    let up: Float

    init(_ forward: Float, _ right: Float, _ up: Float) {
      self.forward = forward
      self.right = right
      self.up = up
    }
  }

  private func shades(_ paint: Paint) -> (left: Paint, right: Paint) {
    let lit = paint * street.light.onRound * 0.85
    let bright = street.light.through(foot.z, lit * 1.15)
    let dark = street.light.through(foot.z, lit * 0.6)
    return sunLeft ? (bright, dark) : (dark, bright)
  }

  /// A limb between two joints, `thick` metres through at the first and `thin` at the second.
  func limb(_ a: Joint, _ b: Joint, _ thick: Float, _ thin: Float, _ paint: Paint) {
    let (left, right) = shades(paint)
    canvas.fillLimb(
      from: place(a), max(0.7, thick * scale / 2), to: place(b), max(0.6, thin * scale / 2), kind,
      left: left, right: right)
  }

  /// Something round of the given size, as wide across as `wide`.
  func ball(_ centre: Joint, _ wide: Float, _ tall: Float, _ paint: Paint) {
    let (left, right) = shades(paint)
    canvas.fillEllipse(
      at: place(centre), max(0.8, wide * scale / 2), max(0.8, tall * scale / 2), kind, left: left,
      right: right)
  }

  /// A trunk with shoulders: two limbs side by side and what is between them.
  func trunk(hip: Joint, neck: Joint, hips: Float, shoulders: Float, _ paint: Paint) {
    let width = abs(cosine) + 0.62 * (1 - abs(cosine))
    let (left, right) = shades(paint)
    let low = place(hip)
    let high = place(neck)
    let a = hips * width * scale / 2
    let b = shoulders * width * scale / 2
    let drop = 0.09 * scale
    let outline = [
      CanvasPoint(low.x - a, low.y), CanvasPoint(high.x - b, high.y + drop),
      CanvasPoint(high.x - b * 0.5, high.y), CanvasPoint(high.x + b * 0.5, high.y),
      CanvasPoint(high.x + b, high.y + drop), CanvasPoint(low.x + a, low.y),
    ]
    let start = min(low.x - a, high.x - b)
    let span = max(1e-3, max(low.x + a, high.x + b) - start)
    canvas.fill(outline, kind) { x, _ in left.mixed(with: right, unitClamped((x - start) / span)) }
  }

  /// A wheel seen from where the camera is: filled, for its disc counts as the bicycle's, the street
  /// showing through between tyre and hub.
  func wheel(at centre: Joint, radius: Float) {
    let tyre = street.light.through(foot.z, Paint(grey: 0.07) * street.light.onRound)
    let spoke = street.light.through(foot.z, Paint(grey: 0.45) * street.light.onRound)
    let tall = max(1.5, radius * scale)
    let wide = max(1.1, tall * abs(sine), 0.035 * scale)
    let rim = 1 - min(0.5, max(0.1, 1.2 / tall))
    canvas.forEachSample(inEllipseAt: place(centre), wide, tall) { index, u, v in
      let r = (u * u + v * v).squareRoot()
      let under = canvas.colours[index]
      canvas.colours[index] = r > rim || r < 0.12 ? tyre : under.mixed(with: spoke, 0.3)
      canvas.classes[index] = kind.rawValue
    }
  }
}

/// Clothes, skin and size of somebody.
struct ScenePerson {
  let size: Float
  let coat: Paint
  let trousers: Paint
  let skin: Paint
  let hair: Paint
  let shoes: Paint
  let stride: Float
  let longCoat: Bool
  let bag: Bool
  let helmet: Bool

  init(_ generator: inout SeededGenerator) {
    size = generator.uniform(in: 0.9...1.08)
    coat = generator.varied(
      generator.pick([
        Paint(0.08, 0.08, 0.09), Paint(0.06, 0.06, 0.07), Paint(0.1, 0.11, 0.16),
        Paint(0.16, 0.2, 0.36),
        Paint(0.5, 0.12, 0.12), Paint(0.3, 0.3, 0.31), Paint(0.62, 0.6, 0.56),
        Paint(0.24, 0.2, 0.16), Paint(0.2, 0.28, 0.2), Paint(0.7, 0.75, 0.2),
      ]), by: 0.3)
    trousers = generator.varied(
      generator.pick([
        Paint(0.1, 0.1, 0.12), Paint(0.15, 0.2, 0.32), Paint(0.3, 0.27, 0.22),
        Paint(0.2, 0.2, 0.2),
      ]), by: 0.3)
    skin = generator.varied(
      generator.pick([Paint(0.84, 0.64, 0.53), Paint(0.72, 0.52, 0.4), Paint(0.4, 0.27, 0.2)]),
      by: 0.12)
    hair = generator.varied(
      generator.pick([Paint(0.1, 0.08, 0.06), Paint(0.3, 0.2, 0.12), Paint(0.55, 0.45, 0.28)]),
      by: 0.3)
    shoes = generator.varied(Paint(0.12, 0.1, 0.09), by: 0.4)
    stride = generator.uniform(in: -0.28...0.28)
    longCoat = generator.chance(0.3)
    bag = generator.chance(0.35)
    helmet = generator.chance(0.5)
  }

  /// Paints the person walking at `foot`, facing away at 0 turns and to the right at ¼.
  func paintWalking(
    _ street: SceneStreet, at foot: WorldPoint, turns: Float, on canvas: SceneCanvas
  ) {
    guard foot.z > 2.2 else { return }
    street.castShadow(on: canvas, at: foot, width: 0.55, height: 1.7)
    typealias Joint = SceneFigure.Joint
    let figure = SceneFigure(street, at: foot, turns: turns, .pedestrian, on: canvas)
    let s = size
    for (side, step) in [(Float(-0.09), stride), (0.09, -stride)] {
      let hip = Joint(0, side, 0.86 * s)
      let knee = Joint(step * 0.7 + 0.04, side, 0.47 * s)
      let ankle = Joint(step * 1.1, side, 0.07 + abs(step) * 0.12)
      figure.limb(hip, knee, 0.19 * s, 0.14 * s, trousers * (side < 0 ? 0.85 : 1))
      figure.limb(knee, ankle, 0.14 * s, 0.1 * s, trousers * (side < 0 ? 0.85 : 1))
      figure.limb(ankle, Joint(step * 1.1 + 0.14, side, 0.05), 0.1, 0.08, shoes)
    }
    func arm(_ side: Float, _ swing: Float) {
      let shoulder = Joint(0, side, 1.4 * s)
      let elbow = Joint(swing * 0.5 - 0.03, side * 1.15, 1.12 * s)
      let hand = Joint(swing + 0.06, side * 1.1, 0.88 * s)
      figure.limb(shoulder, elbow, 0.13 * s, 0.11 * s, coat * 0.85)
      figure.limb(elbow, hand, 0.11 * s, 0.08 * s, coat * 0.85)
      figure.ball(hand, 0.09 * s, 0.1 * s, skin)
    }
    arm(-0.2 * s, -stride)
    figure.trunk(
      hip: Joint(0, 0, (longCoat ? 0.6 : 0.82) * s), neck: Joint(0.02, 0, 1.5 * s),
      hips: (longCoat ? 0.46 : 0.37) * s, shoulders: 0.46 * s, coat)
    arm(0.2 * s, stride)
    if bag { figure.ball(Joint(-0.16, 0.16, 1.1 * s), 0.3 * s, 0.42 * s, shoes * 1.6) }
    figure.limb(Joint(0.02, 0, 1.48 * s), Joint(0.03, 0, 1.58 * s), 0.12 * s, 0.11 * s, skin)
    paintHead(figure, Joint(0.05, 0, 1.65 * s), turns: turns, covered: false)
  }

  /// Paints the person riding a bicycle, its middle at `foot`.
  func paintRiding(
    _ street: SceneStreet, at foot: WorldPoint, turns: Float, on canvas: SceneCanvas
  ) {
    guard foot.z > 2.5 else { return }
    street.castShadow(on: canvas, at: foot, width: 1.1, height: 1.6)
    typealias Joint = SceneFigure.Joint
    let figure = SceneFigure(street, at: foot, turns: turns, .bicyclist, on: canvas)
    let frame = trousers.mixed(with: coat, 0.5).mixed(with: Paint(0.3, 0.05, 0.05), 0.3)
    let away = abs(turns - turns.rounded()) < 0.25
    let near = Joint(away ? -0.52 : 0.52, 0, 0.34)
    let far = Joint(away ? 0.52 : -0.52, 0, 0.34)
    figure.wheel(at: far, radius: 0.34)
    figure.wheel(at: near, radius: 0.34)
    let crank = Joint(0, 0, 0.3)
    let saddle = Joint(-0.2, 0, 0.9)
    let head = Joint(0.38, 0, 0.85)
    for (a, b) in [
      (Joint(-0.52, 0, 0.34), crank), (crank, saddle), (crank, head),
      (head, Joint(-0.16, 0, 0.8)), (Joint(-0.52, 0, 0.34), saddle), (head, Joint(0.52, 0, 0.34)),
    ] { figure.limb(a, b, 0.05, 0.05, frame) }
    func leg(_ side: Float, _ lift: Float) {
      let hip = Joint(-0.18, side, 0.98 * size)
      let knee = Joint(0.16 + 0.12 * lift, side * 1.2, 0.62 + 0.14 * lift)
      let ankle = Joint(0.02, side, 0.26 + 0.22 * lift)
      figure.limb(hip, knee, 0.2, 0.15, trousers)
      figure.limb(knee, ankle, 0.14, 0.1, trousers)
      figure.limb(ankle, Joint(0.14, side, 0.2 + 0.22 * lift), 0.1, 0.08, shoes)
    }
    func arm(_ side: Float) {
      let shoulder = Joint(0.1, side, 1.42 * size)
      let elbow = Joint(0.26, side * 1.25, 1.18)
      let hand = Joint(0.45, side * 1.1, 1.02)
      figure.limb(shoulder, elbow, 0.13, 0.11, coat * 0.85)
      figure.limb(elbow, hand, 0.11, 0.08, coat * 0.85)
      figure.ball(hand, 0.09, 0.09, skin)
    }
    let lift = unitClamped(0.5 + stride * 1.8)
    leg(-0.11, lift)
    arm(-0.22)
    figure.limb(Joint(0.42, -0.28, 1), Joint(0.42, 0.28, 1), 0.045, 0.045, frame)
    figure.limb(Joint(-0.17, 0, 1 * size), Joint(0.1, 0, 1.4 * size), 0.34, 0.3, coat)
    figure.trunk(
      hip: Joint(-0.18, 0, 0.95 * size), neck: Joint(0.12, 0, 1.5 * size), hips: 0.36,
      shoulders: 0.46, coat)
    leg(0.11, 1 - lift)
    arm(0.22)
    if bag { figure.ball(Joint(-0.18, 0, 1.25 * size), 0.32, 0.4, shoes * 1.6) }
    figure.limb(Joint(0.12, 0, 1.46 * size), Joint(0.17, 0, 1.56 * size), 0.12, 0.11, skin)
    paintHead(figure, Joint(0.2, 0, 1.63 * size), turns: turns, covered: helmet)
  }

  private func paintHead(
    _ figure: SceneFigure, _ centre: SceneFigure.Joint, turns: Float, covered: Bool
  ) {
    let away = abs(turns - turns.rounded()) < 0.2
    figure.ball(centre, 0.185 * size, 0.25 * size, away ? hair : skin)
    let crown = SceneFigure.Joint(
      centre.forward - 0.03, centre.right, centre.up + (covered ? 0.07 : 0.06) * size)
    let top = covered ? shoes.mixed(with: Paint(grey: 0.85), 0.75) : hair
    figure.ball(crown, (covered ? 0.25 : 0.2) * size, (covered ? 0.16 : 0.16) * size, top)
  }
}
