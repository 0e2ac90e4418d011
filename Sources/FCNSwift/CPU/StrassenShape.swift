import FCNLoopTypes
import Glibc

/// How a convolution of pixels is divided for Strassen's algorithm, `levels` times into halves.
struct StrassenShape: Sendable {
  let levels: Int
  /// Blocks of input channels, and of the output channels of a leaf: of each product in the end.
  let inputs, leafBlocks: Int
  /// Those of the first leaf; the other leaves have the like.
  let panels: [ConvolutionPanel]
  /// Panels whose products are there at the same time.
  let groups: [Range<Int>]
  /// Parts of a picture's pixels, tasks that groups are divided into, pixels of a picture.
  let parts, groupTasks, pixels: Int
  /// Floats between a panel's products and the next one's, and between those of leaves.
  let panelCount, slotCount: Int

  /// Products of halves.
  static let products = 7

  /// As in `ConvolutionBlocking`.
  private static let tasksWanted = 16
  /// Products of a task, some 10 ms of a core.
  private static let productsWanted = 0x1p29
  /// Output blocks of a leaf whose products are there at the same time.
  private static let blocksTogether = 8
  /// Rows of a leaf, at most; more make no difference to how often its weights come by.
  private static let mostRows = 60

  /// nil where channels cannot be halved so often.
  init?(pixels: Int, inputs: Int, outputs: Int, levels: Int, panelBlocks: Int) {
    guard inputs % channelBlock == 0, inputs >= channelBlock << levels,
      outputs % (channelBlock << levels) == 0, pixels >= 2 << levels
    else { return nil }
    (self.levels, self.pixels, self.inputs) = (levels, pixels, inputs / channelBlock)
    leafBlocks = outputs / (channelBlock << levels)
    panels = ConvolutionPanel.dividing(leafBlocks, by: panelBlocks)
    let each = max(1, Self.blocksTogether / panelBlocks)
    let count = panels.count
    groups = stride(from: 0, to: count, by: each).map { $0..<min(count, $0 + each) }
    // What a row of a leaf takes, the sums of the last level and products, is to stay in a near cache.
    let columns = min(each, count) * panelBlocks * channelBlock
    let perRow =
      Self.products * Self.halved(inputs, levels) + Self.productSlots(levels) * columns
    let rows = min(ConvolutionBlocking.secondLevelFloats / perRow, Self.mostRows)
    let together = max(2, rows / microKernelRows) * microKernelRows << levels
    let wanted = min(Self.tasksWanted, pixels / (48 << levels))
    let most = max((pixels - 1) / together + 1, wanted)
    // As many for each of two threads, or four.
    let even = roundUp(most, toMultipleOf: 4)
    parts = pixels >= even * 8 << levels ? even : most
    // Nor should a task keep whoever watches waiting for long.
    let products = Double(pixels / parts + 1) * Double(inputs) * Double(outputs)
    groupTasks = max(
      1, min(groups.count, max(Self.tasksWanted / parts, Int(products / Self.productsWanted))))
    let leafRows = Self.halved((pixels - 1) / parts + 1, levels)
    panelCount = ConvolutionJob.productRows(leafRows) * panelBlocks * channelBlock
    slotCount = min(each, count) * panelCount
  }

  /// Half of `count`, rounded up, `times` times.
  private static func halved(_ count: Int, _ times: Int) -> Int {
    (count + (1 << times) - 1) >> times
  }

  /// Products of leaves that are there at the same time, on `level` levels.
  private static func productSlots(_ level: Int) -> Int {
    level == 0 ? 1 : (products - 1) << (2 * (level - 1)) + productSlots(level - 1)
  }

  // MARK: Sizes

  /// Blocks of channels of what is multiplied on a level, of which 0 is that of the leaves.
  func inputBlocks(_ level: Int) -> Int { Self.halved(inputs, levels - level) }
  /// See `inputBlocks`.
  func outputBlocks(_ level: Int) -> Int { leafBlocks << level }
  /// Rows of a leaf of `rows` rows on a level.
  func leafRows(_ rows: Int, _ level: Int) -> Int { Self.halved(rows, level) }

  /// Floats from one product's results to the next one's on a level.
  func resultStride(_ level: Int) -> Int { slotCount << (2 * (level - 1)) }

  /// Floats of the left-hand sums that a level makes of `rows` rows.
  func leftCount(_ level: Int, rows: Int) -> Int {
    Self.products
      * ConvolutionJob.sumStride(rows: Self.halved(rows, 1), blocks: inputBlocks(level - 1))
  }

  /// Floats of the left-hand sums of all levels.
  var leftCount: Int {
    let most = (pixels - 1) / parts + 1
    return (1...levels).reduce(0) {
      $0 + leftCount($1, rows: Self.halved(most, levels - $1))
    }
  }

  /// Floats of products.
  var productCount: Int { Self.productSlots(levels) * slotCount }

  /// Where a panel's products begin among those of its group.
  func offset(_ panel: Int, in group: Range<Int>) -> Int {
    (panel - group.lowerBound) * panelCount
  }

  /// Pixels and the first output block of a quarter of the results of `pixels`, or a quarter of that.
  func place(of quarter: Int, _ pixels: Range<Int>) -> (rows: Range<Int>, block: Int) {
    var (rows, block) = (pixels, 0)
    for level in stride(from: levels, to: 0, by: -1) {
      let part = quarter >> (2 * (level - 1)) & 3
      // What is missing of an odd number is missing in the lower half.
      let middle = min(rows.upperBound, rows.lowerBound + halfRows(pixels.count, level))
      rows = part < 2 ? rows.lowerBound..<middle : middle..<rows.upperBound
      block += part % 2 * outputBlocks(level - 1)
    }
    return (rows, block)
  }

  private func halfRows(_ rows: Int, _ level: Int) -> Int {
    Self.halved(rows, levels - level + 1)
  }

  // MARK: Cost

  /// As `ConvolutionCost` has it.
  var cost: Double {
    let leaves = pow(Double(Self.products), Double(levels))
    let weights = Double(inputBlocks(0) * leafBlocks * channelBlock * channelBlock)
    let rows = Double(parts * Self.halved((pixels - 1) / parts + 1, levels))
    let outputs = Double(outputBlocks(levels))
    var perPixel = 5 * Double(inputs * groupTasks) + 11 * outputs
    if levels > 1 {
      perPixel += 5.4 * Double(inputs * groups.count) + 4.3 * outputs
    }
    return leaves * weights * (rows / 45 + 4 / 12) + Double(pixels) * perPixel
  }
}

// MARK: - Weights

extension StrassenShape {
  /// Floats of the weights of all panels.
  var weightCount: Int { weights(ofBlocks: leafBlocks) }

  /// Where a panel's weights for a product begin.
  func weights(of panel: ConvolutionPanel, _ product: Int) -> Int {
    weights(ofBlocks: panel.block)
      + product * inputBlocks(0) * panel.width * channelBlock * channelBlock
  }

  private func weights(ofBlocks blocks: Int) -> Int {
    (0..<levels).reduce(inputBlocks(0) * blocks * channelBlock * channelBlock) { count, _ in
      count * Self.products
    }
  }

  /// Writes a panel's weights, and those of the panels in its place in other leaves, brought to size by the
  /// reciprocals of `factors` and `scales`: [product][depth][channel]. `weight` is [output][input].
  func pack(
    _ panel: ConvolutionPanel, _ weight: UnsafePointer<Float>, _ scales: UnsafePointer<Float>,
    _ factors: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>
  ) {
    let columns = panel.width * channelBlock
    let (target, depth) = (
      target + weights(of: panel, 0), inputBlocks(0) * channelBlock
    )
    let leaf = depth * columns
    for quarter in 0..<1 << (2 * levels) {
      // Quarters and quarters of these lie where their sums will: B₁₁, B₂₁, B₁₂ and B₂₂ first of seven.
      var (place, block) = (0, panel.block)
      var inputs = 0..<self.inputs
      for level in stride(from: levels, to: 0, by: -1) {
        let part = quarter >> (2 * (level - 1)) & 3
        place = place * Self.products + part
        block += part / 2 * outputBlocks(level - 1)
        let middle = min(inputs.upperBound, inputs.lowerBound + inputBlocks(level - 1))
        inputs = part % 2 == 0 ? inputs.lowerBound..<middle : middle..<inputs.upperBound
      }
      let rows = inputs.lowerBound * channelBlock..<inputs.upperBound * channelBlock
      let quarterTarget = target + place * leaf
      for column in 0..<columns {
        let output = block * channelBlock + column
        let kernel = weight + output * self.inputs * channelBlock
        for row in rows {
          quarterTarget[(row - rows.lowerBound) * columns + column] =
            factors[row] == 0 ? 0 : kernel[row] / scales[output] / factors[row]
        }
      }
      (quarterTarget + rows.count * columns).update(
        repeating: 0, count: leaf - rows.count * columns)
    }
    sum(levels, target, leaf)
  }

  /// Sums of what lies at `base`, four quarters of the first of seven, on each level.
  private func sum(_ level: Int, _ base: UnsafeMutablePointer<Float>, _ leaf: Int) {
    let below = (1..<level).reduce(leaf) { count, _ in count * Self.products }
    var leaves = [0]
    for _ in 1..<level {
      leaves = leaves.flatMap { one in (0..<4).map { one * Self.products + $0 } }
    }
    for index in leaves {
      let first = base + index * leaf
      for i in 0..<leaf {
        let (b11, b21) = (first[i], first[below + i])
        let (b12, b22) = (first[2 * below + i], first[3 * below + i])
        let difference = b22 - b12
        let sum = difference + b11
        first[2 * below + i] = b12 - b11
        first[4 * below + i] = sum - b21
        first[5 * below + i] = sum
        first[6 * below + i] = difference
      }
    }
    guard level > 1 else { return }
    for index in 0..<Self.products { sum(level - 1, base + index * below, leaf) }
  }
}
