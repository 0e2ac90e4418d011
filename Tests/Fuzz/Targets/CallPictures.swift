import CFCN
import FCNSwift
import Glibc

/// Pixels as a host may have them. Their colours follow from width, height and seed alone.
struct CallPicture: Hashable {
  var width: Int32 = 0
  var height: Int32 = 0
  var seed: UInt8 = 0
  /// In memory of exactly the size that the header says.
  var pixels: fcn_pixels

  static func == (one: CallPicture, other: CallPicture) -> Bool {
    (one.width, one.height, one.seed) == (other.width, other.height, other.seed)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(width)
    hasher.combine(height)
    hasher.combine(seed)
  }
}

extension CallState {
  private static let bytesPerPixel: [Int32: Int] = [1: 3, 2: 3, 3: 4, 4: 4, 5: 1]

  /// A picture that is one, or, where `mayBeWrong`, sometimes not.
  func picture(mayBeWrong: Bool = true) -> CallPicture {
    var picture = CallPicture(
      width: Int32(1 + input.number(below: 40)), height: Int32(1 + input.number(below: 40)),
      seed: UInt8(input.number(below: 3)), pixels: fcn_pixels())
    let format = Int32(1 + input.number(below: 5))
    let pixelSize = Self.bytesPerPixel[format] ?? 1
    let rowSize = Int(picture.width) * pixelSize
    let stride = input.one(of: [0, rowSize, rowSize + 1, rowSize + 13])
    let step = stride == 0 ? rowSize : stride
    let size = (Int(picture.height) - 1) * step + rowSize
    let data = memory(size)
    for y in 0..<Int(picture.height) {
      for x in 0..<Int(picture.width) {
        let value = UInt8(truncatingIfNeeded: x * 7 + y * 31 + Int(picture.seed) * 101 + x * y)
        let colour = format == 5 ? [value] : colour(value, format)
        for (index, sample) in colour.enumerated() {
          data.storeBytes(
            of: sample, toByteOffset: y * step + x * pixelSize + index, as: UInt8.self)
        }
      }
    }
    // Grey pictures are others than coloured ones.
    if format == 5 { picture.seed += 100 }
    picture.pixels = fcn_pixels(
      data: data, width: picture.width, height: picture.height, row_stride: stride,
      format: format, reserved: 0)
    if mayBeWrong, input.seldom(8) { spoil(&picture.pixels, rowSize) }
    return picture
  }

  private func colour(_ value: UInt8, _ format: Int32) -> [UInt8] {
    let rgb = [value, value &* 3, value ^ 0x5A]
    switch format {
    case 2: return rgb.reversed()
    case 3: return rgb + [value]
    case 4: return rgb.reversed() + [value]
    default: return rgb
    }
  }

  /// Makes it one that no call may read.
  private func spoil(_ pixels: inout fcn_pixels, _ rowSize: Int) {
    switch input.number(below: 7) {
    case 0: pixels.data = nil
    case 1: pixels.width = input.one(of: [0, -1, .min, .max])
    case 2: pixels.height = input.one(of: [0, -1, .min, .max])
    case 3: pixels.format = input.one(of: [0, 6, -1, .max])
    case 4: pixels.reserved = input.one(of: [1, -1])
    case 5: pixels.row_stride = input.one(of: [1, max(1, rowSize - 1)])
    default:
      pixels.height = 3
      pixels.row_stride = input.one(of: [Int.max, Int.min, -1, Int.max / 2 + 1])
    }
  }

  func makeImage() {
    let image: OpaquePointer?
    switch input.number(below: 3) {
    case 0:
      let picture = picture()
      image = made("fcn_image_copy") { out in
        withUnsafePointer(to: picture.pixels) { fcn_image_copy(out, $0) }
      }
    case 1:
      let bytes = CallFixtures.pictures[input.number(below: CallFixtures.pictures.count)]
      let block = block(of: bytes)
      let size = input.seldom(8) ? input.number(below: bytes.count) : bytes.count
      if input.seldom(4) {
        block.storeBytes(of: input.byte(), toByteOffset: input.number(below: size), as: UInt8.self)
      }
      let pointer = input.seldom(32) ? nil : block
      image = made("fcn_image_decode") { fcn_image_decode($0, pointer, size) }
    default:
      let path = text([CallFixtures.picturePath, "/", "", "/nowhere", "/dev/null"])
      image = made("fcn_image_open") { fcn_image_open($0, path) }
    }
    if let image { images.append(image) }
  }

  func useImage() {
    let image = any(images)
    var pixels = fcn_pixels()
    guard check(fcn_image_pixels(&pixels, image), "fcn_image_pixels") else { return }
    if let copy = made("fcn_image_copy", { fcn_image_copy($0, &pixels) }) {
      var other = fcn_pixels()
      check(fcn_image_pixels(&other, copy), "fcn_image_pixels")
      let count = Int(pixels.width) * Int(pixels.height) * 3
      require(memcmp(pixels.data, other.data, count) == 0, "a copy is another picture")
      images.append(copy)
    }
    let path = text(["\(FuzzFiles.folder)/saved.png", "/", "", "/nowhere/x.png"])
    check(fcn_image_save(image, path), "fcn_image_save")
  }

  func draw() {
    var picture = picture()
    let count = Int(picture.width) * Int(picture.height)
    let labels = memory(count).assumingMemoryBound(to: UInt8.self)
    for i in 0..<count { labels[i] = input.seldom(64) ? 255 : UInt8(i % 3) }
    let claimed = input.seldom(16) ? Int(input.wild()) : count
    // More than there are may not be said of a picture that wants so many.
    let model = any(models.map(\.handle))
    let labelPointer = input.seldom(32) ? nil : labels
    switch input.number(below: 4) {
    case 0:
      let opacity = input.seldom(4) ? input.wildFloat() : 0.5
      let image = made("fcn_overlay") {
        fcn_overlay($0, &picture.pixels, labelPointer, claimed, model, opacity)
      }
      if let image { images.append(image) }
    case 1:
      let truth = input.seldom(2) ? nil : UnsafePointer(labels)
      let caption = text(["", "a caption", "zwölf Boxkämpfer\n\t\u{7}"])
      let image = made("fcn_sheet") {
        fcn_sheet($0, &picture.pixels, labelPointer, truth, claimed, model, caption)
      }
      if let image { images.append(image) }
    case 2:
      check(
        fcn_labels_save(
          labelPointer, input.seldom(8) ? -1 : picture.width, input.seldom(8) ? 0 : picture.height,
          model,
          text(["\(FuzzFiles.folder)/labels.png", "/nowhere/x"])), "fcn_labels_save")
    default:
      check(
        fcn_labels_save_grey(
          labelPointer, picture.width, input.seldom(8) ? .max : picture.height,
          text(["\(FuzzFiles.folder)/grey.png", "", "/"])), "fcn_labels_save_grey")
    }
  }
}
