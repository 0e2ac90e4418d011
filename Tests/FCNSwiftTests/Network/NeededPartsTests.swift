import Testing

@testable import FCNSwift

/// What of a network is needed, and what it costs to find out.
struct NeededPartsTests {
  private final class Reads {
    var count = 0
  }

  /// Elements, each look at one of which is counted.
  private struct Watched<Element>: RandomAccessCollection {
    let elements: [Element]
    let reads: Reads

    var startIndex: Int { 0 }
    var endIndex: Int { elements.count }

    subscript(index: Int) -> Element {
      reads.count += 1
      return elements[index]
    }
  }

  /// Layers each of which crops by a size that hangs on all sizes before it, and as many sizes again that
  /// no layer takes. A file of 2 MB took 5.6 s where each layer went through all sizes.
  @Test func manyLayersAndSizesTakeWorkInProportion() {
    let (layerCount, perLayer) = (300, 10)
    let sizes = (0..<layerCount * perLayer).flatMap { index in
      [
        index == 0
          ? SizeNode("size0", .shape, [Network.inputName])
          : SizeNode("size\(index)", .binary(.add), ["size\(index - 1)", "size\(index - 1)"]),
        SizeNode("idle\(index)", .shape, [Network.inputName]),
      ]
    }
    let layers = (0..<layerCount).map { index in
      Layer(
        "layer\(index)",
        SizedOperation(
          operation: "crop", settings: [],
          computed: [.init(name: "top", size: "size\(index * perLayer + perLayer - 1)")]),
        [index == 0 ? Network.inputName : "layer\(index - 1)"])
    }
    let idle = Layer("idle", ReLU(), [Network.inputName])
    let (layerReads, sizeReads) = (Reads(), Reads())
    let needed = Network.needed(
      of: Watched(elements: [idle] + layers, reads: layerReads), for: [:],
      Watched(elements: sizes, reads: sizeReads))
    #expect(needed.layers.map(\.name) == layers.map(\.name))
    #expect(needed.sizes.map(\.name) == sizes.map(\.name).filter { $0.hasPrefix("size") })
    #expect(layerReads.count <= 4 * (layerCount + 1), "\(layerReads.count) looks at layers")
    #expect(sizeReads.count <= 4 * sizes.count, "\(sizeReads.count) looks at sizes")
  }
}
