import Glibc
import Testing

@testable import FCNSwift

/// Layers of large pictures are divided into tasks between which whoever watches is asked.
@Suite struct DividedLayerTests {
  private func random(_ shape: Shape, around centre: Float = 0) throws -> Tensor {
    var generator = SeededGenerator(seed: 5)
    return try Tensor(shape, (0..<shape.count).map { _ in generator.uniform() - 0.5 + centre })
  }

  /// What `form` makes, of `-7` to begin with and the first input's shape unless told otherwise; stopped as
  /// soon as whoever watches is asked, where `stops`.
  private func run(
    _ form: any PreparedForm, _ inputs: [Tensor], _ parameters: [Tensor] = [],
    makes shape: Shape? = nil, threads: Int = 1, stops: Bool = false
  ) throws -> [Float] {
    let pool = try WorkerPool(threads: threads)
    let shape = shape ?? inputs[0].shape
    let output = try Tensor(shape, [Float](repeating: -7, count: shape.count))
    let workers = try Workers(pool: pool, forms: [form])
    let call = ForwardCall(
      inputs: inputs, output: output, parameters: parameters, workers: workers)
    if stops {
      let error = #expect(throws: FCNError.self) {
        try pool.watched(by: { false }) {
          usleep(30_000)
          form.forward(call)
        }
      }
      #expect(error?.kind == .aborted)
    } else {
      form.forward(call)
    }
    return output.elements
  }

  private static let normalised: [(Shape, groups: Int)] = [
    // Groups of more than one piece, of planes of one; planes of more than one; and whole groups.
    (Shape(2, 4, 512, 1500), 2), (Shape(1, 2, 1030, 1025), 2), (Shape(2, 4, 12, 15), 2),
  ]

  @Test(arguments: normalised, [1, 3])
  func groupsAreNormalised(_ layer: (shape: Shape, groups: Int), _ threads: Int) throws {
    let (shape, groups) = layer
    let input = try random(shape, around: 3)
    let weight = try Tensor(Shape(1, shape.c, 1, 1), (0..<shape.c).map { Float($0) + 1 })
    let bias = try Tensor(Shape(1, shape.c, 1, 1), (0..<shape.c).map { -Float($0) })
    let form = GroupNormalizationReference(GroupNormalization(groups: groups), shape)
    let made = try run(form, [input], [weight, bias], threads: threads)
    let values = input.elements
    let (channels, plane) = (shape.c / groups, shape.planeCount)
    var worst = 0.0
    for group in 0..<shape.n * groups {
      let own = group * channels * plane..<(group + 1) * channels * plane
      let mean = own.reduce(0.0) { $0 + Double(values[$1]) } / Double(own.count)
      let variance =
        own.reduce(0.0) { $0 + (Double(values[$1]) - mean) * (Double(values[$1]) - mean) }
        / Double(own.count)
      for i in own {
        let c = Double(i / plane % shape.c)
        let wanted = (Double(values[i]) - mean) / (variance + 1e-5).squareRoot() * (c + 1) - c
        worst = max(worst, abs(Double(made[i]) - wanted))
      }
    }
    #expect(worst < 2e-5)
  }

  @Test func whoeverWatchesIsAskedWithinAGroup() throws {
    let shape = Shape(1, 2, 1030, 1025)
    let ones = try Tensor(Shape(1, 2, 1, 1), [1, 1])
    let form = GroupNormalizationReference(GroupNormalization(groups: 1), shape)
    let made = try run(form, [try random(shape)], [ones, ones], stops: true)
    #expect(made.allSatisfy { $0 == -7 })
  }

  @Test(arguments: [1, 3]) func productsOfLargePlanes(_ threads: Int) throws {
    let shape = Shape(1, 2, 701, 640)
    let input = try random(shape)
    for second in [Shape(1, 2, 1, 1), Shape(1, 1, 701, 640), Shape(1, 2, 701, 1)] {
      let factors = try random(second, around: 2)
      let made = try run(
        PairReference(Multiplying.self, [shape, second]), [input, factors], threads: threads)
      let broadcast = Broadcast(shape, second)
      let (values, others) = (input.elements, factors.elements)
      let wanted = (0..<shape.count).map { i in
        let (x, y, c) = (i % 640, i / 640 % 701, i / (640 * 701))
        return values[i] * others[broadcast.row(0, c, y) + x * broadcast.columnStep]
      }
      #expect(made == wanted, "\(second)")
    }
  }

  @Test(arguments: [1, 3]) func largePlanesAreCopied(_ threads: Int) throws {
    let (deep, wide) = (Shape(1, 4, 601, 512), Shape(1, 1, 1202, 1024))
    let input = try random(deep)
    let values = input.elements
    let spread = try run(
      PixelShuffle(2, .channelsFirst, deep: deep, wide: wide, spreads: true), [input], makes: wide,
      threads: threads)
    let wanted = (0..<wide.count).map { i in
      let (x, y) = (i % 1024, i / 1024)
      return values[((y % 2 * 2 + x % 2) * 601 + y / 2) * 512 + x / 2]
    }
    #expect(spread == wanted)

    let turned = try run(
      RowsAsColumnsReference(deep), [input], makes: Shape(1, 4, 512, 601), threads: threads)
    #expect(
      turned
        == (0..<deep.count).map { i in
          values[i / deep.planeCount * deep.planeCount + i % 601 * 512 + i / 601 % 512]
        })
  }

  /// Groups whose planes, or products, are too many for a task, with borders at which fewer taps count.
  @Test(arguments: [(Shape(1, 4, 1500, 1480), 1, 1), (Shape(2, 4, 1500, 1480), 2, 2)], [1, 3])
  func groupsAreConvolved(_ layer: (Shape, Int, Int), _ threads: Int) throws {
    let (whole, step, padding) = layer
    let operation = Convolution(
      4, kernel: 3, stride: Extent(step, step), padding: Extent(padding, padding), groups: 2)
    func form(_ input: Shape) throws -> (DepthwiseTrainingConvolution, Shape) {
      let output = try operation.outputShape(of: [input])
      let request = FormRequest(inputs: [input], output: output, loops: try Loops.chosen())
      return (try #require(DepthwiseTrainingConvolution(operation, request)), output)
    }
    let (weight, bias) = (try random(Shape(4, 2, 3, 3)), try random(Shape(1, 4, 1, 1)))
    let input = try random(whole)
    let (large, made) = try form(whole)
    let found = try run(large, [input], [weight, bias], makes: made, threads: threads)
    // A pixel in the definition's words, in float64.
    let (x, w, b) = (input.elements, weight.elements, bias.elements)
    var worst = 0.0
    for i in stride(from: 0, to: made.count, by: 97) {
      let (column, row) = (i % made.w, i / made.w % made.h)
      let (o, n) = (i / made.planeCount % 4, i / made.pictureCount)
      var wanted = Double(b[o])
      for c in 0..<2 {
        for j in 0..<3 {
          for k in 0..<3 {
            let (y, z) = (row * step + j - padding, column * step + k - padding)
            guard (0..<whole.h).contains(y), (0..<whole.w).contains(z) else { continue }
            let place = ((n * 4 + o / 2 * 2 + c) * whole.h + y) * whole.w + z
            wanted += Double(w[(o * 2 + c) * 9 + j * 3 + k]) * Double(x[place])
          }
        }
      }
      worst = max(worst, abs(Double(found[i]) - wanted))
    }
    #expect(worst < 1e-5)
  }

  @Test(arguments: [1, 3]) func largeValuesAreJoined(_ threads: Int) throws {
    let shapes = [Shape(2, 2, 700, 800), Shape(2, 1, 700, 800), Shape(2, 4, 700, 800)]
    let inputs = try shapes.map { try random($0) }
    let made = try run(
      ConcatenationReference(shapes.map(\.pictureCount), pieces: 2), inputs,
      makes: Shape(2, 7, 700, 800), threads: threads)
    let parts = zip(shapes, inputs).map { ($0.pictureCount, $1.elements) }
    let wanted = (0..<2).flatMap { n in
      parts.flatMap { count, values in values[n * count..<(n + 1) * count] }
    }
    #expect(made == wanted)
  }

  private static let axes: [PictureAxes] = [
    .rows, .columns, [.rows, .columns], [.channels, .rows], [.channels, .rows, .columns],
  ]

  /// Planes of more than one piece, whose largest values lie in the last one.
  @Test(arguments: axes) func axesOfLargePlanesAreReduced(_ axes: PictureAxes) throws {
    let shape = Shape(2, 2, 1100, 1030)
    var values = try random(shape, around: 0.25).elements
    for x in 0..<shape.w { values[(shape.h - 1) * shape.w + x] += 3 }
    let input = try Tensor(shape, values)
    let small = axes.reduced(shape)
    var (sums, largest) = (
      [Double](repeating: 0, count: small.count), [Float](repeating: -9, count: small.count)
    )
    for (i, value) in values.enumerated() {
      let (x, y) = (i % shape.w % small.w, i / shape.w % shape.h % small.h)
      let (c, n) = (i / shape.planeCount % shape.c % small.c, i / shape.pictureCount)
      let place = ((n * small.c + c) * small.h + y) * small.w + x
      sums[place] += Double(value)
      largest[place] = max(largest[place], value)
    }
    let count = Double(shape.count / small.count)
    let means = try [1, 3].map { threads in
      let form = ReductionReference(input: shape, output: small, takesLargest: false)
      return try run(form, [input], makes: small, threads: threads)
    }
    #expect(means[0] == means[1])
    #expect(zip(means[0], sums).allSatisfy { abs(Double($0) - $1 / count) < 3e-7 })
    for threads in [1, 3] {
      let form = ReductionReference(input: shape, output: small, takesLargest: true)
      #expect(try run(form, [input], makes: small, threads: threads) == largest)
    }
    // A NaN is largest wherever it lies.
    values[shape.planeCount / 2] = .nan
    let form = ReductionReference(input: shape, output: small, takesLargest: true)
    let made = try run(form, [Tensor(shape, values)], makes: small)
    #expect(made.count(where: \.isNaN) == 1)
  }

  /// Of large planes in both layouts, and of small ones, which are one piece.
  @Test(arguments: [Shape(2, 3, 1030, 1025), Shape(2, 17, 3, 5)])
  func wholePlanesHaveMeans(_ shape: Shape) throws {
    let input = try random(shape, around: 0.25)
    let (values, small) = (input.elements, Shape(shape.n, shape.c, 1, 1))
    let wanted = (0..<small.count).map { plane in
      values[plane * shape.planeCount..<(plane + 1) * shape.planeCount]
        .reduce(0.0) { $0 + Double($1) } / Double(shape.planeCount)
    }
    func isClose(_ made: [Float]) -> Bool {
      zip(made, wanted).allSatisfy { abs(Double($0) - $1) < 1e-7 }
    }
    let planar = try [1, 3].map {
      try run(GlobalAveragePoolReference(shape), [input], makes: small, threads: $0)
    }
    #expect(planar[0] == planar[1] && isClose(planar[0]))
    let request = FormRequest(inputs: [shape], output: small, loops: try Loops.chosen())
    let blocked = try [1, 3].map { threads in
      let form = try #require(BlockedGlobalAveragePool(request))
      let output = try Tensor(small).laidOut(.blocked)
      form.forward(
        ForwardCall(
          inputs: [try input.laidOut(.blocked)], output: output, parameters: [],
          workers: try Workers(pool: WorkerPool(threads: threads), forms: [form])))
      return (0..<small.count).map {
        output.pointer[($0 % shape.c / 16 * shape.n + $0 / shape.c) * 16 + $0 % shape.c % 16]
      }
    }
    #expect(blocked[0] == blocked[1] && isClose(blocked[0]))
  }

  @Test func whoeverWatchesIsAskedWithinAMean() throws {
    let (shape, small) = (Shape(1, 1, 1030, 1025), Shape(1, 1, 1, 1))
    for takesLargest in [false, true] {
      let form = ReductionReference(input: shape, output: small, takesLargest: takesLargest)
      #expect(try run(form, [random(shape)], makes: small, stops: true) == [-7])
    }
  }

  @Test func whoeverWatchesIsAskedWithinAPlane() throws {
    let shape = Shape(1, 1, 701, 640)
    let made = try run(
      PairReference(Multiplying.self, [shape, shape]), [random(shape), random(shape)], stops: true)
    #expect(made.first != -7 && made.last == -7)
  }

  /// The extremes are the last pixels of planes that are measured in parts, blocked and planar.
  @Test(arguments: [Layout.planar, .blocked], [1, 3])
  func rangesOfLargePlanes(_ layout: Layout, _ threads: Int) throws {
    let shape = Shape(2, 3, 131, 129)
    #expect(shape.planeCount > RangeMeasurement.pixelsTogether)
    var values = try random(shape).elements
    for (c, extremes) in [(-1, 3), (-0.75, 2), (-6, 0.625)].enumerated() {
      let last = (shape.c + c + 1) * shape.planeCount - 1
      (values[last - 1], values[last]) = (Float(extremes.0), Float(extremes.1))
    }
    let made = try Tensor(shape, values).laidOut(layout)
    let small = try Tensor(shape, values.map { max(-0.5, min(0.5, $0)) }).laidOut(layout)
    let pool = try WorkerPool(threads: threads)
    let ranges = try RangeMeasurement.measure(1, pool) { _, measurement in
      try measurement.add("extremes", made)
      try measurement.add("none", small)
    }
    // Few values lie far out, so the ranges are narrower by the same part at both ends.
    for (range, extremes) in zip(
      try #require(ranges.layers["extremes"]), [(-1, 3), (-0.75, 2), (-6, 0.625)])
    {
      let part = range.upperBound / Float(extremes.1)
      #expect(part > 0.25 && part <= 1)
      #expect(abs(range.lowerBound - Float(extremes.0) * part) < 1e-5)
    }
    // Evenly distributed values want all of their range.
    for range in try #require(ranges.layers["none"]) {
      #expect(range.lowerBound < -0.49 && range.upperBound > 0.49)
    }
  }
}
