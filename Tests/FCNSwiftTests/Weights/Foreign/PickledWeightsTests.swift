import FCNTestSupport
import Foundation
import Testing

@testable import FCNSwift

/// What Goldens/Pickles/make_pickles.py made: Chainer's models and label maps, pickled as they are.
struct PickledWeightsTests {
  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Goldens/Pickles/\(name)").path
  }

  private static let models = [0, 1, 2].flatMap { protocolNumber in
    ["links-python2", "links-python3", "functions-python2"].map { "\($0)-\(protocolNumber).pkl" }
  }

  private static let arrays: [(name: String, shape: [Int])] = [
    ("conv1_1.weight", [2, 3, 2, 2]), ("conv1_1.bias", [2]), ("bn.weight", [3]), ("bn.bias", [3]),
    ("bn.running_mean", [3]), ("bn.running_var", [3]), ("fc7.weight", [4, 2, 3]), ("fc7.bias", [4]),
  ]

  @Test(arguments: models)
  func aPickledModelsParametersAreFoundByTheirAttributes(file: String) throws {
    let weights = try ForeignWeights(contentsOf: Self.path(file))
    #expect(weights.format == .chainer)
    let found = Dictionary(uniqueKeysWithValues: weights.tensors.map { ($0.name, $0) })
    #expect(found.count == Self.arrays.count)
    for (number, array) in Self.arrays.enumerated() {
      let tensor = try #require(found[array.name], "\(array.name)")
      #expect(tensor.shape == array.shape)
      let wanted = (0..<tensor.count).map { Float((7 * number + $0) % 100) / 4 - 8 }
      #expect(tensor.floats == wanted, "\(array.name)")
    }
    #expect(weights.statedNames.first == (file.hasPrefix("links") ? "MyFCN" : "FunctionSet"))
  }

  private static let labels =
    [0, 1, 2].map { "labels-python2-\($0).pkl" } + [3, 4, 5].map { "labels-\($0).pkl" }
    + ["fortran", "bytes", "big", "floats"].map { "labels-\($0).pkl" }

  @Test(arguments: labels)
  func aPickledLabelMapIsRead(file: String) throws {
    let array = try PickledArray(contentsOf: Self.path(file))
    #expect(array.shape == [3, 4])
    #expect(array.values == (0..<11).map(Int32.init) + [255])
    #expect(PickledArray.recognizes(try File.read(Self.path(file))))
  }

  @Test func anNPYFileIsReadAsLabels() throws {
    let array = try PickledArray(try NPY.bytes([UInt8]([1, 2, 3, 255, 0, 6]), shape: [2, 3]))
    #expect(array.shape == [2, 3])
    #expect(array.values == [1, 2, 3, 255, 0, 6])
    expectError(.invalidArgument, saying: "element 1 is 0.5") {
      _ = try PickledArray(try NPY.bytes([Float]([1, 0.5]), shape: [2]))
    }
    expectError(.unsupported, saying: "something else than one NumPy array") {
      _ = try PickledArray(Array("(lp0\nI1\na.".utf8))
    }
  }

  @Test(arguments: ["links-python2-0.pkl", "links-python3-2.pkl", "functions-python2-1.pkl"])
  func aChangedOrShortenedPickleIsReadOrRefused(file: String) throws {
    let whole = try File.read(Self.path(file))
    for count in stride(from: 0, to: whole.count, by: 23) {
      #expect(try !isReadOrRefused(Array(whole[..<count])))
    }
    var random = SeededGenerator(seed: 5)
    for position in stride(from: 0, to: whole.count, by: 11) {
      var changed = whole
      changed[position] = UInt8(random.integer(in: 0..<256))
      _ = try isReadOrRefused(changed)
      _ = try? PickledArray(changed)
    }
  }
}
