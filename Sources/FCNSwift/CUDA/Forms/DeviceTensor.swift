import CDeviceCalls

/// The numbers that a tensor on a device is made of.
enum DeviceElement: Sendable, Hashable {
  case float32, float16, bfloat16

  var byteCount: Int { self == .float32 ? 4 : 2 }

  /// What kernels call it.
  var typeName: String {
    switch self {
    case .float32: "float"
    case .float16: "half_t"
    case .bfloat16: "bfloat_t"
    }
  }
}

extension Precision {
  /// What values between layers are stored as; nil for precisions that devices do not have.
  var deviceElement: DeviceElement? {
    switch self {
    case .float32, .tf32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .int16, .int8: nil
    }
  }

  /// The same; throws for precisions that devices do not have.
  func requireDeviceElement() throws -> DeviceElement {
    guard let deviceElement else {
      throw FCNError(
        .invalidArgument,
        "the precision \(rawValue) is the processor's; devices have float32, tf32, float16 and "
          + "bfloat16")
    }
    return deviceElement
  }

  /// Whether matrix units multiply values of `element`: 16-bit ones always, float32 as tf32.
  func multiplies(_ element: DeviceElement) -> Bool { element != .float32 || self == .tf32 }
}

extension DeviceElement {
  /// Whether none of the numbers in `bytes` is NaN or infinite: those have all bits of the exponent.
  func areFinite(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .float32:
      bytes.bindMemory(to: UInt32.self).allSatisfy { $0 & 0x7F80_0000 != 0x7F80_0000 }
    case .float16: bytes.bindMemory(to: UInt16.self).allSatisfy { $0 & 0x7C00 != 0x7C00 }
    case .bfloat16: bytes.bindMemory(to: UInt16.self).allSatisfy { $0 & 0x7F80 != 0x7F80 }
    }
  }
}

/// A tensor on a device, N×H×W×C: the channels of a pixel side by side, in whole groups of
/// `FCN_CHANNEL_GROUP`, zeros after the last. May be a window of a larger one.
struct DeviceTensor: Equatable {
  /// In the engine's order, N×C×H×W.
  let shape: Shape
  let element: DeviceElement
  /// Elements from a picture, a row, a pixel to the next.
  private let strides: Strides
  /// Elements before the first.
  private let offset: Int
  /// Where the whole begins.
  var base: CUDADriver.Address = 0

  private struct Strides: Equatable {
    let picture, row, pixel: Int
  }

  /// A whole tensor.
  init(_ shape: Shape, _ element: DeviceElement) {
    self.shape = shape
    self.element = element
    let pixel = DeviceTensor.wholeGroups(shape.c)
    strides = Strides(picture: shape.planeCount * pixel, row: shape.w * pixel, pixel: pixel)
    offset = 0
  }

  /// `offset` elements after the first of `whole`.
  private init(_ shape: Shape, partOf whole: DeviceTensor, _ offset: Int) {
    self.shape = shape
    element = whole.element
    strides = whole.strides
    self.offset = whole.offset + offset
    base = whole.base
  }

  /// `channels` and those that fill the last group.
  static func wholeGroups(_ channels: Int) -> Int {
    roundUp(channels, toMultipleOf: Int(FCN_CHANNEL_GROUP))
  }

  /// Groups of a convolution as devices see them: one where channels do not divide into whole channel
  /// groups; the weights between groups are zero then.
  static func groups(_ groups: Int, inputs: Int, outputs: Int) -> Int {
    [inputs, outputs].allSatisfy { $0 / groups % Int(FCN_CHANNEL_GROUP) == 0 } ? groups : 1
  }

  /// Bytes of a whole tensor.
  static func byteCount(_ shape: Shape, _ element: DeviceElement) -> Int {
    shape.n * shape.planeCount * wholeGroups(shape.c) * element.byteCount
  }

  /// The part of `height`×`width` from row `offset.h` and column `offset.w` on.
  func part(_ offset: Extent, height: Int, width: Int) -> DeviceTensor {
    DeviceTensor(
      Shape(shape.n, shape.c, height, width), partOf: self,
      offset.h * strides.row + offset.w * strides.pixel)
  }

  /// `count` channels from `first` on, with which a group begins.
  func channels(from first: Int, count: Int) -> DeviceTensor {
    DeviceTensor(Shape(shape.n, count, shape.h, shape.w), partOf: self, first)
  }

  /// Throws `outOfMemory` where kernels, which count pixels and the elements of a row in 32 bits, could
  /// not count it.
  func checkCounts() throws {
    let slack = 1 << 16
    guard let pixels = checkedProduct(shape.n, shape.h, shape.w), pixels <= Int(Int32.max) - slack,
      strides.row <= Int32.max, shape.c <= Int32.max
    else {
      throw FCNError(
        .outOfMemory,
        "\(shape) is more than devices count: 2^31 pixels, and as many values of a row. Use smaller "
          + "pictures or batches, or the processor")
    }
  }

  /// Bytes from its first element to its last, those of other windows between them included.
  var spanByteCount: Int {
    let last =
      (shape.n - 1) * strides.picture + (shape.h - 1) * strides.row
      + (shape.w - 1) * strides.pixel
    return (last + DeviceTensor.wholeGroups(shape.c)) * element.byteCount
  }

  /// Whether its pixels follow each other without a gap.
  var isContiguous: Bool { strides == DeviceTensor(shape, element).strides }

  /// Elements from each pixel to the next, the first of the next row and of the next picture too; nil
  /// where these are further apart.
  var evenStride: Int? {
    let isEven =
      (shape.h == 1 || strides.row == shape.w * strides.pixel)
      && (shape.n == 1 || strides.picture == shape.planeCount * strides.pixel)
    return isEven ? strides.pixel : nil
  }

  /// Whether `predicate` holds for every piece of it without gaps, as bytes after its first.
  func piecesSatisfy(_ predicate: (Range<Int>) -> Bool) -> Bool {
    guard !isContiguous else { return predicate(0..<spanByteCount) }
    let (size, count) = (element.byteCount, DeviceTensor.wholeGroups(shape.c))
    return (0..<shape.n * shape.planeCount).allSatisfy { pixel in
      let first =
        pixel / shape.planeCount * strides.picture + pixel / shape.w % shape.h * strides.row
        + pixel % shape.w * strides.pixel
      return predicate(first * size..<(first + count) * size)
    }
  }

  /// As kernels see it.
  var view: fcn_view {
    fcn_view(
      address: base + UInt64(offset * element.byteCount), picture_stride: Int64(strides.picture),
      row_stride: Int32(strides.row), pixel_stride: Int32(strides.pixel),
      pictures: Int32(shape.n), height: Int32(shape.h), width: Int32(shape.w),
      channels: Int32(shape.c))
  }

  /// Threads of a kernel that has one for every pixel and channel group.
  var groupCount: Int {
    shape.n * shape.planeCount * (DeviceTensor.wholeGroups(shape.c) / Int(FCN_CHANNEL_GROUP))
  }
}

extension fcn_extent {
  init(_ extent: Extent) { self.init(h: Int32(extent.h), w: Int32(extent.w)) }
}

extension fcn_view {
  /// Stands for a tensor that is not there.
  static var none: fcn_view { fcn_view() }
}

extension DeviceStream {
  /// Sets all of a whole tensor to zero.
  func clear(_ tensor: DeviceTensor) throws {
    try clear(tensor.base, DeviceTensor.byteCount(tensor.shape, tensor.element))
  }
}
