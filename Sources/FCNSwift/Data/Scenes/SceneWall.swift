/// An upright flat surface over a line on the ground, with the place on it that each sample shows.
struct SceneWall {
  private let camera: SceneCamera
  private let start: WorldPoint
  private let across: (x: Float, z: Float)
  private let length: Float
  private let bottom: Float
  private let top: Float
  private let columns: (first: Float, end: Float)

  /// The wall over the ground from `a` to `b`, from `bottom` to `top` metres high.
  init(
    _ camera: SceneCamera, from a: WorldPoint, to b: WorldPoint, bottom: Float, top: Float
  ) {
    self.camera = camera
    start = a
    across = (b.x - a.x, b.z - a.z)
    length = (across.x * across.x + across.z * across.z).squareRoot()
    self.bottom = bottom
    self.top = top
    let visible = camera.project([a, b])
    columns = (
      visible.map(\.x).min() ?? 0, visible.map(\.x).max() ?? 0
    )
  }

  /// Calls `body` for each sample of the wall: index, metres along it and above ground, distance.
  @inline(__always)
  func forEachSample(on canvas: SceneCanvas, _ body: (Int, Float, Float, Float) -> Void) {
    let first = canvas.firstSample(from: columns.first, limit: canvas.width)
    let end = canvas.firstSample(from: columns.end, limit: canvas.width)
    guard first < end else { return }
    for column in first..<end {
      let slope = (Float(column) + 0.5 - camera.centre) / camera.focalLength
      let turn = across.x - slope * across.z
      guard abs(turn) > 1e-6 else { continue }
      let t = (slope * start.z - start.x) / turn
      let z = start.z + t * across.z
      guard z > SceneCamera.nearest * 0.9 else { continue }
      let metres = z / camera.focalLength
      let upper = canvas.firstSample(
        from: camera.horizon - (top - camera.height) / metres, limit: canvas.height)
      let lower = canvas.firstSample(
        from: camera.horizon - (bottom - camera.height) / metres, limit: canvas.height)
      guard upper < lower else { continue }
      for row in upper..<lower {
        let y = camera.height - (Float(row) + 0.5 - camera.horizon) * metres
        body(row * canvas.width + column, t * length, y, z)
      }
    }
  }
}
