import FCNTestSupport
import Testing

@testable import FCNSwift

/// Labels that the last upsampling makes instead of scores are those of the scores that it would have made.
struct RankedScoresTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let operation: TransposedConvolution
    let input: Shape
    /// What is left of the output: from where, and how much; nil where all is.
    var offset = Extent(0, 0)
    var size: Extent?
    var ranks = true
  }

  static let cases = [
    Case(
      testDescription: "as FCN-8s", operation: TransposedConvolution(21, kernel: 16, stride: 8),
      input: Shape(2, 21, 7, 9), offset: Extent(9, 11), size: Extent(41, 51)),
    Case(
      testDescription: "all of it, without a bias",
      operation: TransposedConvolution(5, kernel: 8, stride: 4, padding: 2, bias: false),
      input: Shape(1, 4, 6, 23)),
    Case(
      testDescription: "of large steps",
      operation: TransposedConvolution(3, kernel: 64, stride: 32, padding: 16),
      input: Shape(1, 3, 3, 2)),
    Case(
      testDescription: "of different steps down and across",
      operation: TransposedConvolution(
        4, kernel: Extent(3, 9), stride: Extent(2, 8), padding: Extent(1, 0)),
      input: Shape(3, 2, 5, 60), offset: Extent(1, 3), size: Extent(7, 450)),
    Case(
      testDescription: "of one class",
      operation: TransposedConvolution(1, kernel: 4, stride: 4), input: Shape(1, 2, 3, 3)),
    Case(
      testDescription: "of 200 classes",
      operation: TransposedConvolution(200, kernel: 4, stride: 4),
      input: Shape(1, 3, 5, 6)),
    Case(
      testDescription: "by channels",
      operation: TransposedConvolution(6, kernel: 8, stride: 4, padding: 2, groups: 6),
      input: Shape(2, 6, 7, 5), offset: Extent(3, 1), size: Extent(19, 18)),
    Case(
      testDescription: "of phases that are no whole vector",
      operation: TransposedConvolution(3, kernel: 4, stride: 2), input: Shape(1, 3, 5, 6),
      ranks: false),
  ]

  @Test(arguments: cases)
  func labelsAreOfTheLargestScores(_ layer: Case) throws {
    let whole = try layer.operation.outputShape(of: [layer.input])
    let size = layer.size ?? Extent(whole.h, whole.w)
    let kept = Shape(whole.n, whole.c, size.h, size.w)
    let specifications = layer.operation.parameters(inputChannels: layer.input.c)
    // Few values, so that some scores are equal.
    var generator = SeededGenerator(seed: 5)
    func small(_ shape: Shape) throws -> Tensor {
      try Tensor(shape, (0..<shape.count).map { _ in Float(generator.integer(in: 0..<3) - 1) })
    }
    let input = try small(layer.input)
    let parameters = try specifications.map { try small($0.tensorShape) }
    var served = 0
    for form in layer.operation.forms {
      for loops in Loops.available {
        let request = FormRequest(
          inputs: [layer.input], output: whole,
          epilogue: Epilogue(cropped: .init(offset: layer.offset, shape: kept)), loops: loops)
        guard let kernel = form.make(request) as? any RankingForm else { continue }
        served += 1
        #expect(kernel.ranks == layer.ranks)
        guard kernel.ranks else { continue }
        let pool = try WorkerPool(threads: 2)
        let packed = kernel.packing == nil ? nil : try kernel.pack(parameters, pool)
        func call(to output: Tensor) throws -> ForwardCall {
          ForwardCall(
            inputs: [input], output: output, parameters: parameters, packed: packed,
            workers: try Workers(pool: pool, forms: [kernel]))
        }
        let scores = try Tensor(kept)
        kernel.forward(try call(to: scores))
        let gain = kernel.gain(try call(to: scores))
        #expect(scores.elements.allSatisfy { abs($0) <= gain })
        let labels = try GuardedTensor(Shape(1, 1, 1, (kept.n * kept.planeCount + 3) / 4), .planar)
        let bytes = UnsafeMutableRawPointer(labels.tensor.pointer)
          .assumingMemoryBound(to: UInt8.self)
        kernel.rank(try call(to: labels.tensor), to: bytes)
        #expect(labels.isIntact)
        var wrong = 0
        for n in 0..<kept.n {
          for pixel in 0..<kept.planeCount {
            let all = (0..<kept.c).map { scores.plane(n, $0)[pixel] }
            let label = bytes[n * kept.planeCount + pixel]
            if all.firstIndex(of: all.max() ?? 0) != Int(label) { wrong += 1 }
          }
          // Each picture's scores by themselves.
          let own = try Tensor(Shape(1, kept.c, kept.h, kept.w))
          kernel.forward(try call(to: own), pictures: n..<n + 1)
          let first = n * kept.pictureCount
          let isEqual = own.elements.elementsEqual(
            scores.elements[first..<first + kept.pictureCount])
          #expect(isEqual)
        }
        #expect(wrong == 0, "\(form.name), \(loops.name)")
      }
    }
    #expect(served == Loops.available.count)
  }

  private func model(_ architecture: String, classes: Int = 4) throws -> Model {
    try Model.fresh(
      ModelDescription(
        architecture: architecture, options: ArchitectureOptions(classes: classes, width: 0.06),
        classNames: (0..<classes).map { "class \($0)" }, palette: Palette.voc(count: classes),
        preprocessing: .torchvision), seed: 3)
  }

  private func picture(_ width: Int, _ height: Int, seed: UInt64) throws -> Image {
    var generator = SeededGenerator(seed: seed)
    return try Image(
      width: width, height: height,
      pixels: (0..<width * height * 3).map { _ in UInt8(generator.integer(in: 0..<256)) })
  }

  private func results(
    _ session: Session, _ index: Int
  ) throws -> (labels: [UInt8], scores: [Float]) {
    let size = try session.resultSize(index)
    let count = session.model.description.classNames.count * size.width * size.height
    let labels = try session.labelMap(index).labels
    let scores = try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      try session.copyScores(index, to: buffer)
      initialized = count
    }
    return (labels, scores)
  }

  @Test(arguments: ["fcn-simple", "fcn8s", "fcn32s"])
  func scoresOfSessionsAgreeWithTheirLabels(architecture: String) throws {
    let model = try model(architecture)
    let pictures = try (0..<3).map { try picture(90, 71, seed: UInt64($0)) }
    var first: [(labels: [UInt8], scores: [Float])]?
    // All together, and one after the other, whose results are copies.
    for (threads, batch) in [(1, 3), (2, 1), (3, 2)] {
      let session = try Session(
        model: model, options: .init(threads: threads, largestBatch: batch))
      try session.run(pictures)
      let found = try pictures.indices.map { try results(session, $0) }
      for picture in found {
        let count = picture.labels.count
        for pixel in 0..<count {
          let all = (0..<4).map { picture.scores[$0 * count + pixel] }
          guard all.firstIndex(of: all.max() ?? 0) != Int(picture.labels[pixel]) else { continue }
          Issue.record("\(architecture), pixel \(pixel)")
          break
        }
      }
      if let first {
        for (a, b) in zip(first, found) {
          #expect(a.labels == b.labels)
          let isEqual = a.scores == b.scores
          #expect(isEqual)
        }
      }
      first = first ?? found
    }
  }

  @Test(arguments: ["fcn-simple", "fcn8s"])
  func sessionsHoldNoPlanesOfScores(architecture: String) throws {
    let session = try Session(
      model: try model(architecture, classes: 100), options: .init(threads: 1))
    try session.run([picture(96, 96, seed: 1)])
    let planes = 100 * 96 * 96 * MemoryLayout<Float>.stride
    #expect(session.memoryByteCount < planes)
    let label = try session.labelMap(0).labels[5]
    let scores = try results(session, 0).scores
    let ofPixel = (0..<100).map { scores[$0 * 96 * 96 + 5] }
    #expect(ofPixel.firstIndex(of: ofPixel.max() ?? 0) == Int(label))
  }

  @Test func scoresThatOverflowInTheLastUpsamplingAreNoLabels() throws {
    let fine = try Spoilt.model("fcn-simple") { name, values in
      // Scores of about that size: finite, though their number of terms times them is not.
      if name == "upsampled_final.weight" { for i in values.indices { values[i] *= 1e37 } }
      if name == "score_pool3.bias" { for i in values.indices { values[i] = 1 } }
    }
    let session = try Session(model: fine, options: .init(threads: 2))
    try session.run([Spoilt.picture()])
    let scores = try results(session, 0).scores
    #expect(scores.allSatisfy(\.isFinite) && scores.contains { abs($0) > 1e35 })

    let large = try Spoilt.model("fcn-simple") { name, values in
      if name == "upsampled_final.weight" { for i in values.indices { values[i] = 1e38 } }
      if name == "score_pool3.bias" { for i in values.indices { values[i] = 1e3 } }
    }
    let other = try Session(model: large, options: .init(threads: 2))
    expectError(.notFinite, saying: "the scores are not finite", "layer upsampled_final") {
      try other.run([Spoilt.picture()])
    }
    #expect(other.resultCount == 0)
  }
}
