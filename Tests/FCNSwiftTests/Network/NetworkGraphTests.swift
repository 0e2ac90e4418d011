import FCNTestSupport
import Testing

@testable import FCNSwift

/// Networks as text, and back.
struct NetworkGraphTests {
  private static let networks: [(name: String, options: ArchitectureOptions)] =
    Architecture.all.flatMap { architecture in
      [ArchitectureOptions.Choice?.none, .width, .batchNorm, .auxiliaryHead, .denseUpsampling]
        .filter { $0.map(architecture.choices.contains) ?? true }
        .map { choice in
          var options = ArchitectureOptions(classes: 5, width: 0.1)
          switch choice {
          case .width: options.width = 0.03
          case .batchNorm: options.batchNorm = true
          case .auxiliaryHead: options.auxiliaryHead = true
          case .denseUpsampling: options.denseUpsampling = true
          case nil: break
          }
          return (architecture.name, options)
        }
    }

  @Test(arguments: networks)
  func everyArchitectureComesBack(name: String, options: ArchitectureOptions) throws {
    let network = try Architecture.named(name).network(options)
    let graph = try NetworkGraph(network)
    for text in [graph.text, graph.readableText] {
      let read = try NetworkGraph(parsing: text)
      #expect(read.text == graph.text)
      #expect(read == graph)
      #expect(read.classCount == 5)
      #expect(read.network.parameters == network.parameters)
      #expect(read.network.parameters.map(\.rate) == network.parameters.map(\.rate))
      #expect(read.network.stride == network.stride)
      #expect(read.network.auxiliaryScores == network.auxiliaryScores)
      #expect(read.network.layers.map(\.name) == network.layers.map(\.name))
      #expect(read.network.layers.map(\.inputs) == network.layers.map(\.inputs))
      let shape = Shape(2, 3, 5 * network.stride, 7 * network.stride)
      #expect(try read.network.shapes(for: shape) == network.shapes(for: shape))
    }
  }

  @Test func networksThatDifferHaveOtherTexts() throws {
    let texts = try Self.networks.map {
      try NetworkGraph(Architecture.named($0.name).network($0.options)).text
    }
    #expect(Set(texts).count == texts.count)
  }

  @Test func theExampleOfTheDocumentsIsAsItIsPrinted() throws {
    let text = try GraphFixture.example()
    let graph = try NetworkGraph(parsing: text)
    #expect(graph.readableText + "\n" == text)
    #expect(graph.classCount == 3)
    let shapes = try graph.network.shapes(for: Shape(1, 3, 24, 16))
    #expect(shapes.last == Shape(1, 3, 6, 4))
  }

  @Test func fixedSizesAndWindowsWithoutPaddingAreProbedAtSizesThatFit() throws {
    let layers = [
      Layer("conv1", Convolution(4, kernel: 31), [Network.inputName]),
      Layer("score", Convolution(2, kernel: 1), ["conv1"]),
      Layer("resized", Resize(to: .likeSecondInput), ["score", Network.inputName]),
    ]
    let network = try Network(inputChannels: 3, stride: 1, layers: layers)
    #expect(network.parameters.first?.shape == [4, 3, 31, 31])
    #expect(try NetworkGraph(parsing: NetworkGraph(network).text).network.layers.count == 3)
  }

  /// Damaged text is an error or another network, never a trap, and what is read can be written.
  @Test func damagedTextIsAnErrorOrAnotherNetwork() throws {
    let whole = Array(try NetworkGraph(parsing: GraphFixture.example()).text.utf8)
    let pieces = [
      "0", "-1", "65536", "9007199254740993", "1e308", "null", "true", "[]", "{}", "\"\"", "[3,0]",
      "\"input\"", "\"sum\"", "\"softmax\"", "\"max_pool\"", "\"crop\"", "\"scores\"", ",", "\\",
    ]
    var generator = SeededGenerator(seed: 20)
    var (read, refused) = (0, 0)
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0...generator.integer(in: 0..<3) {
        let place = generator.integer(in: 0..<bytes.count)
        let length = generator.integer(in: 0..<5)
        let piece = pieces[generator.integer(in: 0..<pieces.count)]
        switch generator.integer(in: 0..<4) {
        case 0: bytes[place] = UInt8(generator.integer(in: 32..<127))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + length))
        case 2: bytes.insert(contentsOf: piece.utf8, at: place)
        default:
          // A value in place of another.
          guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")),
            let end = bytes[colon...].firstIndex(where: { [0x2C, 0x7D].contains($0) })
          else { continue }
          bytes.replaceSubrange(colon + 1..<end, with: piece.utf8)
        }
      }
      do {
        let graph = try NetworkGraph(parsing: String(decoding: bytes, as: UTF8.self))
        #expect(try NetworkGraph(parsing: graph.text) == graph)
        read += 1
      } catch let error as FCNError {
        #expect(
          [.corrupt, .unsupported, .outOfMemory].contains(error.kind), "\(error.kind): \(error)")
        #expect(!error.message.isEmpty)
        refused += 1
      }
    }
    #expect(read > 5 && refused > 100, "\(read) read, \(refused) refused")
  }

  /// Another number of classes is a matter of the layers that make scores, and of their upsampling.
  @Test func aGraphCanHaveOtherClasses() throws {
    var builder = NetworkBuilder()
    builder.add("conv", Convolution(8, kernel: 3, stride: 2, padding: 1))
    builder.add("score", Convolution(3, kernel: 1, makesScores: true))
    builder.add(
      "up", TransposedConvolution(3, kernel: 4, stride: 2, padding: 1, groups: 3, bias: false))
    let graph = try NetworkGraph(Network(inputChannels: 3, stride: 2, layers: builder.layers))
    let other = try graph.havingClasses(7)
    #expect(other.classCount == 7)
    #expect(
      other.network.parameters.map(\.shape) == [
        [8, 3, 3, 3], [8], [7, 8, 1, 1], [7], [7, 1, 4, 4],
      ])
    #expect(try other.havingClasses(3) == graph)
    // Channels that become pixels are several a class.
    var shuffled = NetworkBuilder()
    shuffled.add("score", Convolution(12, kernel: 1, makesScores: true))
    shuffled.add("pixels", DepthToSpace(block: 2, order: .channelsFirst))
    let three = try NetworkGraph(Network(inputChannels: 3, stride: 1, layers: shuffled.layers))
    #expect(three.classCount == 3)
    let five = try three.havingClasses(5)
    #expect(five.classCount == 5)
    #expect(five.network.parameters.map(\.shape) == [[20, 3, 1, 1], [20]])
    #expect(try five.havingClasses(3) == three)
    expectError(.invalidArgument, saying: "score: 20", "3 classes", "5") {
      try three.checkClasses(5)
    }
    // Scores that a fixed number of channels makes are another matter.
    builder.add("mix", Convolution(3, kernel: 1))
    let mixed = try NetworkGraph(Network(inputChannels: 3, stride: 2, layers: builder.layers))
    #expect(throws: FCNError.self) { _ = try mixed.havingClasses(7) }
  }
}
