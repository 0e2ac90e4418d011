/// Where the picture is taken from: a pinhole `height` metres above the road, looking level along z.
struct SceneCamera {
  /// Samples for a metre at one metre's distance.
  let focalLength: Float
  /// Column of the vanishing point.
  let centre: Float
  /// Row of the horizon.
  let horizon: Float
  /// Metres above the road.
  let height: Float

  /// What is nearer than this is not drawn.
  static let nearest: Float = 0.6

  func project(_ point: WorldPoint) -> CanvasPoint {
    let scale = focalLength / point.z
    return CanvasPoint(centre + point.x * scale, horizon - (point.y - height) * scale)
  }

  /// The part of a flat polygon that lies in front of the camera, on the canvas.
  func project(_ polygon: [WorldPoint]) -> [CanvasPoint] {
    var result: [CanvasPoint] = []
    result.reserveCapacity(polygon.count + 1)
    guard var previous = polygon.last else { return [] }
    for point in polygon {
      if (previous.z < SceneCamera.nearest) != (point.z < SceneCamera.nearest) {
        let amount = (SceneCamera.nearest - previous.z) / (point.z - previous.z)
        var crossing = previous.towards(point, amount)
        crossing.z = SceneCamera.nearest
        result.append(project(crossing))
      }
      if point.z >= SceneCamera.nearest { result.append(project(point)) }
      previous = point
    }
    return result
  }
}

/// The time of day and the weather: what light falls on a surface and what the air adds to it.
struct SceneLight {
  /// Unit vector towards the sun.
  let towardsSun: WorldPoint
  /// Light of the sun and of the rest of the sky on a surface that faces them.
  let sun: Paint
  let ambient: Paint
  /// 0 under a closed cover of clouds, 1 in full sunshine.
  let sunshine: Float
  /// Colour of the sky above, and at the horizon, which is also what distance fades to.
  let zenith: Paint
  let haze: Paint
  /// Metres at which half of what is seen is haze.
  let visibility: Float
  /// How much of the sky clouds cover, 0…1.
  let clouds: Float

  init(_ generator: inout SeededGenerator) {
    let dusk = generator.chance(0.15)
    let overcast = generator.chance(0.4)
    sunshine = overcast ? generator.uniform(in: 0...0.2) : generator.uniform(in: 0.5...1)
    let level = dusk ? generator.uniform(in: 0.6...0.8) : generator.uniform(in: 0.8...1.1)
    let side = generator.uniform(in: -1...1)
    let ahead = generator.uniform(in: -1...0.7)
    let up = dusk ? generator.uniform(in: 0.25...0.5) : generator.uniform(in: 0.45...1.3)
    let length = (side * side + up * up + ahead * ahead).squareRoot()
    towardsSun = WorldPoint(side / length, up / length, ahead / length)
    let warmth = dusk ? generator.uniform(in: 0.1...0.28) : generator.uniform(in: 0...0.1)
    sun = Paint(1 + warmth, 1, 1 - 1.3 * warmth) * (1.0 * sunshine * level)
    let cool = generator.uniform(in: -0.01...0.1)
    ambient = Paint(1 - cool, 1, 1 + cool) * ((0.84 - 0.4 * sunshine) * level)
    clouds = overcast ? generator.uniform(in: 0.7...1) : generator.uniform(in: 0...0.65)
    let pale = generator.uniform(in: 0.15...1)
    let blue = Paint(0.45, 0.68, 0.98).mixed(with: Paint(0.94, 0.99, 1.02), pale)
    zenith = blue.mixed(with: Paint(grey: 0.88), overcast ? 0.85 : 0) * (0.4 + 0.65 * level)
    let glow = dusk ? Paint(1.0, 0.9, 0.8) : Paint(1.0, 1.05, 1.07)
    haze = glow.mixed(with: Paint(grey: 0.98), overcast ? 0.7 : 0) * (0.32 + 0.72 * level)
    visibility =
      generator.chance(0.15)
      ? generator.uniform(in: 120...250) : generator.uniform(in: 350...1500)
  }

  /// The light on a surface whose unit normal is given.
  func falling(onX x: Float, _ y: Float, _ z: Float) -> Paint {
    let facing = x * towardsSun.x + y * towardsSun.y + z * towardsSun.z
    return ambient * (0.9 + 0.1 * y) + sun * max(0, facing)
  }

  /// Light on things that are round or rough: the sun's from all sides.
  var onRound: Paint { ambient + sun * 0.5 }

  /// `paint` as seen through `distance` metres of air.
  @inline(__always)
  func through(_ distance: Float, _ paint: Paint) -> Paint {
    paint.mixed(with: haze, distance / (distance + visibility))
  }
}
