/// Output pixels and channels of a block of the convolution kernel.
struct DeviceTile: Hashable {
  let rows, columns: Int

  /// The largest first.
  static func all(matrixUnits: Bool) -> [DeviceTile] {
    (matrixUnits ? [DeviceTile(rows: 128, columns: 128)] : [])
      + [DeviceTile(rows: 128, columns: 64), DeviceTile(rows: 64, columns: 64)]
  }

  /// The largest for which `device` has shared memory and of which there are enough for all
  /// multiprocessors, for it reads least.
  static func best(
    pixels: Int, channels: Int, groups: Int, _ device: DeviceDescription, matrixUnits: Bool
  ) -> DeviceTile {
    let usable = all(matrixUnits: matrixUnits).filter {
      ($0.columns == 64 || channels > 64) && $0.sharedByteCount <= device.sharedMemoryPerBlock
    }
    return usable.first {
      $0.blocks(pixels, channels) * groups >= device.multiprocessorCount
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
