/// What can be seen in a generated scene, in CamVid's order of eleven classes.
enum SceneClass: UInt8, CaseIterable {
  case sky
  case building
  case pole
  case road
  case pavement
  case tree
  case signSymbol
  case fence
  case car
  case pedestrian
  case bicyclist

  /// The names that datasets use, in the order of the raw values.
  static let names = [
    "sky", "building", "pole", "road", "pavement", "tree", "sign_symbol", "fence", "car",
    "pedestrian", "bicyclist",
  ]
}
