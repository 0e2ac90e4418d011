/// Channels laid out as pixels: each square of block×block pixels of the output comes from block²
/// channels of one pixel of the input.
public struct DepthToSpace: Operation {
  /// Which of the input's channels makes which pixel.
  public enum Order: String, Sendable, Hashable, CaseIterable {
    /// Depth, column, row: channel (i · block + j) · C + c makes pixel (i, j) of channel c, C being the
    /// output's channels.
    case pixelsFirst = "dcr"
    /// Column, row, depth: channel (c · block + i) · block + j does, as PyTorch's pixel shuffle.
    case channelsFirst = "crd"
  }

  public static let name = "depth_to_space"
  /// How many pixels each way one pixel becomes.
  public let block: Int
  /// Which channel makes which pixel.
  public let order: Order

  /// Makes the operation.
  public init(block: Int, order: Order = .pixelsFirst) {
    self.block = block
    self.order = order
  }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    guard (1...Self.most).contains(block), input.c % (block * block) == 0,
      let height = checkedProduct(input.h, block), let width = checkedProduct(input.w, block)
    else {
      throw FCNError(
        .shapeMismatch,
        "\(input.c) channels do not divide into squares of \(block)×\(block) pixels")
    }
    return Shape(input.n, input.c / (block * block), height, width)
  }

  /// The largest block.
  static let most = 256

  public var reference: ReferenceForm {
    ReferenceForm { PixelShuffle(block, order, deep: $0[0], wide: $1, spreads: true) }
  }
}

/// Pixels laid out as channels: each pixel of the output has the block² pixels of a square of the input
/// as channels, first all channels of its first pixel.
public struct SpaceToDepth: Operation {
  public static let name = "space_to_depth"
  /// How many pixels each way become one pixel.
  public let block: Int

  /// Makes the operation.
  public init(block: Int) { self.block = block }

  public func outputShape(of inputs: [Shape]) throws -> Shape {
    let input = inputs[0]
    guard (1...DepthToSpace.most).contains(block), input.h % block == 0, input.w % block == 0,
      let channels = checkedProduct(input.c, block * block)
    else {
      throw FCNError(
        .shapeMismatch,
        "\(input.h)×\(input.w) pixels do not divide into squares of \(block)×\(block)")
    }
    return Shape(input.n, channels, input.h / block, input.w / block)
  }

  public var reference: ReferenceForm {
    ReferenceForm { PixelShuffle(block, .pixelsFirst, deep: $1, wide: $0[0], spreads: false) }
  }
}

/// Copies between a value of many channels and one of many pixels; the way back is the way there.
final class PixelShuffle: PreparedTrainingForm {
  private let block: Int
  private let order: DepthToSpace.Order
  private let deep, wide: Shape
  /// Whether the value of many pixels is the output.
  private let spreads: Bool

  init(_ block: Int, _ order: DepthToSpace.Order, deep: Shape, wide: Shape, spreads: Bool) {
    (self.block, self.order, self.deep, self.wide) = (block, order, deep, wide)
    self.spreads = spreads
  }

  func forward(_ call: ForwardCall) {
    copy(call.input.pointer, to: call.output.pointer, spreads: spreads, call.workers)
  }

  func backward(_ call: BackwardCall) {
    guard let gradient = call.inputGradients[0] else { return }
    copy(call.outputGradient.pointer, to: gradient.pointer, spreads: !spreads, call.workers)
  }

  private func copy(
    _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, spreads: Bool,
    _ workers: Workers
  ) {
    // Rows of a plane together: all of a large one's output would come into memory with its first channel.
    let rows = max(1, (1 << 18) / max(1, deep.w))
    let bands = (deep.h + rows - 1) / rows
    workers.run(deep.n * deep.c * bands) { [block, order, deep, wide] task, _ in
      let plane = task / bands
      let (n, channel) = (plane / deep.c, plane % deep.c)
      let (c, pixel) =
        switch order {
        case .pixelsFirst: (channel % wide.c, channel / wide.c)
        case .channelsFirst: (channel / (block * block), channel % (block * block))
        }
      for y in part(task % bands, of: deep.h, size: rows) {
        let row = (plane * deep.h + y) * deep.w
        let wideRow = (n * wide.c + c) * wide.h + y * block + pixel / block
        let first = wideRow * wide.w + pixel % block
        if spreads {
          for x in 0..<deep.w { target[first + x * block] = source[row + x] }
        } else {
          for x in 0..<deep.w { target[row + x] = source[first + x * block] }
        }
      }
    }
  }
}
