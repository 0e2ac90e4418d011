extension Preprocessing {
  /// Writes `picture` to the tensor's picture `n`, scaled as the size rule says, normalised, and
  /// zero-padded at the right and the bottom. The tensor must be at least `networkSize` large and
  /// have `channels` channels.
  func fill(_ tensor: Tensor, _ n: Int, from picture: PixelView) throws {
    let size = networkSize(width: picture.width, height: picture.height)
    guard size != (picture.width, picture.height) else { return write(picture, to: tensor, n) }
    let scaled = try picture.image().resized(width: size.width, height: size.height)
    try scaled.withPixelView { write($0, to: tensor, n) }
  }

  /// Writes a `picture` that has the network's size already.
  func write(_ picture: PixelView, to tensor: Tensor, _ n: Int) {
    let shape = tensor.shape
    assert(shape.c == channels && shape.h >= picture.height && shape.w >= picture.width)
    let (red, green, blue) = picture.format.channelOffsets
    let step = picture.format.bytesPerPixel
    for c in 0..<channels {
      let (mean, scale) = (mean[c], scale[c])
      let plane = tensor.plane(n, c)
      let offset = channelOrder == .rgb ? [red, green, blue][c] : [blue, green, red][c]
      for y in 0..<picture.height {
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
      (plane + picture.height * shape.w).update(
        repeating: 0, count: (shape.h - picture.height) * shape.w)
    }
  }
}
