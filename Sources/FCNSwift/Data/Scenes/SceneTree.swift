/// A tree in leaf, a bare one, or an evergreen.
///
/// A crown counts as tree wherever it shades the picture, sky between its twigs included: that is how
/// datasets annotate them.
struct SceneTree {
  private enum Habit { case leafy, bare, evergreen }

  private let habit: Habit
  private let leaf: Paint
  private let bark: Paint
  private let height: Float
  private let spread: Float
  private let trunk: Float
  private let noise: SceneNoise
  private let shape: SeededGenerator

  init(_ generator: inout SeededGenerator) {
    habit = generator.pick([.leafy, .leafy, .leafy, .bare, .bare, .bare, .bare, .evergreen])
    switch habit {
    case .leafy:
      leaf = generator.varied(
        generator.pick([
          Paint(0.29, 0.35, 0.19), Paint(0.35, 0.38, 0.22), Paint(0.24, 0.30, 0.18),
          Paint(0.44, 0.37, 0.22),
        ]), by: 0.25)
    case .bare:
      leaf = generator.varied(Paint(0.37, 0.33, 0.30), by: 0.25)
    case .evergreen:
      leaf = generator.varied(Paint(0.16, 0.20, 0.14), by: 0.25)
    }
    bark = generator.varied(Paint(0.27, 0.23, 0.19), by: 0.3)
    height = generator.uniform(in: 5...12)
    spread =
      height
      * (habit == .evergreen
        ? generator.uniform(in: 0.2...0.28) : generator.uniform(in: 0.32...0.46))
    trunk = height * generator.uniform(in: 0.02...0.03)
    noise = SceneNoise(&generator)
    shape = SeededGenerator(seed: generator.next())
  }

  /// Paints the tree with its foot at `foot`.
  func paint(_ street: SceneStreet, at foot: WorldPoint, on canvas: SceneCanvas) {
    guard foot.z > 2 else { return }
    street.castShadow(on: canvas, at: foot, width: trunk * 4, height: height * 0.5)
    let scale = street.camera.focalLength / foot.z
    let base = street.camera.project(foot)
    let light = street.light.onRound
    let sunLeft = street.light.towardsSun.x < 0
    let bright = street.light.through(foot.z, bark * light)
    let dark = street.light.through(foot.z, bark * light * 0.5)
    let fork = CanvasPoint(base.x, base.y - height * (habit == .evergreen ? 0.8 : 0.5) * scale)
    canvas.fillLimb(
      from: base, trunk * scale * 1.15, to: fork, trunk * scale * 0.6, .tree,
      left: sunLeft ? bright : dark, right: sunLeft ? dark : bright)
    var generator = shape
    switch habit {
    case .leafy, .evergreen:
      paintLeaves(street, base, scale, foot.z, on: canvas, &generator)
    case .bare:
      paintTwigs(street, base, scale, foot.z, on: canvas, &generator)
      for _ in 0..<5 {
        paintBranch(
          from: CanvasPoint(base.x, base.y - height * generator.uniform(in: 0.28...0.5) * scale),
          direction: (generator.uniform(in: -0.8...0.8), -1),
          length: height * 0.3 * scale, radius: trunk * scale * 0.5, depth: 3, dark: dark,
          bright: bright, on: canvas, &generator)
      }
    }
  }

  /// Clumps of leaves from the back of the crown to the front, lighter where the sun comes from.
  private func paintLeaves(
    _ street: SceneStreet, _ base: CanvasPoint, _ scale: Float, _ z: Float,
    on canvas: SceneCanvas, _ generator: inout SeededGenerator
  ) {
    let conical = habit == .evergreen
    let middle = base.y - height * 0.64 * scale
    let tall = height * 0.36 * scale
    let wide = spread * scale
    let grain = min(0.5, 9 / scale)
    let sunX = street.light.towardsSun.x
    for clump in 0..<(conical ? 12 : 16) {
      let v =
        conical
        ? 0.95 - Float(clump) * 0.165 : generator.uniform(in: -0.72...0.62)
      let room = conical ? 0.55 * (v + 1.05) / 2 : (1 - v * v).squareRoot() * 0.62
      let u = generator.uniform(in: -room...room)
      let size =
        conical
        ? 0.14 + 0.34 * (v + 1) / 2 : generator.uniform(in: 0.36...0.56)
      let centre = CanvasPoint(base.x + u * wide, middle + v * tall * (conical ? 1.35 : 1))
      let tint = leaf * (generator.uniform(in: 0.95...1.4) * (1 - 0.2 * v))
      let radiusX = wide * size * (conical ? 1.25 : 1)
      let radiusY = tall * size * (conical ? 0.75 : 1)
      canvas.forEachSample(inEllipseAt: centre, radiusX, radiusY) { index, a, b in
        let x = (centre.x + a * radiusX - base.x) * grain
        let y = (centre.y + b * radiusY - base.y) * grain
        let leaves = noise.fractal(x, y)
        guard a * a + b * b < 0.55 + 0.6 * leaves else { return }
        let facing = unitClamped(0.5 - 0.38 * b + 0.3 * a * sunX)
        let shade = (0.35 + 0.95 * facing) * (0.35 + 1.3 * noise.smooth(x * 2.7, y * 2.7))
        let lit = street.light.ambient + street.light.sun * (facing * 0.8)
        canvas.colours[index] = street.light.through(z, tint * lit * shade)
        canvas.classes[index] = SceneClass.tree.rawValue
      }
    }
  }

  /// The haze of twigs too fine to see one by one.
  private func paintTwigs(
    _ street: SceneStreet, _ base: CanvasPoint, _ scale: Float, _ z: Float,
    on canvas: SceneCanvas, _ generator: inout SeededGenerator
  ) {
    let centre = CanvasPoint(base.x, base.y - height * 0.62 * scale)
    let density = generator.uniform(in: 0.3...0.7)
    let paint = street.light.through(z, leaf * street.light.onRound)
    let radiusX = spread * scale
    let radiusY = height * 0.38 * scale
    let grain = min(0.6, 10 / scale)
    canvas.forEachSample(inEllipseAt: centre, radiusX, radiusY) { index, a, b in
      let x = a * radiusX * grain
      let y = b * radiusY * grain
      // Thinner towards the rim, and there in tufts.
      let depth = 0.5 + 0.75 * noise.smooth(x * 0.35, y * 0.35) - a * a - b * b
      guard depth > 0.05 else { return }
      let twig = 1 - 5 * abs(noise.smooth(x * 1.3 + y * 0.4, y * 0.9) - 0.5)
      let fork = noise.smooth(x * 2.6, y * 2.2)
      let cover =
        unitClamped(density * (0.25 + 0.9 * max(0, twig) + 0.6 * fork)) * min(1, depth * 4)
      let under = canvas.colours[index]
      canvas.colours[index] = under.mixed(with: paint * (0.6 + 0.7 * fork), cover)
      canvas.classes[index] = SceneClass.tree.rawValue
    }
  }

  private func paintBranch(
    from start: CanvasPoint, direction: (x: Float, y: Float), length: Float, radius: Float,
    depth: Int, dark: Paint, bright: Paint, on canvas: SceneCanvas,
    _ generator: inout SeededGenerator
  ) {
    let norm = length / (direction.x * direction.x + direction.y * direction.y).squareRoot()
    let end = CanvasPoint(start.x + direction.x * norm, start.y + direction.y * norm)
    canvas.fillLimb(
      from: start, max(0.5, radius), to: end, max(0.45, radius * 0.5), .tree, left: bright,
      right: dark)
    guard depth > 0, length > 4 else { return }
    for _ in 0..<2 {
      let turned = (
        direction.x + generator.uniform(in: -0.75...0.75),
        direction.y + generator.uniform(in: -0.25...0.45)
      )
      paintBranch(
        from: end, direction: turned, length: length * 0.66, radius: radius * 0.5,
        depth: depth - 1, dark: dark, bright: bright, on: canvas, &generator)
    }
  }
}

/// A hedge: leaves over a line on the ground.
struct SceneHedge {
  private let leaf: Paint
  private let height: Float
  private let noise: SceneNoise

  init(_ generator: inout SeededGenerator) {
    leaf = generator.varied(
      generator.pick([Paint(0.22, 0.3, 0.13), Paint(0.3, 0.33, 0.15), Paint(0.34, 0.27, 0.16)]),
      by: 0.25)
    height = generator.uniform(in: 1.4...3.2)
    noise = SceneNoise(&generator)
  }

  /// Paints the hedge over the ground from `a` to `b`, seen from the side of the normal `facing`.
  func paint(
    _ street: SceneStreet, from a: WorldPoint, to b: WorldPoint, facing: Float,
    on canvas: SceneCanvas
  ) {
    let light = street.light.falling(onX: facing * 0.7, 0.7, 0)
    let wall = SceneWall(street.camera, from: a, to: b, bottom: 0, top: height)
    wall.forEachSample(on: canvas) { index, along, y, z in
      let leaves = noise.fractal(along * 2.1, y * 2.1)
      guard y < height - 0.7 + leaves else { return }
      let shade = (0.45 + 0.5 * y / height) * (0.4 + 1.2 * noise.smooth(along * 6, y * 6))
      canvas.colours[index] = street.light.through(z, leaf * light * (shade * (0.6 + 0.8 * leaves)))
      canvas.classes[index] = SceneClass.tree.rawValue
    }
  }
}
