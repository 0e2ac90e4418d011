extension Preprocessing {
  /// Writes `picture` to the tensor's picture `n`, scaled as the size rule says, normalised, and
  /// zero-padded at the right and the bottom. The tensor must be at least `networkSize` large and
  /// have `channels` channels. Throws `aborted` where whoever watches `pool` says so.
  func fill(_ tensor: Tensor, _ n: Int, from picture: PixelView, _ pool: WorkerPool) throws {
    let size = networkSize(width: picture.width, height: picture.height)
    guard size != (picture.width, picture.height) else {
      return write(picture, to: tensor, n, pool)
    }
    let scaled = try picture.image(pause: pool.pause).resized(
      width: size.width, height: size.height, pause: pool.pause)
    try scaled.withPixelView { write($0, to: tensor, n, pool) }
  }

  /// Rows that a thread takes at a time.
  private static let bandHeight = 64

  /// Writes a `picture` that has the network's size already.
  func write(_ picture: PixelView, to tensor: Tensor, _ n: Int, _ pool: WorkerPool) {
    let shape = tensor.shape
    assert(shape.c == channels && shape.h >= picture.height && shape.w >= picture.width)
    let (red, green, blue) = picture.format.channelOffsets
    let step = picture.format.bytesPerPixel
    let bands = (picture.height + Self.bandHeight - 1) / Self.bandHeight
    pool.run(channels * bands) { [self] task, _ in
      let c = task / bands
      let (mean, scale) = (mean[c], scale[c])
      let plane = tensor.plane(n, c)
      let offset = channelOrder == .rgb ? [red, green, blue][c] : [blue, green, red][c]
      for y in part(task % bands, of: picture.height, size: Self.bandHeight) {
        let (source, target) = (picture.row(y), plane + y * shape.w)
        if channelOrder == .grey {
          for x in 0..<picture.width {
            let pixel = source + x * step
            let luma =
              0.299 * Float(pixel[red]) + 0.587 * Float(pixel[green]) + 0.114 * Float(pixel[blue])
            target[x] = (luma - mean) * scale
          }
        } else {
          for x in 0..<picture.width {
            target[x] = (Float(source[x * step + offset]) - mean) * scale
          }
        }
        (target + picture.width).update(repeating: 0, count: shape.w - picture.width)
      }
    }
    for c in 0..<channels {
      (tensor.plane(n, c) + picture.height * shape.w).update(
        repeating: 0, count: (shape.h - picture.height) * shape.w)
    }
  }
}
