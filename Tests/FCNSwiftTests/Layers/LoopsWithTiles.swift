@testable import FCNSwift
import FCNLoopTypes

extension Loops {
  /// All that this machine has, made to take forms for tiles: where there are none, the same code has other
  /// instructions for its innermost step.
  static var availableWithTiles: [LoopTable] {
    available.map { table in
      var table = table
      table.multipliesTiles = true
      return table
    }
  }
}
