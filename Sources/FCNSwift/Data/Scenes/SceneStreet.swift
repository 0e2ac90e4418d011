/// The plan of a scene: where the road runs, how wide everything is, where streets cross.
///
/// Sideways places are offsets from the street's middle line, which bends; left is negative.
struct SceneStreet {
  let camera: SceneCamera
  let light: SceneLight
  /// Offsets of the kerbs.
  let leftKerb: Float
  let rightKerb: Float
  /// Widths of the pavements; what is built begins beyond them.
  let leftPavement: Float
  let rightPavement: Float
  /// The middle line is at x = bend · z².
  let bend: Float
  /// Where the street ends at what stands across it.
  let end: Float
  /// The street that runs across before that end: its far and near kerb.
  let crossing: ClosedRange<Float>
  /// Side streets: on which side (−1 or 1) and from where to where.
  let sideStreets: [(side: Float, z: ClosedRange<Float>)]

  /// A random street seen on a canvas of `width` by `height` samples.
  init(width: Int, height: Int, _ generator: inout SeededGenerator) {
    let unit = min(Float(width), Float(height) * 4 / 3)
    camera = SceneCamera(
      focalLength: unit * generator.uniform(in: 0.8...1.1),
      centre: Float(width) * generator.uniform(in: 0.34...0.66),
      horizon: Float(height) * generator.uniform(in: 0.41...0.56),
      height: generator.uniform(in: 1.2...1.9))
    light = SceneLight(&generator)
    let mirrored: Float = generator.chance(0.35) ? -1 : 1
    let shift = generator.chance(0.12) ? generator.uniform(in: 2...4) * mirrored : 0
    let own = generator.uniform(in: 2.2...4)
    let other = generator.uniform(in: 4...7.5)
    leftKerb = (mirrored > 0 ? -own : -other) + shift
    rightKerb = (mirrored > 0 ? other : own) + shift
    leftPavement = generator.uniform(in: 1.5...4.2)
    rightPavement = generator.uniform(in: 1.5...4.2)
    bend = generator.chance(0.5) ? generator.uniform(in: -0.0016...0.0016) : 0
    end =
      generator.chance(0.22)
      ? generator.uniform(in: 17...32) : generator.uniform(in: 55...150)
    let nearKerb = end - generator.uniform(in: 2...4)
    crossing = (nearKerb - generator.uniform(in: 6...9))...nearKerb
    var streets: [(Float, ClosedRange<Float>)] = []
    for side: Float in [-1, 1] where generator.chance(0.4) {
      let start = generator.uniform(in: 9...38)
      let stop = start + generator.uniform(in: 6...10)
      if stop < crossing.lowerBound - 12 { streets.append((side, start...stop)) }
    }
    sideStreets = streets
  }

  /// x of the middle line at `z`.
  @inline(__always)
  func middle(_ z: Float) -> Float { bend * z * z }

  /// Offset of the kerb on `side`.
  func kerb(_ side: Float) -> Float { side < 0 ? leftKerb : rightKerb }

  /// Offset of the line along which buildings and fences stand on `side`.
  func frontage(_ side: Float) -> Float {
    side < 0 ? leftKerb - leftPavement : rightKerb + rightPavement
  }

  /// The place on the ground at `offset` from the middle line.
  func ground(_ offset: Float, _ z: Float) -> WorldPoint { WorldPoint(middle(z) + offset, 0, z) }

  /// Whether the ground at `offset`, `z` is road.
  @inline(__always)
  func isRoad(_ offset: Float, _ z: Float) -> Bool {
    if z > crossing.upperBound { return false }
    if z > crossing.lowerBound { return true }
    if offset > leftKerb && offset < rightKerb { return true }
    for street in sideStreets
    where (offset > 0) == (street.side > 0) && z > street.z.lowerBound && z < street.z.upperBound {
      return true
    }
    return false
  }

  /// Darkens the ground under and beside something that stands at `foot` and is `width` metres wide
  /// and `height` metres high.
  func castShadow(on canvas: SceneCanvas, at foot: WorldPoint, width: Float, height: Float) {
    guard foot.z > SceneCamera.nearest else { return }
    let scale = camera.focalLength / foot.z
    let here = camera.project(foot)
    let squat = camera.height / foot.z
    canvas.castShadow(
      at: here, width * 0.62 * scale, max(1.2, width * 0.62 * scale * squat * 0.8), depth: 0.5)
    guard light.sunshine > 0.4 else { return }
    let reach = min(2.5, 0.6 / light.towardsSun.y) * height * 0.5
    let tip = WorldPoint(
      foot.x - light.towardsSun.x * reach * 2, 0,
      max(SceneCamera.nearest, foot.z - light.towardsSun.z * reach * 2))
    let shadowEnd = camera.project(tip)
    let middle = CanvasPoint((here.x + shadowEnd.x) / 2, (here.y + shadowEnd.y) / 2)
    canvas.castShadow(
      at: middle, abs(shadowEnd.x - here.x) / 2 + width * 0.4 * scale,
      abs(shadowEnd.y - here.y) / 2 + width * 0.4 * scale * squat,
      depth: 0.45 * light.sunshine)
  }
}
