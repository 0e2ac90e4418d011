import Glibc

/// A shape as CVAT's XML has it: an element's attributes.
struct CVATShape {
  /// Where it is.
  let shape: RegionShape
  /// Its place in the order of depth; a larger one lies over a smaller one.
  let depth: Int

  /// The shape of the element `kind`; nil for one without area. Throws `corrupt` where attributes are
  /// missing or make no shape, `unsupported` for a kind that nobody knows.
  init?(_ kind: String, _ attributes: [XMLReader.Attribute]) throws {
    func point(_ x: String, _ y: String) throws -> PlanePoint {
      try PlanePoint(checking: attributes.number(x), attributes.number(y))
    }
    switch kind {
    case "polygon":
      let points = try CVATShape.points(attributes["points"] ?? "")
      guard points.count > 2 else { return nil }
      shape = .centrePolygon(points)
    case "box":
      let angle = try CVATShape.rotation(attributes)
      shape = .centrePolygon(
        try CVATShape.corners(point("xtl", "ytl"), point("xbr", "ybr"), turnedBy: angle))
    case "ellipse":
      shape = .ellipse(
        try point("cx", "cy"), radii: try point("rx", "ry"),
        rotation: try CVATShape.rotation(attributes))
    case "mask":
      shape = .boxRuns(
        try BoxRuns(
          text: attributes["rle"] ?? "", left: try attributes.integer("left"),
          top: try attributes.integer("top"), width: try attributes.integer("width"),
          height: try attributes.integer("height")))
    case "points", "polyline", "tag", "skeleton": return nil
    default:
      throw FCNError(
        .unsupported, "shapes of this kind are not known; box, polygon, ellipse and mask are")
    }
    depth = try attributes["z_order"] == nil ? 0 : attributes.integer("z_order")
  }

  /// Points as they stand in a text: `x,y;x,y`.
  private static func points(_ text: String) throws -> [PlanePoint] {
    if text.utf8.count > 1 << 16 { try requireMemory(8 * text.utf8.count) }
    return try text.utf8.split(separator: UInt8(ascii: ";")).map { word in
      let numbers = word.split(separator: UInt8(ascii: ",")).map { Double(Substring($0)) }
      guard numbers.count == 2, let x = numbers[0], let y = numbers[1] else {
        throw FCNError(.corrupt, "a point is not two numbers")
      }
      return try PlanePoint(checking: x, y)
    }
  }

  /// The corners of a box, turned clockwise about its middle by `angle` degrees.
  private static func corners(
    _ first: PlanePoint, _ last: PlanePoint, turnedBy angle: Double
  ) throws -> [PlanePoint] {
    let corners = [first, PlanePoint(first.x, last.y), last, PlanePoint(last.x, first.y)]
    guard angle != 0 else { return corners }
    let (sine, cosine) = (sin(angle * .pi / 180), cos(angle * .pi / 180))
    let (middleX, middleY) = ((first.x + last.x) / 2, (first.y + last.y) / 2)
    return try corners.map { corner in
      let (dx, dy) = (corner.x - middleX, corner.y - middleY)
      return try PlanePoint(
        checking: middleX + dx * cosine - dy * sine, middleY + dx * sine + dy * cosine)
    }
  }

  /// Degrees, clockwise.
  private static func rotation(_ attributes: [XMLReader.Attribute]) throws -> Double {
    let angle = try attributes["rotation"] == nil ? 0 : attributes.number("rotation")
    guard abs(angle) <= 36_000 else { throw FCNError(.corrupt, "a rotation of \(angle) degrees") }
    return angle
  }
}

extension [XMLReader.Attribute] {
  /// The attribute `name`, a finite number.
  fileprivate func number(_ name: String) throws -> Double {
    guard let text = self[name], let value = Double(text), value.isFinite else {
      throw FCNError(.corrupt, "its \(name) is missing, or no number")
    }
    return value
  }

  /// The attribute `name`, a whole number.
  fileprivate func integer(_ name: String) throws -> Int {
    guard let text = self[name], let value = Int(text) else {
      throw FCNError(.corrupt, "its \(name) is missing, or no whole number")
    }
    return value
  }
}
