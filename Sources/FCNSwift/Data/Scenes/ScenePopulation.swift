/// Everything that stands in a street, in the order in which it is painted: far things first.
struct ScenePopulation {
  private struct Item {
    let distance: Float
    let paint: (SceneCanvas) -> Void
  }

  private let street: SceneStreet
  private var items: [Item] = []

  init(_ street: SceneStreet, _ generator: inout SeededGenerator) {
    self.street = street
    addEnd(&generator)
    for side: Float in [-1, 1] { addFrontages(side, &generator) }
    for side: Float in [-1, 1] { addPavement(side, &generator) }
    addTraffic(&generator)
    items.sort { $0.distance > $1.distance }
  }

  func paint(on canvas: SceneCanvas) {
    for item in items { item.paint(canvas) }
  }

  private mutating func add(_ distance: Float, _ paint: @escaping (SceneCanvas) -> Void) {
    // A hair's breadth apart in the order they were thought of, so that sorting has no ties.
    items.append(Item(distance: distance - Float(items.count) * 1e-4, paint: paint))
  }

  // MARK: What stands across the end of the street

  private mutating func addEnd(_ generator: inout SeededGenerator) {
    let street = street
    var x = street.middle(street.end) - 70
    let stop = x + 140
    while x < stop {
      let width = generator.uniform(in: 8...20)
      let a = WorldPoint(x, 0, street.end)
      let b = WorldPoint(x + width, 0, street.end)
      if generator.chance(0.65) {
        let building = SceneBuilding(&generator)
        add(street.end + 2) { canvas in
          building.paintWall(street, from: a, to: b, normal: (0, -1), windows: true, on: canvas)
        }
      } else {
        addGarden(from: a, to: b, behind: (0, 1), side: -1, &generator)
      }
      x += width
    }
  }

  // MARK: What lines the street

  private mutating func addFrontages(_ side: Float, _ generator: inout SeededGenerator) {
    let street = street
    let green = generator.uniform(in: 0.08...0.5)
    var z: Float = generator.uniform(in: -6...1)
    let last = street.crossing.lowerBound - 1
    while z < last {
      if let gap = street.sideStreets.first(where: { $0.side == side && $0.z.contains(z + 1) }) {
        z = gap.z.upperBound + 1.5
        continue
      }
      var stop = min(last, z + generator.uniform(in: 7...20))
      for gap in street.sideStreets
      where gap.side == side && gap.z.lowerBound - 1.5 < stop && gap.z.upperBound > z {
        stop = gap.z.lowerBound - 1.5
      }
      guard stop - z > 2 else {
        z = max(stop, z) + 2
        continue
      }
      let offset = street.frontage(side) + side * generator.uniform(in: 0...0.5)
      let near = street.ground(offset, z)
      let far = street.ground(offset, stop)
      if generator.chance(green) {
        addGarden(from: near, to: far, behind: (side, 0), side: side, &generator)
      } else {
        let building = SceneBuilding(&generator)
        let depth = side * generator.uniform(in: 8...12)
        add(stop) { canvas in
          building.paint(street, from: near, to: far, outwards: depth, on: canvas)
        }
      }
      z = stop + (generator.chance(0.2) ? generator.uniform(in: 0.8...3) : 0)
    }
  }

  /// A fence or a hedge from `a` to `b`, with trees and perhaps a house `behind` it (x, z).
  private mutating func addGarden(
    from a: WorldPoint, to b: WorldPoint, behind: (x: Float, z: Float), side: Float,
    _ generator: inout SeededGenerator
  ) {
    let street = street
    let length = ((b.x - a.x) * (b.x - a.x) + (b.z - a.z) * (b.z - a.z)).squareRoot()
    func back(_ point: WorldPoint, _ metres: Float) -> WorldPoint {
      WorldPoint(point.x + behind.x * metres, 0, point.z + behind.z * metres)
    }
    let normal = (x: -behind.x, z: -behind.z)
    if generator.chance(0.45) {
      let building = SceneBuilding(&generator)
      let set = generator.uniform(in: 5...9)
      let (near, far) = (back(a, set), back(b, set))
      add(max(a.z, b.z) + set) { canvas in
        if behind.z > 0 {
          building.paintWall(street, from: near, to: far, normal: normal, windows: true, on: canvas)
        } else {
          building.paint(street, from: near, to: far, outwards: behind.x * 9, on: canvas)
        }
      }
    }
    if generator.chance(0.75) {
      let hedge = SceneHedge(&generator)
      let (near, far) = (back(a, 1.5), back(b, 1.5))
      add(max(near.z, far.z) + 0.3) { canvas in
        hedge.paint(street, from: near, to: far, facing: -side, on: canvas)
      }
    }
    var place: Float = 1
    while place < length {
      let tree = SceneTree(&generator)
      let foot = back(a.towards(b, place / length), generator.uniform(in: 2...5))
      add(foot.z) { tree.paint(street, at: foot, on: $0) }
      place += generator.uniform(in: 3...7)
    }
    guard generator.chance(0.75) else { return }
    let fence = SceneFence(atKerb: false, &generator)
    addFence(fence, from: a, to: b, length: length, normal: normal)
  }

  /// A fence, panel by panel, so that each comes in its turn between nearer and farther things.
  private mutating func addFence(
    _ fence: SceneFence, from a: WorldPoint, to b: WorldPoint, length: Float,
    normal: (x: Float, z: Float)
  ) {
    let street = street
    let panels = max(1, Int(min(length, 200) / 2))
    for panel in 0..<panels {
      let start = a.towards(b, Float(panel) / Float(panels))
      let end = a.towards(b, Float(panel + 1) / Float(panels))
      let along = length * Float(panel) / Float(panels)
      add(max(start.z, end.z)) { canvas in
        fence.paint(street, from: start, to: end, start: along, normal: normal, on: canvas)
      }
    }
  }

  // MARK: What stands and walks on the pavements

  private mutating func addPavement(_ side: Float, _ generator: inout SeededGenerator) {
    let street = street
    let kerb = street.kerb(side)
    let width = abs(street.frontage(side) - kerb)
    let last = street.crossing.lowerBound - 1
    func isFree(_ z: Float) -> Bool {
      !street.sideStreets.contains {
        $0.side == side && z > $0.z.lowerBound - 1 && z < $0.z.upperBound + 1
      }
    }
    var z = generator.uniform(in: 2.5...9)
    while z < last {
      let kind = generator.pick(
        [
          SceneFurniture.Kind.lamp, .lamp, .sign, .sign, .sign, .trafficLight, .trafficLight,
          .bollard,
        ])
      let item = SceneFurniture(kind, &generator)
      let foot = street.ground(kerb + side * generator.uniform(in: 0.35...0.6), z)
      if isFree(z) { add(z) { item.paint(street, at: foot, side: side, on: $0) } }
      if kind == .bollard {
        for next in 1...3 where isFree(z + Float(next) * 1.6) {
          let twin = street.ground(kerb + side * 0.45, z + Float(next) * 1.6)
          add(twin.z) { item.paint(street, at: twin, side: side, on: $0) }
        }
      }
      z += generator.uniform(in: 4...15)
    }
    if generator.chance(0.22) {
      let fence = SceneFence(atKerb: true, &generator)
      let start = generator.uniform(in: 3...14)
      let stop = min(last, start + generator.uniform(in: 6...20))
      var from = start
      while from + 2 < stop {
        let (a, b) = (
          street.ground(kerb + side * 0.3, from), street.ground(kerb + side * 0.3, from + 2)
        )
        if isFree(from) && isFree(from + 2) {
          addFence(fence, from: a, to: b, length: 2, normal: (-side, 0))
        }
        from += 2
      }
    }
    if generator.chance(0.3) {
      z = generator.uniform(in: 6...20)
      while z < last {
        let tree = SceneTree(&generator)
        let foot = street.ground(kerb + side * 0.8, z)
        if isFree(z) { add(z) { tree.paint(street, at: foot, on: $0) } }
        z += generator.uniform(in: 9...18)
      }
    }
    let crowd = generator.integer(in: 1..<7)
    for _ in 0..<crowd {
      let person = ScenePerson(&generator)
      let t = generator.uniform()
      let distance = 4 + t * t * (min(last, 45) - 4)
      let offset = kerb + side * generator.uniform(in: 0.5...max(0.6, width - 0.4))
      let foot = street.ground(offset, distance)
      let ways: [Float] = [0, 0.5, 0, 0.5, 0.25, 0.75]
      let turns = generator.pick(ways) + generator.uniform(in: -0.08...0.08)
      add(distance) { person.paintWalking(street, at: foot, turns: turns, on: $0) }
    }
  }

  // MARK: What moves and parks on the road

  private mutating func addTraffic(_ generator: inout SeededGenerator) {
    let street = street
    let last = street.crossing.lowerBound
    let middle = (street.leftKerb + street.rightKerb) / 2
    let ownLane = middle > 0 ? (street.leftKerb + middle) / 2 : (street.rightKerb + middle) / 2
    let otherLane = 2 * middle - ownLane
    var taken: [(offset: Float, z: Float, reach: Float)] = []
    func claim(_ offset: Float, _ z: Float, _ reach: Float) -> Bool {
      if taken.contains(where: {
        abs($0.offset - offset) < 1.9 && abs($0.z - z) < $0.reach + reach + 0.5
      }) {
        return false
      }
      taken.append((offset, z, reach))
      return true
    }
    func addCar(_ offset: Float, _ z: Float, turns: Float, _ generator: inout SeededGenerator)
      -> Item?
    {
      let car = SceneCar(&generator)
      guard claim(offset, z, car.length / 2) else { return nil }
      let place = street.ground(offset, z)
      return Item(distance: z) { car.paint(street, at: place, turns: turns, on: $0) }
    }
    var found: [Item?] = []
    if generator.chance(0.55) {
      let z = generator.uniform(in: 7...26)
      found.append(addCar(ownLane, z, turns: generator.uniform(in: -0.01...0.01), &generator))
      found.append(addCar(ownLane, z + generator.uniform(in: 8...20), turns: 0, &generator))
    }
    for _ in 0..<generator.integer(in: 0..<4) {
      let z = generator.uniform(in: 6...min(60, max(7, last)))
      found.append(
        addCar(otherLane, z, turns: 0.5 + generator.uniform(in: -0.01...0.01), &generator))
    }
    for side: Float in [-1, 1] where generator.chance(0.45) {
      var z = generator.uniform(in: 5...16)
      let stop = z + generator.uniform(in: 4...30)
      while z < min(stop, last - 3) {
        let offset = street.kerb(side) - side * 1.05
        let facing: Float = generator.chance(0.5) ? 0 : 0.5
        found.append(
          addCar(offset, z, turns: facing + generator.uniform(in: -0.015...0.015), &generator))
        z += generator.uniform(in: 5...8)
      }
    }
    if generator.chance(0.4) {
      let z = (street.crossing.lowerBound + street.crossing.upperBound) / 2
      let turns: Float = generator.chance(0.5) ? 0.25 : 0.75
      found.append(addCar(generator.uniform(in: -8...8), z, turns: turns, &generator))
    }
    for _ in 0..<generator.pick([0, 1, 1, 2, 2, 3]) {
      let person = ScenePerson(&generator)
      let t = generator.uniform()
      let z = 4.5 + t * t * 26
      let side: Float = generator.chance(0.5) ? -1 : 1
      let offset = street.kerb(side) - side * generator.uniform(in: 0.5...1.6)
      let across = generator.chance(0.2)
      let turns: Float = generator.pick(across ? [0.25, 0.75] : [0, 0.5, 0])
      guard z < last + 4, claim(offset, z, 0.9) else { continue }
      let place = street.ground(offset, z)
      let wobble = generator.uniform(in: -0.07...0.07)
      found.append(
        Item(distance: z) { person.paintRiding(street, at: place, turns: turns + wobble, on: $0) })
    }
    if generator.chance(0.25) {
      let person = ScenePerson(&generator)
      let z = generator.uniform(in: 7...22)
      let offset = generator.uniform(in: street.leftKerb + 0.5...street.rightKerb - 0.5)
      if claim(offset, z, 0.5) {
        let place = street.ground(offset, z)
        let turns: Float = generator.chance(0.5) ? 0.25 : 0.75
        found.append(
          Item(distance: z) { person.paintWalking(street, at: place, turns: turns, on: $0) })
      }
    }
    for item in found.compactMap({ $0 }) { add(item.distance, item.paint) }
  }
}
