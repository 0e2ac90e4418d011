/// Output pixels and channels of a block.
struct DeviceTile {
  let rows, columns: Int

  /// The largest of which there are enough for all multiprocessors, for it reads least.
  static func best(
    pixels: Int, channels: Int, groups: Int, multiprocessors: Int, matrixUnits: Bool
  ) -> DeviceTile {
    let tiles =
      matrixUnits
      ? [
        DeviceTile(rows: 128, columns: 128), DeviceTile(rows: 128, columns: 64),
        DeviceTile(rows: 64, columns: 64),
      ]
      : [DeviceTile(rows: 128, columns: 64), DeviceTile(rows: 64, columns: 64)]
    let usable = tiles.filter { $0.columns == 64 || channels > 64 }
    return usable.first {
      $0.blocks(pixels, channels) * groups >= multiprocessors
    } ?? DeviceTile(rows: 64, columns: 64)
  }

  /// The blocks of a launch.
  func grid(pixels: Int, channels: Int, groups: Int) -> (Int, Int, Int) {
    ((pixels + rows - 1) / rows, (channels + columns - 1) / columns, groups)
  }

  private func blocks(_ pixels: Int, _ channels: Int) -> Int {
    (pixels + rows - 1) / rows * ((channels + columns - 1) / columns)
  }

  /// As convolution.cu has it: slices of the factors while it sums, the sums thereafter.
  var sharedByteCount: Int { max(3 * (rows + columns) * 80, rows * (columns + 4) * 4) }
}
