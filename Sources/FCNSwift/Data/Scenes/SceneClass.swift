/// What can be seen in a generated scene, in the order of `Palette.streetClassNames`.
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
}
