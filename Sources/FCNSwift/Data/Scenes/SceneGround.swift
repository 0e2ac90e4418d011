/// Road and pavement, with markings, kerbs, wear and the shadows of what stands beside them.
struct SceneGround {
  private let asphalt: Paint
  private let slabs: Paint
  private let kerbstone: Paint
  private let slabSize: Float
  private let paving: Paving
  private let line: Paint
  private let dashLength: Float
  private let dashPeriod: Float
  private let edgeLines: EdgeLines
  private let wear: Float
  private let shadowReach: Float
  private let dappled: Bool
  private let stopLine: Float
  private let fine: SceneNoise
  private let broad: SceneNoise

  private enum Paving { case slabs, bricks, tarmac }
  private enum EdgeLines { case none, single, double }

  init(_ street: SceneStreet, _ generator: inout SeededGenerator) {
    asphalt =
      generator.varied(Paint(0.36, 0.37, 0.39), by: 0.15) * generator.uniform(in: 0.85...1.25)
    paving = generator.pick([.slabs, .slabs, .slabs, .bricks, .tarmac])
    let base: Paint
    switch paving {
    case .slabs: base = Paint(0.44, 0.435, 0.43)
    case .bricks: base = Paint(0.43, 0.36, 0.34)
    case .tarmac: base = Paint(0.42, 0.415, 0.41)
    }
    slabs = generator.varied(base, by: 0.12) * generator.uniform(in: 0.85...1.3)
    kerbstone = generator.varied(Paint(0.56, 0.56, 0.55), by: 0.15)
    slabSize = generator.uniform(in: 0.45...0.8)
    line = generator.varied(Paint(0.88, 0.88, 0.86), by: 0.08)
    dashLength = generator.uniform(in: 1.5...3.5)
    dashPeriod = dashLength + generator.uniform(in: 2...5)
    edgeLines = generator.pick([.none, .single, .double, .double])
    wear = generator.uniform(in: 0.1...0.75)
    dappled = generator.chance(0.3)
    stopLine = generator.chance(0.3) ? generator.uniform(in: 5...16) : -100
    shadowReach = generator.uniform(in: 4...9) * min(3, 1 / street.light.towardsSun.y - 0.4)
    fine = SceneNoise(&generator)
    broad = SceneNoise(&generator)
  }

  /// Paints everything below the horizon.
  func paint(_ street: SceneStreet, on canvas: SceneCanvas) {
    let camera = street.camera
    let light = street.light.falling(onX: 0, 1, 0)
    let shade = street.light.ambient
    let shadowSide: Float = street.light.towardsSun.x < 0 ? -1 : 1
    let shadowEdge = street.frontage(shadowSide)
    let depth = street.light.sunshine
    for row in canvas.firstSample(from: camera.horizon, limit: canvas.height)..<canvas.height {
      let z = camera.focalLength * camera.height / max(0.25, Float(row) + 0.5 - camera.horizon)
      let metres = z / camera.focalLength
      let middle = street.middle(z)
      let detail = 1 / (1 + metres * 45)
      let cover = 0.5 + 0.9 * broad.smooth(z * 0.11, 3.5)
      let reach = max(0, shadowReach * abs(street.light.towardsSun.x) * cover)
      let aerial = z / (z + street.light.visibility)
      for column in 0..<canvas.width {
        let offset = (Float(column) + 0.5 - camera.centre) * metres - middle
        let isRoad = street.isRoad(offset, z)
        var paint =
          isRoad
          ? road(offset, z, detail, metres, street) : pavement(offset, z, detail, metres, street)
        var lit = light
        if depth > 0.3 {
          let inside = (offset - shadowEdge) * -shadowSide
          let blur = 0.25 + 0.12 * max(0, inside)
          let ragged = (broad.smooth(offset * 0.6, z * 0.35) - 0.5) * 1.6
          var shadow = 1 - smoothStep(-blur, blur, inside - reach + ragged)
          if dappled && offset * shadowSide > -2 {
            let leaf = fine.fractal(offset * 0.9, z * 0.7)
            shadow = max(shadow, smoothStep(0.5, 0.6, leaf) * 0.8)
          }
          lit = light.mixed(with: shade, shadow * depth)
        }
        paint = (paint * lit).mixed(with: street.light.haze, aerial)
        let index = row * canvas.width + column
        canvas.colours[index] = paint
        canvas.classes[index] = (isRoad ? SceneClass.road : .pavement).rawValue
      }
    }
  }

  @inline(__always)
  private func road(
    _ offset: Float, _ z: Float, _ detail: Float, _ metres: Float, _ street: SceneStreet
  ) -> Paint {
    var level = 0.86 + 0.28 * broad.fractal(offset * 0.55, z * 0.16)
    level += (fine.smooth(offset * 42, z * 42) - 0.5) * 0.3 * detail
    let lane = (offset - (street.leftKerb + street.rightKerb) * 0.25) * 0.8
    level += 0.05 * (broad.smooth(lane, z * 0.03) - 0.5)
    // Repairs and their tarred seams.
    let patch = broad.cell(offset * 0.31 + 7, z * 0.09)
    if patch > 0.86 { level *= 0.92 }
    var paint = asphalt * level
    let fromKerb = min(offset - street.leftKerb, street.rightKerb - offset)
    if fromKerb > 0 && fromKerb < 0.5 { paint = paint * (0.8 + 0.4 * fromKerb) }
    guard z < street.crossing.lowerBound else { return paint }
    let worn = 1 - wear * broad.smooth(offset * 4, z * 4)
    let thin = max(0.06, metres * 0.8)
    let centre = (street.leftKerb + street.rightKerb) / 2
    if abs(offset - centre) < thin {
      let phase = z / dashPeriod - (z / dashPeriod).rounded(.down)
      if phase * dashPeriod < dashLength { return paint.mixed(with: line, worn) }
    }
    if abs(z - stopLine) < 0.2 && offset > street.leftKerb && offset < centre {
      return paint.mixed(with: line, worn)
    }
    if edgeLines != .none && fromKerb > 0.25 && fromKerb < 0.62 {
      let first = fromKerb < 0.25 + thin * 1.3
      let second = fromKerb > 0.47 && fromKerb < 0.47 + thin * 1.3 && edgeLines == .double
      if first || second {
        return paint.mixed(with: Paint(0.82, 0.69, 0.3), 0.8 * worn)
      }
    }
    return paint
  }

  @inline(__always)
  private func pavement(
    _ offset: Float, _ z: Float, _ detail: Float, _ metres: Float, _ street: SceneStreet
  ) -> Paint {
    let toKerb = max(street.leftKerb - offset, offset - street.rightKerb)
    if toKerb > -0.01 && toKerb < 0.16 && z < street.crossing.lowerBound {
      // The kerb's upright face is in its own shadow.
      let face = max(0.04, metres * 0.7)
      let joint = z * 1.1 - (z * 1.1).rounded(.down) < 0.05 * detail ? Float(0.75) : 1
      return toKerb < face ? kerbstone * 0.6 : kerbstone * (joint * (0.9 + 0.2 * fine.smooth(z, 1)))
    }
    var level = 0.88 + 0.24 * broad.fractal(offset * 0.8 + 50, z * 0.5)
    level += (fine.smooth(offset * 30, z * 30) - 0.5) * 0.16 * detail
    guard paving != .tarmac else { return slabs * level }
    let size = paving == .bricks ? slabSize * 0.4 : slabSize
    let across = offset / size
    let stagger: Float = Int(across.rounded(.down)) & 1 == 0 ? 0 : 0.5
    let along = z / size + stagger
    level += (broad.cell(across, along) - 0.5) * 0.16
    let joint = min(across - across.rounded(.down), along - along.rounded(.down))
    if joint < 0.05 { level *= 1 - 0.3 * detail }
    return slabs * level
  }
}
