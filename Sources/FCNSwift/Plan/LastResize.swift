/// A network's last layer, where that enlarges its scores: what rows and columns are made of.
struct LastResize {
  let rows, columns: BilinearAxis
}

extension Network {
  /// The same without its last layer, and that, where it enlarges what another layer makes, for an input
  /// of `shape`; else itself.
  func leavingLastResize(for shape: Shape) throws -> (Network, LastResize?) {
    guard let last = layers.last, let resize = last.operation as? Resize,
      resize.interpolation != .cubic, let source = inputIndices.last?.first, source >= 0
    else { return (self, nil) }
    let shapes = try shapes(for: shape)
    let (small, large) = (shapes[source], shapes[shapes.count - 1])
    guard large.planeCount > small.planeCount else { return (self, nil) }
    // What comes last makes the scores; others that read it are no part of the scores then.
    let kept = layers.filter { $0.name != last.name && $0.name != layers[source].name }
    let axes = resize.bilinearAxes(small, large)
    return (
      try replacingLayers(kept + [layers[source]]),
      LastResize(rows: axes.rows, columns: axes.columns)
    )
  }
}
