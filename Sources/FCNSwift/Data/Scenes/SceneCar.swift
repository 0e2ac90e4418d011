/// A car: a side outline drawn out across its width, turned any way, with glass, wheels and lights.
struct SceneCar {
  private let body: SceneCarBody
  private let paint: Paint
  private let glass: Paint
  private let plate: Paint
  private let braking: Bool
  /// Metres from end to end.
  var length: Float { body.length }

  init(_ generator: inout SeededGenerator) {
    let kinds: [SceneCarBody] = [
      .hatchback, .hatchback, .hatchback, .saloon, .saloon, .saloon, .offRoader, .van, .van,
      generator.chance(0.4) ? .bus : .hatchback,
    ]
    body = generator.pick(kinds)
    paint = generator.varied(
      generator.pick([
        Paint(0.68, 0.69, 0.7), Paint(0.5, 0.51, 0.53), Paint(0.85, 0.85, 0.84),
        Paint(0.09, 0.09, 0.1), Paint(0.14, 0.15, 0.17), Paint(0.1, 0.14, 0.33),
        Paint(0.2, 0.32, 0.52), Paint(0.55, 0.08, 0.08), Paint(0.62, 0.14, 0.1),
        Paint(0.08, 0.23, 0.16), Paint(0.72, 0.66, 0.5),
      ]), by: 0.15)
    glass = generator.varied(Paint(0.1, 0.12, 0.13), by: 0.3)
    plate = generator.chance(0.5) ? Paint(0.9, 0.9, 0.86) : Paint(0.9, 0.76, 0.2)
    braking = generator.chance(0.35)
  }

  /// Paints the car with its middle on the ground at `place`, turned by `turns` full turns: at 0 it
  /// shows its rear, at ½ its front, at ¼ its left side.
  func paint(
    _ street: SceneStreet, at place: WorldPoint, turns: Float, on canvas: SceneCanvas
  ) {
    let (sine, cosine) = sineAndCosine(turns: turns)
    let reach = body.length / 2 + body.halfWidth
    guard place.z > reach * 0.6 + 1.5 else { return }
    let pose = Pose(
      street: street, place: place, sine: sine, cosine: cosine, length: body.length)
    paintShadow(pose, on: canvas)
    paintUnderside(pose, on: canvas)
    paintAcross(pose, on: canvas)
    paintSide(pose, on: canvas)
  }

  /// Where the car stands, and the way from its own coordinates to the world's.
  private struct Pose {
    let street: SceneStreet
    let place: WorldPoint
    let sine: Float
    let cosine: Float
    let length: Float

    func world(_ along: Float, _ y: Float, _ across: Float) -> WorldPoint {
      let forward = (along - 0.5) * length
      return WorldPoint(
        place.x + forward * sine + across * cosine, y,
        place.z + forward * cosine - across * sine)
    }

    /// Light on a face with the given normal along, up and across the car.
    func light(_ along: Float, _ up: Float, _ across: Float) -> Paint {
      street.light.falling(
        onX: along * sine + across * cosine, up, along * cosine - across * sine)
    }

    /// Whether a face with that normal at `point` shows its outside.
    func shows(_ point: WorldPoint, _ along: Float, _ up: Float, _ across: Float) -> Bool {
      (along * sine + across * cosine) * point.x + up * (point.y - street.camera.height)
        + (along * cosine - across * sine) * point.z < 0
    }

    func fill(
      _ corners: [WorldPoint], top: Paint, bottom: Paint, on canvas: SceneCanvas
    ) {
      let light = street.light
      canvas.fill(
        street.camera.project(corners), .car, top: light.through(place.z, top),
        bottom: light.through(place.z, bottom))
    }
  }

  private func paintShadow(_ pose: Pose, on canvas: SceneCanvas) {
    let across = abs(pose.sine) * body.length + abs(pose.cosine) * body.halfWidth * 2
    for along: Float in [0.2, 0.5, 0.8] {
      var foot = pose.world(along, 0, 0)
      foot.z = max(foot.z, 1.5)
      pose.street.castShadow(on: canvas, at: foot, width: across * 0.9, height: 1.5)
    }
  }

  /// The dark under the car and the tyres' treads.
  private func paintUnderside(_ pose: Pose, on canvas: SceneCanvas) {
    let w = body.halfWidth * 0.92
    let dark = Paint(grey: 0.045) * pose.street.light.ambient
    let low: Float = 0.14
    for end: Float in [0.06, 0.94] {
      pose.fill(
        [
          pose.world(end, low, -w), pose.world(end, 0.45, -w), pose.world(end, 0.45, w),
          pose.world(end, low, w),
        ], top: dark, bottom: dark, on: canvas)
    }
    for side: Float in [-1, 1] {
      pose.fill(
        [
          pose.world(0.06, low, side * w), pose.world(0.06, 0.45, side * w),
          pose.world(0.94, 0.45, side * w), pose.world(0.94, low, side * w),
        ], top: dark, bottom: dark, on: canvas)
      for wheel: Float in [0.1, 0.88] {
        let tread = Paint(grey: 0.1) * pose.street.light.ambient
        pose.fill(
          [
            pose.world(wheel, 0, side * w), pose.world(wheel, 0.5, side * w),
            pose.world(wheel, 0.5, side * (w - 0.2)), pose.world(wheel, 0, side * (w - 0.2)),
          ], top: tread * 0.4, bottom: tread, on: canvas)
      }
    }
  }

  /// The faces that run across the car: bumpers, bonnet, glass, roof, far ones first.
  private func paintAcross(_ pose: Pose, on canvas: SceneCanvas) {
    let outline = body.outline
    let order = (0..<outline.count - 1).sorted { a, b in
      let za = pose.world((outline[a].along + outline[a + 1].along) / 2, 0, 0).z
      let zb = pose.world((outline[b].along + outline[b + 1].along) / 2, 0, 0).z
      return za == zb ? a < b : za > zb
    }
    for edge in order {
      let a = outline[edge]
      let b = outline[edge + 1]
      let rise = b.y - a.y
      let run = (b.along - a.along) * body.length
      let norm = 1 / (rise * rise + run * run).squareRoot()
      let normal = (along: -rise * norm, up: run * norm)
      let wa = body.halfWidth(at: a)
      let wb = body.halfWidth(at: b)
      guard pose.shows(pose.world(a.along, a.y, 0), normal.along, normal.up, 0) else { continue }
      let light = pose.light(normal.along, normal.up, 0)
      let shine = pose.street.light.haze * (0.06 + 0.14 * max(0, normal.up))
      func quad(_ inset: Float, _ low: Float, _ high: Float) -> [WorldPoint] {
        func corner(_ t: Float, _ side: Float) -> WorldPoint {
          pose.world(
            a.along + (b.along - a.along) * t, a.y + (b.y - a.y) * t,
            side * (wa + (wb - wa) * t) * inset)
        }
        return [corner(low, -1), corner(high, -1), corner(high, 1), corner(low, 1)]
      }
      pose.fill(
        quad(1, 0, 1), top: paint * light + shine, bottom: paint * light * 0.85 + shine * 0.5,
        on: canvas)
      if body.glass.contains(edge) {
        let mirrored = pose.street.light.haze * (0.12 + 0.3 * max(0, normal.up))
        pose.fill(
          quad(0.88, 0.08, 0.92), top: glass * light + mirrored,
          bottom: glass * light + mirrored * 0.45, on: canvas)
      }
      if edge == 1 { paintRear(pose, light, quad, on: canvas) }
      if edge == outline.count - 2 { paintBumper(pose, light, quad, on: canvas) }
      if edge == outline.count - 3 { paintFront(pose, light, quad, on: canvas) }
    }
  }

  /// A part of a quad that runs across the car: from `left` to `right` (−1…1) of its width.
  private func part(_ quad: [WorldPoint], _ left: Float, _ right: Float) -> [WorldPoint] {
    func at(_ a: WorldPoint, _ b: WorldPoint, _ side: Float) -> WorldPoint {
      a.towards(b, (side + 1) / 2)
    }
    return [
      at(quad[0], quad[3], left), at(quad[1], quad[2], left), at(quad[1], quad[2], right),
      at(quad[0], quad[3], right),
    ]
  }

  private func paintRear(
    _ pose: Pose, _ light: Paint, _ quad: (Float, Float, Float) -> [WorldPoint],
    on canvas: SceneCanvas
  ) {
    let lamp = braking ? Paint(1, 0.18, 0.12) : Paint(0.55, 0.06, 0.06) * light
    for (left, right) in [(Float(-0.97), Float(-0.66)), (0.66, 0.97)] {
      pose.fill(part(quad(1, 0.3, 0.98), left, right), top: lamp, bottom: lamp * 0.7, on: canvas)
    }
    pose.fill(
      part(quad(1, 0.1, 0.42), -0.3, 0.3), top: plate * light, bottom: plate * light, on: canvas)
  }

  private func paintFront(
    _ pose: Pose, _ light: Paint, _ quad: (Float, Float, Float) -> [WorldPoint],
    on canvas: SceneCanvas
  ) {
    // On the outline's way down the front, low parts of the quad are high ones of the car.
    let lamp = braking ? Paint(1, 0.98, 0.88) : Paint(0.78, 0.8, 0.82) * light
    for (left, right) in [(Float(-0.95), Float(-0.6)), (0.6, 0.95)] {
      pose.fill(part(quad(1, 0.2, 0.9), left, right), top: lamp, bottom: lamp * 0.75, on: canvas)
    }
    let grille = Paint(grey: 0.07) * light
    pose.fill(part(quad(1, 0.25, 0.85), -0.45, 0.45), top: grille, bottom: grille, on: canvas)
  }

  private func paintBumper(
    _ pose: Pose, _ light: Paint, _ quad: (Float, Float, Float) -> [WorldPoint],
    on canvas: SceneCanvas
  ) {
    let white = Paint(0.9, 0.9, 0.88) * light
    pose.fill(part(quad(1, 0.2, 0.55), -0.3, 0.3), top: white, bottom: white, on: canvas)
    let dark = Paint(grey: 0.06) * light
    pose.fill(part(quad(1, 0.62, 0.9), -0.75, 0.75), top: dark, bottom: dark, on: canvas)
  }

  /// The side that shows: panels, windows, wheels.
  private func paintSide(_ pose: Pose, on canvas: SceneCanvas) {
    for side: Float in [-1, 1] {
      guard pose.shows(pose.world(0.5, 0.7, side * body.halfWidth), 0, 0, side) else { continue }
      let light = pose.light(0, 0, side)
      let shine = pose.street.light.haze * 0.1
      func face(_ corners: [SceneCarBody.Corner]) -> [WorldPoint] {
        corners.map { pose.world($0.along, $0.y, side * body.halfWidth(at: $0)) }
      }
      let below = body.outline.indices.filter {
        !body.cabin.contains($0) || $0 == body.cabin.lowerBound || $0 == body.cabin.upperBound
      }
      pose.fill(
        face(below.map { body.outline[$0] }), top: paint * light + shine * 1.6,
        bottom: paint * light * 0.7, on: canvas)
      pose.fill(
        face(Array(body.outline[body.cabin])), top: paint * light + shine,
        bottom: paint * light + shine, on: canvas)
      let mirrored = pose.street.light.haze
      for window in body.windows() {
        pose.fill(
          face(window), top: glass * light + mirrored * 0.32,
          bottom: glass * light + mirrored * 0.1,
          on: canvas)
      }
      paintWheels(pose, side, light, on: canvas)
    }
  }

  private func paintWheels(_ pose: Pose, _ side: Float, _ light: Paint, on canvas: SceneCanvas) {
    let radius: Float = body.length > 7 ? 0.46 : (body.outline[0].y > 0.35 ? 0.37 : 0.31)
    for wheel: Float in [0.19, 0.81] {
      func ring(_ size: Float, _ out: Float) -> [WorldPoint] {
        (0..<16).map { step in
          let (s, c) = sineAndCosine(turns: Float(step) / 16)
          return pose.world(
            wheel + c * size / body.length, max(0, radius + s * size),
            side * (body.halfWidth + out))
        }
      }
      let arch = Paint(grey: 0.04) * light
      pose.fill(ring(radius * 1.14, 0), top: arch, bottom: arch, on: canvas)
      let tyre = Paint(grey: 0.1) * light
      pose.fill(ring(radius, 0.01), top: tyre * 0.7, bottom: tyre, on: canvas)
      let hub = Paint(0.55, 0.56, 0.58) * light
      pose.fill(ring(radius * 0.62, 0.02), top: hub * 0.7, bottom: hub, on: canvas)
      pose.fill(ring(radius * 0.2, 0.02), top: tyre, bottom: tyre, on: canvas)
    }
  }
}
