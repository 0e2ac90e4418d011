/// The shape of a kind of car: an outline of its side that is drawn out across its width.
struct SceneCarBody {
  /// A corner of the outline: how far along the car (0 rear, 1 front), and metres above the ground.
  typealias Corner = (along: Float, y: Float)

  /// Metres from end to end.
  let length: Float
  /// Half the metres from side to side.
  let halfWidth: Float
  /// From the lower edge of the rear over the roof to that of the front.
  let outline: [Corner]
  /// Which edges of the outline, by their first corner, are glass.
  let glass: Set<Int>
  /// Corners where the cabin begins and ends.
  let cabin: ClosedRange<Int>

  static let hatchback = SceneCarBody(
    length: 4, halfWidth: 0.86,
    outline: [
      (0, 0.26), (0, 0.6), (0.02, 0.95), (0.12, 1.36), (0.2, 1.46), (0.52, 1.46), (0.71, 0.98),
      (0.96, 0.8), (1, 0.6), (1, 0.26),
    ], glass: [2, 5], cabin: 2...6)
  static let saloon = SceneCarBody(
    length: 4.5, halfWidth: 0.88,
    outline: [
      (0, 0.26), (0, 0.6), (0.01, 0.93), (0.15, 0.98), (0.28, 1.37), (0.34, 1.43), (0.55, 1.43),
      (0.72, 0.97), (0.97, 0.77), (1, 0.58), (1, 0.26),
    ], glass: [3, 6], cabin: 3...7)
  static let offRoader = SceneCarBody(
    length: 4.4, halfWidth: 0.93,
    outline: [
      (0, 0.38), (0, 0.7), (0.01, 1.08), (0.05, 1.72), (0.1, 1.82), (0.56, 1.8), (0.69, 1.12),
      (0.97, 1.02), (1, 0.75), (1, 0.38),
    ], glass: [2, 5], cabin: 2...6)
  static let van = SceneCarBody(
    length: 5.2, halfWidth: 0.98,
    outline: [
      (0, 0.32), (0, 0.7), (0, 1.15), (0.01, 1.9), (0.04, 2.15), (0.72, 2.15), (0.86, 1.2),
      (0.98, 1), (1, 0.65), (1, 0.32),
    ], glass: [2, 5], cabin: 2...6)
  static let bus = SceneCarBody(
    length: 9.5, halfWidth: 1.22,
    outline: [
      (0, 0.35), (0, 0.8), (0, 1.45), (0.005, 2.75), (0.02, 2.95), (0.985, 2.95), (0.998, 1.2),
      (1, 1.1), (1, 0.8), (1, 0.35),
    ], glass: [2, 5], cabin: 2...6)

  /// Half the width at a corner: cabins lean inwards.
  func halfWidth(at corner: Corner) -> Float {
    let belt = outline[cabin.lowerBound].y
    let roof = outline[cabin.lowerBound + 2].y
    let lean = 0.2 * unitClamped((corner.y - belt) / (roof - belt))
    return halfWidth * (1 - lean * (halfWidth > 0.95 ? 0.4 : 1))
  }

  /// The side windows: the cabin's outline drawn in, cut by pillars.
  func windows() -> [[Corner]] {
    let rear = outline[cabin.lowerBound]
    let front = outline[cabin.upperBound]
    let belt = max(rear.y, front.y) + 0.05
    let roof = outline[cabin.lowerBound + 2].y - 0.1
    // The slanting ends, followed up to the height of the windows' upper edge.
    let rearTop = outline[cabin.lowerBound + 1].along + 0.05
    let frontTop = outline[cabin.upperBound - 1].along - 0.02
    let start = rear.along + 0.07
    let stop = front.along - 0.06
    let panes = length > 7 ? 6 : (length > 5 ? 3 : 2)
    return (0..<panes).map { pane in
      func low(_ t: Float) -> Float { start + (stop - start) * t }
      func high(_ t: Float) -> Float {
        max(low(0), rearTop) + (frontTop - max(low(0), rearTop)) * t
      }
      let a = Float(pane) / Float(panes) + 0.02
      let b = Float(pane + 1) / Float(panes) - 0.02
      return [(low(a), belt), (high(a), roof), (high(b), roof), (low(b), belt)]
    }
  }
}
