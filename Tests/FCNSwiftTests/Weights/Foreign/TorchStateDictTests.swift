import FCNTestSupport
import Testing

@testable import FCNSwift

/// Which dictionary of a file is the network's.
struct TorchStateDictTests {
  private typealias Build = PickleBuilder

  private let float = Build.tensor(Build.storage(count: 8), shape: [2], strides: [1])
  private let integer = Build.tensor(
    Build.storage("IntStorage", count: 8), shape: [2], strides: [1])
  private let number = Build.integer(1)

  private func names(_ root: [UInt8]) throws -> [String] {
    try readForeign(Build.torchFile(root)).tensors.map(\.name)
  }

  private func dictionary(_ name: String) -> [UInt8] { Build.dictionary((name, float)) }

  @Test func itIsTheRootOrTheOneDictionaryInItOrTheOneOfAUsualName() throws {
    #expect(try names(Build.dictionary(("a", float), ("i", integer), ("n", number))) == ["a"])
    #expect(try names(Build.dictionary(("n", number), ("x", dictionary("b")))) == ["b"])
    for name in ["model_state_dict", "state_dict", "model", "net", "weights"] {
      let root = Build.dictionary(
        ("ema", dictionary("a")), (name, dictionary("b")), ("loss", float))
      #expect(try names(root) == ["b"])
    }
    #expect(
      try names(
        Build.dictionary(
          ("net", dictionary("a")), ("state_dict", dictionary("b")), ("model", dictionary("c"))))
        == ["b"])
    // One of a usual name that has nothing to read is not it.
    #expect(
      try names(
        Build.dictionary(("model", Build.dictionary(("n", number))), ("x", dictionary("c"))))
        == ["c"])
  }

  @Test func itIsLookedForTwoLevelsDeep() throws {
    let inner = Build.dictionary(("optimizer", dictionary("a")), ("model", dictionary("b")))
    let outer = Build.dictionary(("state", inner))
    #expect(try names(outer) == ["b"])
    #expect(try names(Build.dictionary(("x", Build.dictionary(("y", dictionary("b")))))) == ["b"])
    expectError(.unsupported, saying: "the keys \"z\"") {
      _ = try names(Build.dictionary(("z", outer)))
    }
  }

  /// Weights averaged over a training, for one: which were taken must be told.
  @Test func whatStandsInOtherDictionariesIsTold() throws {
    func besides(_ root: [UInt8]) throws -> [String] {
      try readForeign(Build.torchFile(root)).besides.map(\.name)
    }
    let averaged = Build.dictionary(("state_dict", dictionary("b")))
    #expect(
      try besides(
        Build.dictionary(
          ("model", dictionary("b")), ("model_ema", dictionary("b")), ("ema", averaged),
          ("epoch", number))) == ["model_ema.b", "ema.state_dict.b"])
    #expect(try besides(dictionary("a")) == [])
    #expect(try besides(Build.dictionary(("state_dict", dictionary("a")))) == [])
    let root = Build.dictionary(("model", dictionary("a")), ("ema", dictionary("a")))
    let weights = try readForeign(Build.torchFile(root)).translated()
    #expect(weights.setAside == ["ema.a"])
  }

  @Test func whatHoldsNoneIsDescribed() {
    expectError(.unsupported, saying: "\"generator\", \"critic\"", "save the network's own alone") {
      _ = try names(
        Build.dictionary(("generator", dictionary("a")), ("critic", dictionary("a"))))
    }
    expectError(.unsupported, saying: "without float tensors", "\"n\"") {
      _ = try names(Build.dictionary(("n", integer)))
    }
    for (root, what) in [
      (float, "a single tensor"), (Array("]".utf8), "a list of 0"), (number, "a single value"),
      (Array("N".utf8), "None"), (Build.tuple(float, float), "a tuple of 2"),
      (Build.storage(count: 8), "a storage"),
      (Build.global("collections", "OrderedDict"), "an object of another kind"),
    ] {
      expectError(.unsupported, saying: what, "state_dict()") { _ = try names(root) }
    }
  }

  @Test func aPrefixThatAllShareIsTakenOff() throws {
    #expect(
      try names(Build.dictionary(("module.a", float), ("module.b.c", float), ("n", integer)))
        == ["a", "b.c"])
    #expect(
      try names(Build.dictionary(("module.a", float), ("b", float))) == ["module.a", "b"])
  }

  @Test func whatIsSetTwiceHasItsLaterValueInItsFirstPlace() throws {
    let later = Build.tensor(Build.storage(count: 8), offset: 6, shape: [2], strides: [1])
    let root = Build.dictionary(("a", float), ("b", float), ("a", later))
    let weights = try readForeign(Build.torchFile(root))
    #expect(weights.tensors.map(\.name) == ["a", "b"])
    #expect(weights.tensors.first?.floats == [6, 7])
  }

  @Test func aDictionaryInItselfIsNoTrouble() throws {
    // d = {}; d["self"] = d; d["a"] = tensor
    let body =
      Array("}".utf8) + [0x71, 0] + Array("(".utf8) + Build.text("self") + [0x68, 0]
      + Build.text("a") + float + Array("u".utf8)
    #expect(try names(body) == ["a"])
    expectError(.unsupported, saying: "\"self\"") {
      _ = try names(
        Array("}".utf8) + [0x71, 0] + Array("(".utf8) + Build.text("self") + [0x68, 0]
          + Array("u".utf8))
    }
  }

  /// An object of the class `name` with the attributes in `state`.
  private func object(_ name: String, _ state: [UInt8]) -> [UInt8] {
    Build.global("__main__", name) + Array(")".utf8) + [0x81] + state + Array("b".utf8)
  }

  @Test func aNetworkThatWasSavedAsAWholeIsReadByItsAttributes() throws {
    func module(_ parameters: [UInt8], _ modules: [UInt8]) -> [UInt8] {
      Build.dictionary(
        ("training", [0x88]), ("_parameters", parameters),
        ("_buffers", Build.dictionary(("mean", float), ("count", integer))),
        ("_modules", modules))
    }
    let nothing = Array("}".utf8)
    let layer = object("Layer", module(Build.dictionary(("weight", float)), nothing))
    let network = object("FCN8s", module(nothing, Build.dictionary(("conv", layer))))
    for root in [
      network, Build.dictionary(("epoch", number), ("model", network)),
      Build.dictionary(("x", network), ("loss", object("Loss", nothing))),
    ] {
      #expect(try names(root) == ["mean", "conv.weight", "conv.mean"])
    }
    #expect(try readForeign(Build.torchFile(network)).statedNames == ["FCN8s"])
    expectError(.unsupported, saying: "\"__main__.Empty\"", "save the network's state_dict()") {
      _ = try names(object("Empty", nothing))
    }
  }

  @Test func otherObjectsBesideItDoNotMatter() throws {
    let options = object("Options", Build.dictionary(("arch", Build.text("FCN8s"))))
    let root = Build.dictionary(
      ("state_dict", dictionary("a")), ("args", options),
      ("path", Build.global("pathlib", "PosixPath") + Build.tuple(Build.text("x")) + [0x52]),
      ("kept", Build.global("collections", "deque") + Array(")R(".utf8) + float + Array("e".utf8)))
    let weights = try readForeign(Build.torchFile(root))
    #expect(weights.tensors.map(\.name) == ["a"])
    #expect(weights.statedNames == ["FCN8s"])
    // A dictionary of a kind of its own is one.
    let own =
      Build.global("addict", "Dict") + Array(")".utf8) + [0x81]
      + Array("(".utf8) + Build.text("b") + float + Array("u".utf8)
    #expect(try names(own) == ["b"])
    #expect(try names(Build.dictionary(("x", own))) == ["b"])
  }

  @Test func namesAreLimited() {
    let long = [0x58] + littleEndian(UInt32(1025)) + [UInt8](repeating: 0x61, count: 1025)
    let root = Array("}".utf8) + long + float + Array("s".utf8)
    expectError(.unsupported, saying: "1025 bytes", "1024") { _ = try names(root) }
    let invalid = Array("}".utf8) + [0x8C, 2, 0xC3, 0x28] + float + Array("s".utf8)
    expectError(.corrupt, saying: "UTF-8") { _ = try names(invalid) }
  }
}
