/// A building: a box with windows on its walls, a roof, and perhaps a shop at street level.
struct SceneBuilding {
  private enum Material { case brick, render, stone, glass }

  private let material: Material
  private let wall: Paint
  private let trim: Paint
  private let glassPaint: Paint
  private let shopPaint: Paint
  private let roofPaint: Paint
  private let storey: Float
  private let spacing: Float
  private let windowWidth: Float
  private let windowHeight: Float
  private let hasShop: Bool
  private let roofRise: Float
  private let chimney: Bool
  private let noise: SceneNoise
  /// Metres from the pavement to the eaves.
  let height: Float

  init(_ generator: inout SeededGenerator) {
    material = generator.pick([.brick, .brick, .brick, .render, .render, .stone, .stone, .glass])
    switch material {
    case .brick:
      wall = generator.varied(
        generator.pick([
          Paint(0.47, 0.32, 0.27), Paint(0.57, 0.44, 0.36), Paint(0.62, 0.54, 0.43),
          Paint(0.38, 0.29, 0.27),
        ]), by: 0.18)
    case .render:
      wall = generator.varied(
        generator.pick([
          Paint(0.87, 0.85, 0.80), Paint(0.80, 0.74, 0.61), Paint(0.72, 0.71, 0.70),
          Paint(0.74, 0.64, 0.59),
        ]), by: 0.1)
    case .stone: wall = generator.varied(Paint(0.64, 0.59, 0.49), by: 0.22)
    case .glass: wall = generator.varied(Paint(0.48, 0.52, 0.55), by: 0.25)
    }
    trim =
      generator.chance(0.75)
      ? generator.varied(Paint(0.84, 0.83, 0.8), by: 0.1)
      : generator.varied(Paint(0.25, 0.23, 0.22), by: 0.3)
    glassPaint = generator.varied(Paint(0.11, 0.125, 0.14), by: 0.45)
    shopPaint = generator.varied(
      generator.pick([
        Paint(0.15, 0.2, 0.2), Paint(0.5, 0.1, 0.1), Paint(0.1, 0.16, 0.38), Paint(0.1, 0.3, 0.18),
        Paint(0.75, 0.72, 0.65), Paint(0.12, 0.11, 0.11),
      ]), by: 0.3)
    roofPaint = generator.varied(
      generator.pick([Paint(0.33, 0.33, 0.36), Paint(0.47, 0.29, 0.22), Paint(0.38, 0.34, 0.3)]),
      by: 0.2)
    storey = generator.uniform(in: 2.8...3.7)
    spacing =
      material == .glass
      ? generator.uniform(in: 1.2...2) : generator.uniform(in: 1.9...3.4)
    windowWidth = material == .glass ? 0.86 : generator.uniform(in: 0.34...0.56)
    windowHeight = material == .glass ? 0.74 : generator.uniform(in: 0.45...0.64)
    hasShop = generator.chance(0.5)
    let storeys = generator.pick([2, 2, 2, 3, 3, 3, 3, 4, 5])
    height = storey * Float(storeys) + generator.uniform(in: 0.3...1)
    roofRise = material == .glass || generator.chance(0.3) ? 0 : generator.uniform(in: 1.5...3.5)
    chimney = roofRise > 0 && generator.chance(0.5)
    noise = SceneNoise(&generator)
  }

  /// Paints the building with its front from `near` to `far` on the ground and its depth stretching
  /// `outwards` metres along x.
  func paint(
    _ street: SceneStreet, from near: WorldPoint, to far: WorldPoint, outwards: Float,
    on canvas: SceneCanvas
  ) {
    let side: Float = outwards < 0 ? -1 : 1
    paintRoof(street, near, far, outwards, on: canvas)
    let corner = WorldPoint(near.x + outwards, 0, near.z)
    if near.z > 1 {
      paintWall(street, from: near, to: corner, normal: (0, -1), windows: false, on: canvas)
    }
    paintWall(street, from: near, to: far, normal: (-side, 0), windows: true, on: canvas)
  }

  /// Paints one wall that faces along `normal` (x, z).
  func paintWall(
    _ street: SceneStreet, from a: WorldPoint, to b: WorldPoint, normal: (x: Float, z: Float),
    windows: Bool, on canvas: SceneCanvas
  ) {
    let light = street.light.falling(onX: normal.x, 0, normal.z)
    let lit = light * (windows ? 1 : 0.92)
    let wall = SceneWall(street.camera, from: a, to: b, bottom: 0, top: height)
    wall.forEachSample(on: canvas) { index, along, y, z in
      let detail = 1 / (1 + z * 0.05)
      let surface =
        windows
        ? facade(along, y, detail, lit, street) : masonry(along, y, detail) * lit
      canvas.colours[index] = street.light.through(z, surface)
      canvas.classes[index] = SceneClass.building.rawValue
    }
  }

  private func paintRoof(
    _ street: SceneStreet, _ near: WorldPoint, _ far: WorldPoint, _ outwards: Float,
    on canvas: SceneCanvas
  ) {
    guard roofRise > 0 else { return }
    let half = outwards * 0.4
    let side: Float = outwards < 0 ? -1 : 1
    let slope = [
      WorldPoint(near.x, height, near.z), WorldPoint(near.x + half, height + roofRise, near.z),
      WorldPoint(far.x + half, height + roofRise, far.z), WorldPoint(far.x, height, far.z),
    ]
    let distance = (near.z + far.z) / 2
    let tiles = roofPaint * street.light.falling(onX: -side * 0.6, 0.8, 0)
    let top = street.light.through(distance, tiles)
    if chimney {
      let z = near.z + (far.z - near.z) * 0.3
      let x = near.x + half
      let stack = [
        WorldPoint(x - 0.5, height + roofRise * 0.5, z),
        WorldPoint(x - 0.5, height + roofRise + 1.3, z),
        WorldPoint(x + 0.5, height + roofRise + 1.3, z),
        WorldPoint(x + 0.5, height + roofRise * 0.5, z),
      ]
      let brick = Paint(0.42, 0.3, 0.25) * street.light.falling(onX: 0, 0, -1)
      canvas.fill(street.camera.project(stack), .building, street.light.through(z, brick))
    }
    let noise = noise
    canvas.fill(street.camera.project(slope), .building) { x, y in
      top * (0.88 + 0.24 * noise.smooth(x * 0.15, y * 0.6))
    }
    guard near.z > 1 else { return }
    let gable = [
      WorldPoint(near.x, height, near.z), WorldPoint(near.x + half, height + roofRise, near.z),
      WorldPoint(near.x + 2 * half, height, near.z),
    ]
    let plain = wall * street.light.falling(onX: 0, 0, -1)
    canvas.fill(street.camera.project(gable), .building, street.light.through(near.z, plain))
  }

  /// Wall without openings: courses of brick or stone, stains, weather.
  @inline(__always)
  private func masonry(_ along: Float, _ y: Float, _ detail: Float) -> Paint {
    var level = 0.77 + 0.46 * noise.fractal(along * 0.5, y * 0.35)
    switch material {
    case .brick:
      level += (noise.cell(along * 4.4, y * 13) - 0.5) * 0.5 * detail
    case .stone:
      level += (noise.cell(along * 1.6, y * 2.9) - 0.5) * 0.22 * detail
      let course = y * 2.9 - (y * 2.9).rounded(.down)
      if course < 0.1 { level -= 0.2 * detail }
    case .render, .glass:
      level += (noise.smooth(along * 9, y * 9) - 0.5) * 0.07 * detail
    }
    if y < 0.6 { level *= 0.8 }
    if height - y < 0.3 { return trim * (0.9 * level) }
    return wall * level
  }

  @inline(__always)
  private func facade(
    _ along: Float, _ y: Float, _ detail: Float, _ lit: Paint, _ street: SceneStreet
  ) -> Paint {
    if hasShop && y < storey { return shop(along, y, detail, lit, street) }
    let bay = along / spacing
    let floor = y / storey
    let column = bay.rounded(.down)
    let row = floor.rounded(.down)
    let u = abs(bay - column - 0.5) / windowWidth * 2
    let v = (floor - row - 0.52) / windowHeight * 2
    guard u < 1.16, abs(v) < 1.16, (row + 0.95) * storey < height else {
      return masonry(along, y, detail) * lit
    }
    // Sill and lintel throw a line of light and one of shadow.
    if v < -1 { return trim * lit }
    if v > 1 || u > 1 { return trim * (lit * 0.78) }
    if u > 0.88 || abs(v) > 0.9 { return trim * (lit * 0.95) }
    if material != .glass && (u < 0.07 || abs(v - 0.1) < 0.05) { return trim * (lit * 0.9) }
    let pane = noise.cell(column + 100, row)
    let mirrored = street.light.haze * (0.25 + 0.5 * unitClamped(0.5 + v * 0.4)) * (pane * 0.9)
    if pane > 0.86 { return Paint(0.72, 0.69, 0.62) * (lit * 0.7) }
    return glassPaint * (lit * 0.8) + mirrored * 0.45
  }

  /// Show windows under a painted board, a door in every third bay.
  @inline(__always)
  private func shop(
    _ along: Float, _ y: Float, _ detail: Float, _ lit: Paint, _ street: SceneStreet
  ) -> Paint {
    let board = storey - 0.65
    if y > storey - 0.1 { return trim * (lit * 0.8) }
    if y > board {
      let letters = noise.cell(along * 2.2, 40)
      let middle = abs(y - board - 0.28) < 0.14
      let name = noise.cell(along * 0.19, 41) > 0.35
      return middle && name && letters > 0.4
        ? shopPaint.mixed(with: Paint(grey: 0.95), 0.85) * lit : shopPaint * lit
    }
    let bay = along / 2.4
    let u = abs(bay - bay.rounded(.down) - 0.5)
    if u > 0.45 || y < 0.35 { return shopPaint * (lit * 0.85) }
    let goods = noise.cell(along * 2.7, y * 2.1)
    let shelf = noise.smooth(along * 1.3, y * 1.7)
    let inside = Paint(0.20, 0.19, 0.17) * (0.45 + shelf)
    let hue = noise.cell(along * 2.7, y * 2.1 + 50)
    let wares = Paint(0.35 + 0.35 * hue, 0.42 + 0.15 * goods, 0.65 - 0.35 * hue)
    let display = goods > 0.72 && y < 1.7 ? wares * 0.8 : inside
    let reflected = street.light.haze * (0.06 + 0.2 * noise.smooth(along * 0.4, y * 0.5 + 20))
    return display * (lit * 0.8 + Paint(grey: 0.12)) + reflected
  }
}
