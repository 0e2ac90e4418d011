import FCNTestSupport
import Testing

@testable import FCNSwift

/// What operations say of what they see, against what a NaN in a line of their input comes to.
struct ReachTests {
  private static let input = Shape(1, 4, 18, 23)

  private static let operations: [any LocalOperation] = [
    ReLU(), Softmax(), ChannelShuffle(groups: 2),
    Convolution(2, kernel: Extent(3, 5), stride: Extent(2, 1), padding: Extent(1, 3)),
    Convolution(2, kernel: 3, padding: 2, dilation: Extent(2, 3)),
    MaxPool(kernel: 3, stride: 2, padding: 1, ceilMode: true),
    MaxPool(kernel: Extent(2, 3), stride: Extent(1, 2), padding: 1, dilation: Extent(3, 2)),
    AveragePool(kernel: 2, stride: 3, padding: 1, ceilMode: true),
    TransposedConvolution(2, kernel: Extent(4, 3), stride: 2, padding: Extent(1, 0)),
    TransposedConvolution(2, kernel: 2, stride: 3),
    DepthToSpace(block: 2),
    Pad(top: 2, left: 3, bottom: 1, right: -2),
    Pad(top: 2, left: 3, bottom: 4, right: 5, filling: .reflect),
    Pad(top: -1, left: 3, bottom: 4, right: 1, filling: .edge),
    Slicing(rows: .init(from: 3, to: -2), columns: .init(from: -9)),
    Resize(to: .scaled(by: 3)), Resize(to: .exact(Extent(7, 50)), coordinates: .alignCorners),
    Resize(to: .exact(Extent(40, 9)), .cubic),
    Resize(to: .scaled(by: 2), .nearest(.floor), coordinates: .asymmetric),
  ]

  @Test(arguments: operations.indices) func nothingElseIsSeen(_ index: Int) throws {
    let operation = Self.operations[index]
    let parameters = try operation.parameters(inputChannels: 4).enumerated().map {
      try Tensor.random($1.tensorShape, seed: UInt64($0))
    }
    let output = try operation.outputShape(of: [Self.input])
    for axis in PictureAxis.allCases {
      let reach = operation.reach(axis, Self.input, output)
      let (count, made) = (axis.count(Self.input), axis.count(output))
      var isSeen = false
      for line in 0..<count {
        let found = try linesWithNaN(operation, axis, line, parameters)
        for position in 0..<made {
          let seen = reach.seen(by: position..<position + 1, of: count)
          if found.contains(position) {
            #expect(seen.contains(line), "\(operation), \(axis): \(position) sees \(line)")
            isSeen = true
          }
          // Of several that which all of them see.
          #expect(
            reach.seen(by: max(0, position - 2)..<position + 1, of: count).contains(seen)
              || seen.isEmpty)
        }
      }
      #expect(isSeen)
    }
  }

  /// The output's lines in which there is a NaN where the input has one in `line`.
  private func linesWithNaN(
    _ operation: any LocalOperation, _ axis: PictureAxis, _ line: Int, _ parameters: [Tensor]
  ) throws -> Set<Int> {
    let input = try Tensor.random(Self.input, seed: 1)
    let shape = input.shape
    for c in 0..<shape.c {
      for y in 0..<shape.h {
        for x in 0..<shape.w where (axis == .rows ? y : x) == line {
          input.plane(0, c)[y * shape.w + x] = .nan
        }
      }
    }
    let forms = operation.forms
    let run = try #require(
      try LayerRun(
        operation, forms[forms.count - 1], inputs: [input], parameters: parameters))
    let output = try run.forward()
    var found: Set<Int> = []
    for (place, value) in output.elements.enumerated() where value.isNaN {
      let pixel = place % output.shape.planeCount
      found.insert(axis == .rows ? pixel / output.shape.w : pixel % output.shape.w)
    }
    return found
  }
}
